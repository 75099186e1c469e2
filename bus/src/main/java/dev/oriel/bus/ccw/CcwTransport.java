package dev.oriel.bus.ccw;

import dev.oriel.bus.BusTransport;
import dev.oriel.bus.MachineMemory;
import dev.oriel.linux.Errno;
import dev.oriel.linux.LinuxException;
import dev.oriel.virtio.memory.DriverMemory;
import dev.oriel.virtio.queue.DriverQueue;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Optional;
import java.util.function.IntSupplier;

/**
 * The driver end of a virtio device over channel I/O (virtio 1.4, section 4.3). It finds the device as Linux does: by
 * STORE SUBCHANNEL and SENSE ID on each subchannel in turn; then sets the highest revision that the device accepts.
 * Shared memory regions take revision 3, our proposal; on a device that stops at 2 there are none.
 */
public final class CcwTransport extends BusTransport {
    /** Whether used buffer notifications come by classic or by adapter indicators. */
    public enum Notifications {
        CLASSIC,
        ADAPTER
    }

    /** The highest revision that this driver knows. */
    public static final int REVISION_MAX = 3;

    private static final int REVISION_MIN = 1;
    private static final int REVISION_READ_STATUS = 2;
    private static final int REVISION_READ_SHM = 3;

    private static final int SUBCHANNELS_MAX = 0x1_0000;
    private static final int SUBCLASS = 3;
    private static final int CLASSIC_QUEUES_MAX = 64;

    private static final ValueLayout.OfShort BE_SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfLong BE_LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfInt LE_INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /**
     * Memory for commands, which must lie below 2 GiB.
     *
     * <pre>
     *   0      64            512          576             640         648                            4096
     *   | CCW  | payload     | classic    | configuration | summary   | adapter indicators ...       |
     * </pre>
     */
    private static final int CONTROL_SIZE = 4096;

    private static final int PAYLOAD = 64;
    private static final int PAYLOAD_SIZE = 256;
    private static final int CLASSIC = 512;
    private static final int CONFIGURATION = 576;
    private static final int SUMMARY = 640;
    private static final int ADAPTER = 648;
    private static final int ADAPTER_QUEUES_MAX = 1024;

    private final IoInstructions instructions;
    private final int subchannel;
    private final DriverMemory control;
    private final MemorySegment payload;
    private final ChannelIo io;
    private final Notifications notifications;
    private final Runnable adapterHandler = this::handleAdapterInterrupt;
    private int revision;
    /** The status, as far as it is known. Guarded by the I/O. */
    private int written;

    private volatile int queueCount;
    private volatile boolean adapter;

    /** Guarded by this. */
    private boolean released;

    private CcwTransport(
            String name,
            MachineMemory memory,
            IoInstructions instructions,
            int subchannel,
            DriverMemory control,
            Notifications notifications)
            throws LinuxException {
        super(name, memory);
        this.instructions = instructions;
        this.subchannel = subchannel;
        this.control = control;
        this.notifications = notifications;
        payload = control.segment().asSlice(PAYLOAD, PAYLOAD_SIZE);
        io = new ChannelIo(name, instructions, subchannel, control, this::handleIoInterrupt);
    }

    /**
     * Finds the first device of a type that can be used and is not in use, and negotiates features with it.
     *
     * @param memory the machine's, which outlives the transport
     * @param deviceType the type that the driver is for (virtio 1.4, section 5)
     * @param notifications how the device is to notify; adapter indicators fall back to classic ones where the device
     *     has none
     * @param revisionMax the highest revision to try, 1 to {@link #REVISION_MAX}
     * @param wanted features to accept if offered; VERSION_1 is always demanded
     * @throws IOException if there is no such device; the message says why the first that was looked at cannot be used
     */
    public static CcwTransport probe(
            MachineMemory memory,
            IoInstructions instructions,
            int deviceType,
            Notifications notifications,
            int revisionMax,
            long wanted)
            throws IOException {
        IOException first = null;
        MemorySegment schib = MemorySegment.ofArray(new byte[Schib.SIZE]);
        for (int number = 0; number < SUBCHANNELS_MAX; number++) {
            int subchannel = IoInstructions.SUBCHANNEL_0 + number;
            if (instructions.storeSubchannel(subchannel, schib) != IoInstructions.DONE) {
                break;
            }
            int flags = schib.get(ChannelIo.BE_INT, Schib.FLAGS);
            // a subchannel that is enabled has a driver already
            if ((flags & (Schib.DEVICE_NUMBER_VALID | Schib.ENABLED)) != Schib.DEVICE_NUMBER_VALID) {
                continue;
            }
            String name = "the device 0.0.%04x".formatted(flags & Schib.DEVICE_NUMBER_MASK);
            CcwTransport transport = open(name, memory, instructions, subchannel, notifications);
            try {
                if (transport.io.enable(SUBCLASS) && transport.isOfType(deviceType)) {
                    transport.setRevision(Math.clamp(revisionMax, REVISION_MIN, REVISION_MAX));
                    transport.negotiate(wanted);
                    return transport;
                }
                transport.leave();
            } catch (IOException failed) {
                transport.end();
                first = first == null ? failed : first;
            } catch (RuntimeException failed) {
                transport.end();
                throw failed;
            }
        }
        throw first != null
                ? first
                : new IOException("there is no virtio device of type " + deviceType + " on any free subchannel");
    }

    private void end() {
        if (revision == 0) {
            leave();
        } else {
            close();
        }
    }

    private static CcwTransport open(
            String name, MachineMemory memory, IoInstructions instructions, int subchannel, Notifications notifications)
            throws LinuxException {
        DriverMemory control = memory.allocate(CONTROL_SIZE);
        try {
            if (control.guestAddress(CONTROL_SIZE) > Ccw.ADDRESS_END) {
                throw new LinuxException("find memory below 2 GiB for channel programs", Errno.ENOMEM);
            }
            return new CcwTransport(name, memory, instructions, subchannel, control, notifications);
        } catch (LinuxException failed) {
            control.close();
            throw failed;
        }
    }

    /** Whether SENSE ID answers as a virtio control unit of the type; what else is there is left alone. */
    private boolean isOfType(int deviceType) throws IOException {
        payload.fill((byte) 0);
        if (!io.execute(Ccw.SENSE_ID, Ccw.SENSE_ID_SIZE, Ccw.SUPPRESS_LENGTH_INDICATION)) {
            return false;
        }
        return Short.toUnsignedInt(payload.get(BE_SHORT, 1)) == Ccw.CONTROL_UNIT_TYPE
                && Byte.toUnsignedInt(payload.get(ValueLayout.JAVA_BYTE, 3)) == deviceType;
    }

    private void setRevision(int highest) throws IOException {
        for (int wanted = highest; wanted >= REVISION_MIN; wanted--) {
            payload.set(BE_SHORT, 0, (short) wanted);
            payload.set(BE_SHORT, 2, (short) 0);
            if (io.execute(Ccw.SET_VIRTIO_REV, Ccw.REVISION_SIZE, 0)) {
                revision = wanted;
                return;
            }
        }
        throw new IOException(name() + " accepts no revision that is known here; is it a legacy device?");
    }

    /** The revision that both sides use. */
    public int revision() {
        return revision;
    }

    private void demand(int command, int count) throws IOException {
        if (!io.execute(command, count, 0)) {
            throw new IOException(name() + " rejects the command 0x" + Integer.toHexString(command));
        }
    }

    /** With revision 1 there is no way to ask: it is what was written last. */
    @Override
    protected int status() throws IOException {
        synchronized (io) {
            if (revision >= REVISION_READ_STATUS) {
                demand(Ccw.READ_STATUS, 1);
                written = Byte.toUnsignedInt(payload.get(ValueLayout.JAVA_BYTE, 0));
            }
            return written;
        }
    }

    @Override
    protected void status(int value) throws IOException {
        synchronized (io) {
            payload.set(ValueLayout.JAVA_BYTE, 0, (byte) value);
            demand(Ccw.WRITE_STATUS, 1);
            written = value;
        }
    }

    @Override
    protected void reset() throws IOException {
        synchronized (io) {
            demand(Ccw.VDEV_RESET, 0);
            written = 0;
        }
    }

    @Override
    protected int deviceFeatures(int select) throws IOException {
        synchronized (io) {
            payload.set(LE_INT, 0, 0);
            payload.set(ValueLayout.JAVA_BYTE, 4, (byte) select);
            demand(Ccw.READ_FEAT, Ccw.FEATURE_SIZE);
            return payload.get(LE_INT, 0);
        }
    }

    @Override
    protected void driverFeatures(int select, int value) throws IOException {
        synchronized (io) {
            payload.set(LE_INT, 0, value);
            payload.set(ValueLayout.JAVA_BYTE, 4, (byte) select);
            demand(Ccw.WRITE_FEAT, Ccw.FEATURE_SIZE);
        }
    }

    @Override
    protected int queueSizeMax(int queue) throws IOException {
        synchronized (io) {
            payload.set(BE_SHORT, 0, (short) queue);
            payload.set(BE_SHORT, 2, (short) 0);
            demand(Ccw.READ_VQ_CONF, Ccw.VQ_CONF_SIZE);
            return Short.toUnsignedInt(payload.get(BE_SHORT, 2));
        }
    }

    @Override
    protected void setQueue(int queue, int size, long descriptorArea, long driverArea, long deviceArea)
            throws IOException {
        synchronized (io) {
            payload.asSlice(0, Ccw.SET_VQ_SIZE).fill((byte) 0);
            payload.set(BE_LONG, 0, descriptorArea);
            payload.set(BE_SHORT, 12, (short) queue);
            payload.set(BE_SHORT, 14, (short) size);
            payload.set(BE_LONG, 16, driverArea);
            payload.set(BE_LONG, 24, deviceArea);
            demand(Ccw.SET_VQ, Ccw.SET_VQ_SIZE);
        }
    }

    @Override
    protected void setInterrupts(List<DriverQueue> started) throws IOException {
        int count = started.size();
        queueCount = count;
        synchronized (io) {
            adapter = notifications == Notifications.ADAPTER && setAdapterIndicators(count);
            if (!adapter) {
                if (count > CLASSIC_QUEUES_MAX) {
                    throw new IOException(name() + " has no adapter indicators, and " + count
                            + " queues are too many for classic ones");
                }
                payload.set(BE_LONG, 0, control.guestAddress(CLASSIC));
                demand(Ccw.SET_IND, Ccw.INDICATOR_ADDRESS_SIZE);
            }
            payload.set(BE_LONG, 0, control.guestAddress(CONFIGURATION));
            demand(Ccw.SET_CONF_IND, Ccw.INDICATOR_ADDRESS_SIZE);
        }
    }

    /** Whether the device has them: a legacy one may not. */
    private boolean setAdapterIndicators(int count) throws IOException {
        if (count > ADAPTER_QUEUES_MAX) {
            return false;
        }
        payload.set(BE_LONG, 0, control.guestAddress(SUMMARY));
        payload.set(BE_LONG, 8, control.guestAddress(ADAPTER));
        payload.set(BE_LONG, 16, 0);
        payload.set(ValueLayout.JAVA_BYTE, 24, (byte) SUBCLASS);
        instructions.adapterInterrupts(SUBCLASS).addHandler(adapterHandler);
        return io.execute(Ccw.SET_IND_ADAPTER, Ccw.SET_IND_ADAPTER_SIZE, Ccw.SUPPRESS_LENGTH_INDICATION);
    }

    /** Any interrupt of the subchannel: the indicators say whether it is about them. */
    private synchronized void handleIoInterrupt() {
        if (released) {
            return;
        }
        MemorySegment memory = control.segment();
        for (int queue = 0; !adapter && queue < Math.min(queueCount, CLASSIC_QUEUES_MAX); queue++) {
            int bits = Indicators.take(memory, CLASSIC + Indicators.classicByte(queue), Indicators.classicBit(queue));
            if (bits != 0) {
                usedBuffers(queue);
            }
        }
        int changed = Indicators.take(memory, CONFIGURATION + Indicators.classicByte(0), Indicators.classicBit(0));
        if (changed != 0) {
            configurationChanged();
        }
    }

    /** The summary is taken first: what comes after that raises another interrupt (virtio 1.4, section 4.3.3.1.2.2). */
    private synchronized void handleAdapterInterrupt() {
        MemorySegment memory = control.segment();
        if (released || Indicators.take(memory, SUMMARY, 0xff) == 0) {
            return;
        }
        for (int queue = 0; queue < queueCount; queue++) {
            int bits = Indicators.take(memory, ADAPTER + Indicators.adapterByte(queue), Indicators.adapterBit(queue));
            if (bits != 0) {
                usedBuffers(queue);
            }
        }
    }

    @Override
    protected IntSupplier availableBufferNotification(int queue) {
        return new IntSupplier() {
            private volatile long cookie;

            @Override
            public int getAsInt() {
                long answer = instructions.notifyQueue(subchannel, queue, cookie);
                cookie = answer;
                return answer < 0 ? (int) answer : 0;
            }
        };
    }

    /** No command tells: the configuration is read whole, at once. */
    @Override
    protected int configGeneration() {
        return 0;
    }

    @Override
    protected void readConfig(int offset, byte[] destination) throws IOException {
        synchronized (io) {
            payload.fill((byte) 0);
            // the rest of what there is not stays zero
            if (!io.execute(Ccw.READ_CONF, offset + destination.length, Ccw.SUPPRESS_LENGTH_INDICATION)) {
                throw new IOException(name() + " does not let its configuration be read");
            }
            MemorySegment.copy(payload, offset, MemorySegment.ofArray(destination), 0, destination.length);
        }
    }

    @Override
    protected Optional<Location> sharedMemoryLocation(int id) throws IOException {
        if (revision < REVISION_READ_SHM) {
            return Optional.empty();
        }
        synchronized (io) {
            payload.asSlice(0, Ccw.SHM_SIZE).fill((byte) 0);
            payload.set(ValueLayout.JAVA_BYTE, 0, (byte) id);
            demand(Ccw.READ_SHM, Ccw.SHM_SIZE);
            long address = payload.get(BE_LONG, 8);
            long length = payload.get(BE_LONG, 16);
            return length == Ccw.NO_REGION ? Optional.empty() : Optional.of(new Location(address, length));
        }
    }

    @Override
    protected void release() {
        instructions.adapterInterrupts(SUBCLASS).removeHandler(adapterHandler);
        io.disable();
        synchronized (this) {
            // an interrupt that is late must not touch memory that is somebody else's by then
            released = true;
        }
        if (!lost()) {
            control.close();
        }
    }
}
