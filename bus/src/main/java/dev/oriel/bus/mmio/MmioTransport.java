package dev.oriel.bus.mmio;

import static dev.oriel.bus.mmio.MmioRegisters.*;

import dev.oriel.bus.BusTransport;
import dev.oriel.bus.InterruptLine;
import dev.oriel.bus.MachineMemory;
import dev.oriel.linux.LinuxException;
import dev.oriel.virtio.queue.DriverQueue;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.function.IntSupplier;

/**
 * The driver end of a virtio device that is mapped into memory (virtio 1.4, section 4.2). Where its registers are and
 * which interrupt is its own, no bus tells: a machine's description does, which is what {@link #probe} is given.
 */
public final class MmioTransport extends BusTransport {
    private static final int WORD = Integer.BYTES;

    /** The most reads of an interrupt handler: a device that always has a cause must not keep it for ever. */
    private static final int INTERRUPT_ROUNDS = 16;

    private final MmioBus registers;
    private final InterruptLine line;
    private final Runnable handler = this::handleInterrupt;

    private MmioTransport(String name, MachineMemory memory, MmioBus registers, InterruptLine line)
            throws LinuxException {
        super(name, memory);
        this.registers = registers;
        this.line = line;
    }

    /**
     * Finds a device and negotiates features with it.
     *
     * @param name what people call it in messages
     * @param memory the machine's, which outlives the transport
     * @param registers where its registers are
     * @param line its interrupt
     * @param deviceType the type that the driver is for (virtio 1.4, section 5)
     * @param wanted features to accept if offered; VERSION_1 is always demanded
     * @throws IOException if there is no such device, or it cannot be used; the message says why
     */
    public static MmioTransport probe(
            String name, MachineMemory memory, MmioBus registers, InterruptLine line, int deviceType, long wanted)
            throws IOException {
        int magic = registers.read(MAGIC_VALUE, WORD);
        int version = registers.read(VERSION, WORD);
        if (magic != MAGIC || version != VERSION_2) {
            throw new IOException("%s is no virtio device of version 2 (its magic value is 0x%x, its version %d)"
                    .formatted(name, magic, version));
        }
        int type = registers.read(DEVICE_ID, WORD);
        if (type != deviceType) {
            throw new IOException(name + " is a virtio device of type " + type + ", not of type " + deviceType);
        }
        MmioTransport transport = new MmioTransport(name, memory, registers, line);
        try {
            transport.negotiate(wanted);
            return transport;
        } catch (IOException | RuntimeException failed) {
            transport.close();
            throw failed;
        }
    }

    private int read(int register) {
        return registers.read(register, WORD);
    }

    private long read(int low, int high) {
        return Integer.toUnsignedLong(read(low)) | (long) read(high) << 32;
    }

    private void write(int register, int value) {
        registers.write(register, WORD, value);
    }

    private void write(int low, int high, long value) {
        write(low, (int) value);
        write(high, (int) (value >>> 32));
    }

    @Override
    protected int status() {
        return read(STATUS);
    }

    @Override
    protected void status(int value) {
        write(STATUS, value);
    }

    @Override
    protected void reset() {
        write(STATUS, 0);
    }

    @Override
    protected int deviceFeatures(int select) {
        write(DEVICE_FEATURES_SEL, select);
        return read(DEVICE_FEATURES);
    }

    @Override
    protected void driverFeatures(int select, int value) {
        write(DRIVER_FEATURES_SEL, select);
        write(DRIVER_FEATURES, value);
    }

    @Override
    protected int queueSizeMax(int queue) {
        write(QUEUE_SEL, queue);
        return read(QUEUE_SIZE_MAX);
    }

    @Override
    protected void setQueue(int queue, int size, long descriptorArea, long driverArea, long deviceArea)
            throws IOException {
        write(QUEUE_SEL, queue);
        if (read(QUEUE_READY) != 0) {
            throw new IOException(name() + " says that its queue " + queue + " is in use already");
        }
        write(QUEUE_SIZE, size);
        write(QUEUE_DESC_LOW, QUEUE_DESC_HIGH, descriptorArea);
        write(QUEUE_DRIVER_LOW, QUEUE_DRIVER_HIGH, driverArea);
        write(QUEUE_DEVICE_LOW, QUEUE_DEVICE_HIGH, deviceArea);
        write(QUEUE_READY, 1);
    }

    @Override
    protected void setInterrupts(List<DriverQueue> started) {
        line.addHandler(handler);
    }

    private void handleInterrupt() {
        int causes = read(INTERRUPT_STATUS);
        for (int round = 0; causes != 0 && round < INTERRUPT_ROUNDS; round++) {
            write(INTERRUPT_ACK, causes & (USED_BUFFER | CONFIGURATION_CHANGE));
            if ((causes & USED_BUFFER) != 0) {
                usedBuffers();
            }
            if ((causes & CONFIGURATION_CHANGE) != 0) {
                configurationChanged();
            }
            causes = read(INTERRUPT_STATUS);
        }
    }

    @Override
    protected IntSupplier availableBufferNotification(int queue) {
        return () -> {
            write(QUEUE_NOTIFY, queue);
            return 0;
        };
    }

    @Override
    protected int configGeneration() {
        return read(CONFIG_GENERATION);
    }

    /** By bytes: any field may be anywhere. */
    @Override
    protected void readConfig(int offset, byte[] destination) {
        for (int i = 0; i < destination.length; i++) {
            destination[i] = (byte) registers.read(CONFIG + offset + i, 1);
        }
    }

    @Override
    protected Optional<Location> sharedMemoryLocation(int id) {
        write(SHM_SEL, id);
        long length = read(SHM_LEN_LOW, SHM_LEN_HIGH);
        return length == NO_REGION
                ? Optional.empty()
                : Optional.of(new Location(read(SHM_BASE_LOW, SHM_BASE_HIGH), length));
    }

    @Override
    protected void release() {
        line.removeHandler(handler);
    }
}
