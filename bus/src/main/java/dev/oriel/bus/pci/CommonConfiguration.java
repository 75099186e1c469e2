package dev.oriel.bus.pci;

import dev.oriel.bus.BasicFacilities;
import dev.oriel.bus.DeviceQueue;
import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * The common configuration of a virtio device over PCI: the registers by which a driver sets the device and its queues up (virtio 1.4, section
 * 4.1.4.3). Little endian.
 *
 * <pre>
 *   00 device_feature_select   4      16 queue_select        2      28 queue_driver             8
 *   04 device_feature          4      18 queue_size          2      30 queue_device             8
 *   08 driver_feature_select   4      1a queue_msix_vector   2      38 queue_notif_config_data  2
 *   0c driver_feature          4      1c queue_enable        2      3a queue_reset              2
 *   10 config_msix_vector      2      1e queue_notify_off    2
 *   12 num_queues              2      20 queue_desc          8
 *   14 device_status           1
 *   15 config_generation       1
 * </pre>
 *
 * <p>A driver reads and writes each register as a whole, those of 8 bytes also by halves. Any other write changes nothing. For the control
 * thread, but for the vectors.
 */
final class CommonConfiguration {
    /** The length of the registers in bytes. */
    static final int LENGTH = 0x40;

    static final int DEVICE_STATUS = 0x14;

    private static final int DEVICE_FEATURE_SELECT = 0x00;
    private static final int DEVICE_FEATURE = 0x04;
    private static final int DRIVER_FEATURE_SELECT = 0x08;
    private static final int DRIVER_FEATURE = 0x0c;
    private static final int CONFIG_MSIX_VECTOR = 0x10;
    private static final int QUEUE_SELECT = 0x16;
    private static final int QUEUE_SIZE = 0x18;
    private static final int QUEUE_MSIX_VECTOR = 0x1a;
    private static final int QUEUE_ENABLE = 0x1c;
    private static final int QUEUE_DESC = 0x20;
    private static final int QUEUE_DRIVER = 0x28;
    private static final int QUEUE_DEVICE = 0x30;

    private static final int NO_VECTOR = MessageSignalledInterrupts.NO_VECTOR;

    private final BasicFacilities facilities;
    private final int vectors;

    private int deviceFeatureSelect;
    private int driverFeatureSelect;
    private int queueSelect;

    /** The vectors of the queues and, last, of configuration changes. Any thread. */
    private final AtomicIntegerArray vectorOf;

    /** @param vectors how many there are */
    CommonConfiguration(BasicFacilities facilities, int queues, int vectors) {
        this.facilities = facilities;
        this.vectors = vectors;
        vectorOf = new AtomicIntegerArray(queues + 1);
        forget();
    }

    /** The device was reset. */
    void forget() {
        deviceFeatureSelect = 0;
        driverFeatureSelect = 0;
        queueSelect = 0;
        for (int i = 0; i < vectorOf.length(); i++) {
            vectorOf.set(i, NO_VECTOR);
        }
    }

    /** The vector that a queue interrupts by. Any thread. */
    int vectorOf(int queue) {
        return vectorOf.get(queue);
    }

    /** The vector for configuration changes. Any thread. */
    int configurationVector() {
        return vectorOf.get(vectorOf.length() - 1);
    }

    /** Reads 4 bytes. */
    int read(int offset) {
        DeviceQueue queue = facilities.queue(queueSelect);
        return switch (offset) {
            case DEVICE_FEATURE_SELECT -> deviceFeatureSelect;
            case DEVICE_FEATURE -> facilities.offeredFeatures(deviceFeatureSelect);
            case DRIVER_FEATURE_SELECT -> driverFeatureSelect;
            case DRIVER_FEATURE -> facilities.driverFeatures(driverFeatureSelect);
            case CONFIG_MSIX_VECTOR -> pair(configurationVector(), facilities.queueCount());
            case DEVICE_STATUS -> pair(facilities.status() | facilities.configGeneration() << Byte.SIZE, queueSelect);
            case QUEUE_SIZE -> queue == null ? pair(0, NO_VECTOR) : pair(queue.size(), vectorOf(queueSelect));
            // the second half is queue_notify_off
            case QUEUE_ENABLE -> queue == null ? 0 : pair(queue.enabled() ? 1 : 0, queueSelect);
            case QUEUE_DESC -> queue == null ? 0 : (int) queue.descriptorArea();
            case QUEUE_DESC + 4 -> queue == null ? 0 : (int) (queue.descriptorArea() >>> Integer.SIZE);
            case QUEUE_DRIVER -> queue == null ? 0 : (int) queue.driverArea();
            case QUEUE_DRIVER + 4 -> queue == null ? 0 : (int) (queue.driverArea() >>> Integer.SIZE);
            case QUEUE_DEVICE -> queue == null ? 0 : (int) queue.deviceArea();
            case QUEUE_DEVICE + 4 -> queue == null ? 0 : (int) (queue.deviceArea() >>> Integer.SIZE);
            default -> 0;
        };
    }

    private static int pair(int low, int high) {
        return low | high << Short.SIZE;
    }

    /**
     * Writes a register; not the status.
     *
     * @param size of the access in bytes: 1, 2 or 4
     */
    void write(int offset, int size, int value) {
        if (size == Integer.BYTES) {
            writeWord(offset, value);
        } else if (size == Short.BYTES) {
            writeShort(offset, value & 0xffff);
        }
    }

    private void writeWord(int offset, int value) {
        switch (offset) {
            case DEVICE_FEATURE_SELECT -> deviceFeatureSelect = value;
            case DRIVER_FEATURE_SELECT -> driverFeatureSelect = value;
            case DRIVER_FEATURE -> facilities.driverFeatures(driverFeatureSelect, value);
            default -> {
                DeviceQueue queue = facilities.queue(queueSelect);
                if (queue != null) {
                    writeArea(queue, offset, value);
                }
            }
        }
    }

    private static void writeArea(DeviceQueue queue, int offset, int value) {
        switch (offset) {
            case QUEUE_DESC -> queue.descriptorArea(DeviceQueue.withLow(queue.descriptorArea(), value));
            case QUEUE_DESC + 4 -> queue.descriptorArea(DeviceQueue.withHigh(queue.descriptorArea(), value));
            case QUEUE_DRIVER -> queue.driverArea(DeviceQueue.withLow(queue.driverArea(), value));
            case QUEUE_DRIVER + 4 -> queue.driverArea(DeviceQueue.withHigh(queue.driverArea(), value));
            case QUEUE_DEVICE -> queue.deviceArea(DeviceQueue.withLow(queue.deviceArea(), value));
            case QUEUE_DEVICE + 4 -> queue.deviceArea(DeviceQueue.withHigh(queue.deviceArea(), value));
            default -> {}
        }
    }

    private void writeShort(int offset, int value) {
        if (offset == CONFIG_MSIX_VECTOR) {
            vectorOf.set(vectorOf.length() - 1, possible(value));
            return;
        }
        if (offset == QUEUE_SELECT) {
            queueSelect = value;
            return;
        }
        DeviceQueue queue = facilities.queue(queueSelect);
        if (queue != null) {
            writeQueue(queue, offset, value);
        }
    }

    private void writeQueue(DeviceQueue queue, int offset, int value) {
        switch (offset) {
            case QUEUE_SIZE -> queue.size(value);
            case QUEUE_MSIX_VECTOR -> vectorOf.set(queueSelect, possible(value));
            case QUEUE_ENABLE -> {
                // the driver never writes 0 (virtio 1.4, section 4.1.4.3.2)
                if (value == 1) {
                    facilities.enable(queue);
                }
            }
            default -> {}
        }
    }

    /** A vector that does not exist reads back as none, by which the driver sees that it cannot have it. */
    private int possible(int vector) {
        return vector < vectors ? vector : NO_VECTOR;
    }
}
