package dev.oriel.bus.pci;

import dev.oriel.bus.BasicFacilities;
import dev.oriel.bus.DeviceQueue;
import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * The common configuration of a virtio device over PCI: the registers by which a driver sets the device and its queues
 * up (virtio 1.4, section 4.1.4.3; {@link PciRegisters}). Little endian.
 *
 * <p>A driver reads and writes each register as a whole, those of 8 bytes also by halves. Any other write changes
 * nothing. For the control thread, but for the vectors.
 */
final class CommonConfiguration {

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
            vectorOf.set(i, PciRegisters.NO_VECTOR);
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
            case PciRegisters.DEVICE_FEATURE_SELECT -> deviceFeatureSelect;
            case PciRegisters.DEVICE_FEATURE -> facilities.offeredFeatures(deviceFeatureSelect);
            case PciRegisters.DRIVER_FEATURE_SELECT -> driverFeatureSelect;
            case PciRegisters.DRIVER_FEATURE -> facilities.driverFeatures(driverFeatureSelect);
            case PciRegisters.CONFIG_MSIX_VECTOR -> pair(configurationVector(), facilities.queueCount());
            case PciRegisters.DEVICE_STATUS ->
                pair(facilities.status() | facilities.configGeneration() << Byte.SIZE, queueSelect);
            case PciRegisters.QUEUE_SIZE ->
                queue == null ? pair(0, PciRegisters.NO_VECTOR) : pair(queue.size(), vectorOf(queueSelect));
            // the second half is queue_notify_off
            case PciRegisters.QUEUE_ENABLE -> queue == null ? 0 : pair(queue.enabled() ? 1 : 0, queueSelect);
            case PciRegisters.QUEUE_DESC -> queue == null ? 0 : (int) queue.descriptorArea();
            case PciRegisters.QUEUE_DESC + 4 -> queue == null ? 0 : (int) (queue.descriptorArea() >>> Integer.SIZE);
            case PciRegisters.QUEUE_DRIVER -> queue == null ? 0 : (int) queue.driverArea();
            case PciRegisters.QUEUE_DRIVER + 4 -> queue == null ? 0 : (int) (queue.driverArea() >>> Integer.SIZE);
            case PciRegisters.QUEUE_DEVICE -> queue == null ? 0 : (int) queue.deviceArea();
            case PciRegisters.QUEUE_DEVICE + 4 -> queue == null ? 0 : (int) (queue.deviceArea() >>> Integer.SIZE);
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
            case PciRegisters.DEVICE_FEATURE_SELECT -> deviceFeatureSelect = value;
            case PciRegisters.DRIVER_FEATURE_SELECT -> driverFeatureSelect = value;
            case PciRegisters.DRIVER_FEATURE -> facilities.driverFeatures(driverFeatureSelect, value);
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
            case PciRegisters.QUEUE_DESC -> queue.descriptorArea(DeviceQueue.withLow(queue.descriptorArea(), value));
            case PciRegisters.QUEUE_DESC + 4 ->
                queue.descriptorArea(DeviceQueue.withHigh(queue.descriptorArea(), value));
            case PciRegisters.QUEUE_DRIVER -> queue.driverArea(DeviceQueue.withLow(queue.driverArea(), value));
            case PciRegisters.QUEUE_DRIVER + 4 -> queue.driverArea(DeviceQueue.withHigh(queue.driverArea(), value));
            case PciRegisters.QUEUE_DEVICE -> queue.deviceArea(DeviceQueue.withLow(queue.deviceArea(), value));
            case PciRegisters.QUEUE_DEVICE + 4 -> queue.deviceArea(DeviceQueue.withHigh(queue.deviceArea(), value));
            default -> {}
        }
    }

    private void writeShort(int offset, int value) {
        if (offset == PciRegisters.CONFIG_MSIX_VECTOR) {
            vectorOf.set(vectorOf.length() - 1, possible(value));
            return;
        }
        if (offset == PciRegisters.QUEUE_SELECT) {
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
            case PciRegisters.QUEUE_SIZE -> queue.size(value);
            case PciRegisters.QUEUE_MSIX_VECTOR -> vectorOf.set(queueSelect, possible(value));
            case PciRegisters.QUEUE_ENABLE -> {
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
        return vector < vectors ? vector : PciRegisters.NO_VECTOR;
    }
}
