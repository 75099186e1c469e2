package dev.oriel.bus.pci;

import dev.oriel.bus.BusTransport;
import dev.oriel.bus.MachineMemory;
import dev.oriel.linux.Descriptor;
import dev.oriel.linux.EventDescriptor;
import dev.oriel.linux.FileCalls;
import dev.oriel.linux.LinuxException;
import dev.oriel.virtio.queue.DriverQueue;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.function.IntSupplier;

/**
 * The driver end of a virtio device over PCI (virtio 1.4, section 4.1), as Linux has it: it finds the function by
 * vendor and device, its registers by the capability list, and has an MSI-X vector for each queue and one for
 * configuration changes, or one for all of them.
 *
 * <p>A shared memory region is in a BAR. On a bus whose memory is not RAM to the processor there is none, whatever the
 * function says.
 */
public final class PciTransport extends BusTransport {

    /** No status has all bits: this is what is read where no BAR is, or no function any more. */
    private static final int NOTHING_THERE = 0xff;

    /** Where the platform takes messages; the data are the vector's. */
    private static final int MESSAGE_ADDRESS = 0xfee0_0000;

    private final PciBus bus;
    private final int function;
    private final PciCapabilities capabilities;
    private final long common;
    private final long notify;
    private final EventDescriptor configuration;
    private final Thread configurationThread =
            Thread.ofPlatform().daemon().name("oriel-pci-configuration").unstarted(this::awaitConfigurationChanges);
    private volatile boolean released;
    private boolean shared;
    private int vectors;

    private PciTransport(
            String name,
            MachineMemory memory,
            PciBus bus,
            int function,
            PciCapabilities capabilities,
            long common,
            long notify,
            EventDescriptor configuration)
            throws LinuxException {
        super(name, memory);
        this.bus = bus;
        this.function = function;
        this.capabilities = capabilities;
        this.common = common;
        this.notify = notify;
        this.configuration = configuration;
    }

    /**
     * Finds the first function of a type that can be used and is not in use, and negotiates features with it.
     *
     * @param memory the machine's, which outlives the transport
     * @param deviceType the type that the driver is for (virtio 1.4, section 5)
     * @param wanted features to accept if offered; VERSION_1 is always demanded
     * @throws IOException if there is no such function; the message says why the first of the type cannot be used
     */
    public static PciTransport probe(MachineMemory memory, PciBus bus, int deviceType, long wanted) throws IOException {
        IOException first = null;
        for (int function = 0; function < bus.functions(); function++) {
            int id = bus.readConfig(function, PciRegisters.VENDOR_ID, Integer.BYTES);
            if ((id & 0xffff) == PciRegisters.VIRTIO_VENDOR
                    && id >>> Short.SIZE == PciRegisters.VIRTIO_DEVICE + deviceType) {
                try {
                    return probeFunction(memory, bus, function, wanted);
                } catch (IOException failed) {
                    first = first == null ? failed : first;
                }
            }
        }
        throw first != null
                ? first
                : new IOException("there is no virtio device of type " + deviceType + " on the PCI bus");
    }

    private static PciTransport probeFunction(MachineMemory memory, PciBus bus, int function, long wanted)
            throws IOException {
        String name = "PCI function " + function;
        PciTransport transport = open(name, memory, bus, function);
        try {
            if (transport.status() != 0) {
                throw new IOException(name + " is in use, or was never reset");
            }
        } catch (IOException failed) {
            transport.leave();
            throw failed;
        }
        try {
            transport.negotiate(wanted);
            return transport;
        } catch (IOException | RuntimeException failed) {
            transport.close();
            throw failed;
        }
    }

    private static PciTransport open(String name, MachineMemory memory, PciBus bus, int function) throws IOException {
        PciCapabilities capabilities = PciCapabilities.read(name, bus, function);
        long common = capabilities.address(PciRegisters.COMMON_CFG, PciRegisters.COMMON_SIZE_MIN);
        long notify = capabilities.address(PciRegisters.NOTIFY_CFG, Short.BYTES);
        EventDescriptor configuration = EventDescriptor.create(EventDescriptor.EFD_NONBLOCK);
        try {
            return new PciTransport(name, memory, bus, function, capabilities, common, notify, configuration);
        } catch (LinuxException failed) {
            configuration.close();
            throw failed;
        }
    }

    private int read(int register, int size) {
        return bus.read(common + register, size);
    }

    private void write(int register, int size, int value) {
        bus.write(common + register, size, value);
    }

    private void writeAddress(int register, long address) {
        write(register, Integer.BYTES, (int) address);
        write(register + Integer.BYTES, Integer.BYTES, (int) (address >>> Integer.SIZE));
    }

    @Override
    protected int status() throws IOException {
        int status = read(PciRegisters.DEVICE_STATUS, 1) & 0xff;
        if (status == NOTHING_THERE) {
            throw new IOException(name() + " does not answer: its registers read as ones");
        }
        return status;
    }

    @Override
    protected void status(int value) {
        write(PciRegisters.DEVICE_STATUS, 1, value);
    }

    @Override
    protected void reset() {
        write(PciRegisters.DEVICE_STATUS, 1, 0);
    }

    @Override
    protected int deviceFeatures(int select) {
        write(PciRegisters.DEVICE_FEATURE_SELECT, Integer.BYTES, select);
        return read(PciRegisters.DEVICE_FEATURE, Integer.BYTES);
    }

    @Override
    protected void driverFeatures(int select, int value) {
        write(PciRegisters.DRIVER_FEATURE_SELECT, Integer.BYTES, select);
        write(PciRegisters.DRIVER_FEATURE, Integer.BYTES, value);
    }

    @Override
    protected int queueSizeMax(int queue) {
        if (queue >= (read(PciRegisters.NUM_QUEUES, Short.BYTES) & 0xffff)) {
            return 0;
        }
        write(PciRegisters.QUEUE_SELECT, Short.BYTES, queue);
        return read(PciRegisters.QUEUE_SIZE, Short.BYTES) & 0xffff;
    }

    /**
     * Vector 0 is for configuration changes, the next ones are for the queues, whose eventfds the platform signals
     * itself. A function that has too few for that, as some of QEMU have, interrupts by vector 0 only.
     */
    @Override
    protected void setInterrupts(List<DriverQueue> started) throws IOException {
        if (capabilities.msixVectors() == 0) {
            throw new IOException(name() + " has no MSI-X vectors");
        }
        shared = capabilities.msixVectors() < started.size() + 1;
        vectors = shared ? 1 : started.size() + 1;
        attach(0, configuration.number());
        for (int vector = 1; vector < vectors; vector++) {
            attach(vector, started.get(vector - 1).call().number());
        }
        capabilities.enableMsix();
        use(PciRegisters.CONFIG_MSIX_VECTOR, 0);
        configurationThread.start();
    }

    private void attach(int vector, int eventfd) throws IOException {
        int copy = LinuxException.check(FileCalls.dup(eventfd), "duplicate an eventfd");
        bus.attach(function, vector, new Descriptor(copy));
        long entry = capabilities.msixTable() + (long) vector * PciRegisters.ENTRY_SIZE;
        bus.write(entry + PciRegisters.ENTRY_ADDRESS, Integer.BYTES, MESSAGE_ADDRESS);
        bus.write(entry + PciRegisters.ENTRY_ADDRESS_HIGH, Integer.BYTES, 0);
        bus.write(entry + PciRegisters.ENTRY_DATA, Integer.BYTES, vector);
        bus.write(entry + PciRegisters.ENTRY_CONTROL, Integer.BYTES, 0);
    }

    /** A function that has no room for a vector says so by the value that is read back (section 4.1.5.1.2). */
    private void use(int register, int vector) throws IOException {
        write(register, Short.BYTES, vector);
        int answered = read(register, Short.BYTES) & 0xffff;
        if (answered != vector) {
            throw new IOException("%s does not take MSI-X vector %d (it answers 0x%x%s)"
                    .formatted(name(), vector, answered, answered == PciRegisters.NO_VECTOR ? ", none" : ""));
        }
    }

    private void awaitConfigurationChanges() {
        while (!released) {
            if (configuration.await() > 0 && !released) {
                if (shared) {
                    usedBuffers();
                }
                lookAtStatus();
            }
        }
    }

    @Override
    protected void setQueue(int queue, int size, long descriptorArea, long driverArea, long deviceArea)
            throws IOException {
        write(PciRegisters.QUEUE_SELECT, Short.BYTES, queue);
        if ((read(PciRegisters.QUEUE_ENABLE, Short.BYTES) & 0xffff) != 0) {
            throw new IOException(name() + " says that its queue " + queue + " is in use already");
        }
        write(PciRegisters.QUEUE_SIZE, Short.BYTES, size);
        writeAddress(PciRegisters.QUEUE_DESC, descriptorArea);
        writeAddress(PciRegisters.QUEUE_DRIVER, driverArea);
        writeAddress(PciRegisters.QUEUE_DEVICE, deviceArea);
        use(PciRegisters.QUEUE_MSIX_VECTOR, shared ? 0 : queue + 1);
        write(PciRegisters.QUEUE_ENABLE, Short.BYTES, 1);
    }

    @Override
    protected IntSupplier availableBufferNotification(int queue) throws IOException {
        write(PciRegisters.QUEUE_SELECT, Short.BYTES, queue);
        long offset =
                (long) (read(PciRegisters.QUEUE_NOTIFY_OFF, Short.BYTES) & 0xffff) * capabilities.notifyMultiplier();
        if (offset > capabilities.length(PciRegisters.NOTIFY_CFG) - Short.BYTES) {
            throw new IOException("%s has the notification of queue %d at 0x%x, behind the end of its part of the BAR"
                    .formatted(name(), queue, offset));
        }
        long address = notify + offset;
        return () -> {
            bus.write(address, Short.BYTES, queue);
            return 0;
        };
    }

    @Override
    protected int configGeneration() {
        return read(PciRegisters.CONFIG_GENERATION, 1) & 0xff;
    }

    @Override
    protected void readConfig(int offset, byte[] destination) throws IOException {
        long device = capabilities.address(PciRegisters.DEVICE_CFG, 1);
        for (int i = 0; i < destination.length; i++) {
            destination[i] = (byte) bus.read(device + offset + i, 1);
        }
    }

    @Override
    protected Optional<Location> sharedMemoryLocation(int id) throws IOException {
        return bus.memoryIsRam() ? capabilities.sharedMemory(id) : Optional.empty();
    }

    @Override
    protected void release() {
        for (int vector = 0; vector < vectors; vector++) {
            bus.detach(function, vector);
        }
        released = true;
        if (configurationThread.isAlive()) {
            int _ = configuration.signal();
            join();
        }
        configuration.close();
    }

    private void join() {
        boolean interrupted = false;
        while (configurationThread.isAlive()) {
            try {
                configurationThread.join();
            } catch (InterruptedException later) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
