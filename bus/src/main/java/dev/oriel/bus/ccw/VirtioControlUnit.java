package dev.oriel.bus.ccw;

import dev.oriel.bus.BasicFacilities;
import dev.oriel.bus.DeviceQueue;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.function.Predicate;

/**
 * The commands of a virtio control unit (virtio 1.4, section 4.3.2). Payloads are big endian, but for feature bits.
 *
 * <p>Revisions 1 and 2 are the specification's. Revision 0 is that of legacy drivers, which a device that is none must
 * reject. Revision 3 is our proposal: READ_SHM tells where a shared memory region is (docs/ccw-shared-memory.md).
 */
final class VirtioControlUnit implements ControlUnit {
    private static final int REVISION_UNSET = -1;
    private static final int REVISION_MIN = 1;
    private static final int REVISION_READ_STATUS = 2;
    private static final int REVISION_READ_SHM = 3;

    private static final ValueLayout.OfShort BE_SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfLong BE_LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfInt LE_INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final BasicFacilities facilities;
    private final DeviceIndicators indicators;
    private final long regionAddress;
    private final MemorySegment bytes = MemorySegment.ofArray(new byte[Ccw.SENSE_ID_SIZE]);

    private int revision = REVISION_UNSET;
    private int sense;

    /** @param regionAddress where the guest has shared memory region 0, if there is one */
    VirtioControlUnit(BasicFacilities facilities, DeviceIndicators indicators, long regionAddress) {
        this.facilities = facilities;
        this.indicators = indicators;
        this.regionAddress = regionAddress;
    }

    @Override
    public void enabled() {
        revision = REVISION_UNSET;
    }

    @Override
    public void sense(int first) {
        sense = first;
    }

    @Override
    public void execute(int command, ChannelData data) {
        switch (command) {
            case Ccw.NO_OPERATION -> data.none();
            case Ccw.BASIC_SENSE -> {
                MemorySegment answer = zeros(Irb.SENSE_SIZE);
                answer.set(ValueLayout.JAVA_BYTE, 0, (byte) sense);
                sense = 0;
                data.store(answer, 1);
            }
            case Ccw.SENSE_ID -> {
                MemorySegment answer = zeros(Ccw.SENSE_ID_SIZE);
                answer.set(ValueLayout.JAVA_BYTE, 0, (byte) 0xff);
                answer.set(BE_SHORT, 1, (short) Ccw.CONTROL_UNIT_TYPE);
                answer.set(ValueLayout.JAVA_BYTE, 3, (byte) facilities.deviceId());
                data.store(answer, Ccw.SENSE_ID_MIN_SIZE);
            }
            case Ccw.SET_VIRTIO_REV -> setRevision(data);
            default -> {
                if (revision == REVISION_UNSET) {
                    // a legacy driver, or one that did not look
                    data.reject();
                } else {
                    executeVirtio(command, data);
                }
            }
        }
    }

    private MemorySegment zeros(int size) {
        return bytes.asSlice(0, size).fill((byte) 0);
    }

    private void setRevision(ChannelData data) {
        MemorySegment wanted = data.fetch(Ccw.REVISION_SIZE);
        if (wanted == null) {
            return;
        }
        int number = Short.toUnsignedInt(wanted.get(BE_SHORT, 0));
        int length = Short.toUnsignedInt(wanted.get(BE_SHORT, 2));
        if (revision != REVISION_UNSET || number < REVISION_MIN || number > REVISION_READ_SHM || length != 0) {
            data.reject();
        } else {
            revision = number;
        }
    }

    private void executeVirtio(int command, ChannelData data) {
        switch (command) {
            case Ccw.VDEV_RESET -> {
                data.none();
                facilities.reset();
            }
            case Ccw.READ_FEAT -> readFeatures(data);
            case Ccw.WRITE_FEAT -> writeFeatures(data);
            case Ccw.READ_CONF -> readConfig(data);
            // that of a file system is read-only; a driver that writes it all the same does no harm
            case Ccw.WRITE_CONF -> data.ignore();
            case Ccw.WRITE_STATUS -> writeStatus(data);
            case Ccw.READ_STATUS -> readStatus(data);
            case Ccw.READ_VQ_CONF -> readQueueConfig(data);
            case Ccw.SET_VQ -> setQueue(data);
            case Ccw.SET_IND -> setIndicators(data, Ccw.INDICATOR_ADDRESS_SIZE, indicators::setClassic);
            case Ccw.SET_CONF_IND -> setIndicators(data, Ccw.INDICATOR_ADDRESS_SIZE, indicators::setConfiguration);
            case Ccw.SET_IND_ADAPTER -> setIndicators(data, Ccw.SET_IND_ADAPTER_SIZE, indicators::setAdapter);
            case Ccw.READ_SHM -> readSharedMemory(data);
            default -> data.reject();
        }
    }

    /** { le32 features, u8 index }: the index comes in, the bits go out into the same place. */
    private void readFeatures(ChannelData data) {
        MemorySegment asked = data.fetch(Ccw.FEATURE_SIZE);
        if (asked != null) {
            int index = Byte.toUnsignedInt(asked.get(ValueLayout.JAVA_BYTE, 4));
            asked.set(LE_INT, 0, facilities.offeredFeatures(index));
            data.store(asked, Ccw.FEATURE_SIZE);
        }
    }

    private void writeFeatures(ChannelData data) {
        MemorySegment accepted = data.fetch(Ccw.FEATURE_SIZE);
        if (accepted != null) {
            facilities.driverFeatures(
                    Byte.toUnsignedInt(accepted.get(ValueLayout.JAVA_BYTE, 4)), accepted.get(LE_INT, 0));
        }
    }

    /**
     * As much as the driver has room for: Linux asks for what it needs, and does not suppress the indication of length.
     */
    private void readConfig(ChannelData data) {
        MemorySegment answer = zeros(Math.min(facilities.configSize(), Ccw.SENSE_ID_SIZE));
        facilities.readConfig(0, answer);
        data.store(answer, 0);
    }

    private void writeStatus(ChannelData data) {
        MemorySegment status = data.fetch(1);
        if (status != null && !facilities.status(Byte.toUnsignedInt(status.get(ValueLayout.JAVA_BYTE, 0)))) {
            data.reject();
        }
    }

    private void readStatus(ChannelData data) {
        if (revision < REVISION_READ_STATUS) {
            data.reject();
            return;
        }
        MemorySegment answer = zeros(1);
        answer.set(ValueLayout.JAVA_BYTE, 0, (byte) facilities.status());
        data.store(answer, 1);
    }

    /** { be16 index, be16 max_queue_size }. A queue that does not exist has size 0. */
    private void readQueueConfig(ChannelData data) {
        MemorySegment asked = data.fetch(Ccw.VQ_CONF_SIZE);
        if (asked != null) {
            DeviceQueue queue = facilities.queue(Short.toUnsignedInt(asked.get(BE_SHORT, 0)));
            asked.set(BE_SHORT, 2, (short) (queue == null ? 0 : queue.maxSize()));
            data.store(asked, Ccw.VQ_CONF_SIZE);
        }
    }

    /** { be64 desc, be32 res0, be16 index, be16 size, be64 driver, be64 device }. A size of 0 takes the queue back. */
    private void setQueue(ChannelData data) {
        MemorySegment asked = data.fetch(Ccw.SET_VQ_SIZE);
        if (asked == null) {
            return;
        }
        DeviceQueue queue = facilities.queue(Short.toUnsignedInt(asked.get(BE_SHORT, 12)));
        int size = Short.toUnsignedInt(asked.get(BE_SHORT, 14));
        if (queue == null || size > queue.maxSize() || (queue.enabled() && size != 0)) {
            data.reject();
        } else if (size == 0) {
            queue.reset();
        } else {
            queue.size(size);
            queue.descriptorArea(asked.get(BE_LONG, 0));
            queue.driverArea(asked.get(BE_LONG, 16));
            queue.deviceArea(asked.get(BE_LONG, 24));
            facilities.enable(queue);
        }
    }

    private static void setIndicators(ChannelData data, int size, Predicate<MemorySegment> setting) {
        MemorySegment asked = data.fetch(size);
        if (asked != null && !setting.test(asked)) {
            data.reject();
        }
    }

    /**
     * { u8 shmid, u8 reserved[7], be64 addr, be64 len }: the id comes in, address and length go out into the same
     * place.
     */
    private void readSharedMemory(ChannelData data) {
        if (revision < REVISION_READ_SHM) {
            data.reject();
            return;
        }
        MemorySegment asked = data.fetch(Ccw.SHM_SIZE);
        if (asked != null) {
            long length = facilities.sharedMemoryRegionLength(Byte.toUnsignedInt(asked.get(ValueLayout.JAVA_BYTE, 0)));
            asked.set(BE_LONG, 8, length == 0 ? Ccw.NO_REGION : regionAddress);
            asked.set(BE_LONG, 16, length == 0 ? Ccw.NO_REGION : length);
            data.store(asked, Ccw.SHM_SIZE);
        }
    }
}
