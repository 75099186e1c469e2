package dev.oriel.bus.pci;

import dev.oriel.bus.BasicFacilities;
import dev.oriel.bus.BusAttachment;
import dev.oriel.bus.DeviceStatus;
import dev.oriel.linux.Descriptor;
import dev.oriel.linux.LinuxException;
import dev.oriel.linux.Teardown;
import dev.oriel.virtio.VirtioDevice;
import dev.oriel.virtio.memory.GuestMemoryTable;
import dev.oriel.virtio.memory.RegionMemory;
import dev.oriel.virtio.memory.SharedMemoryRegion;
import dev.oriel.virtio.queue.Polling;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * The device end of a virtio device over PCI: one function, with its configuration space, BARs and MSI-X vectors
 * (virtio 1.4, section 4.1). It answers accesses; which addresses of which bus they come from is known by whoever
 * passes them on, a VMM or a bus of this process.
 *
 * <p>There is a vector for each queue and one for configuration changes, and no interrupt line. Where registers and
 * capabilities are, see {@link PciLayout}.
 *
 * <p>An access never waits for the device. A reset that must wait for requests in flight goes on in a thread of its
 * own: until it is over the status does not read as 0, which is how a driver knows (section 4.1.4.3.2), and nothing
 * else can be written.
 *
 * <p>Accesses come from one control thread at a time; {@link #notify(int)}, {@link #interrupt} and {@link #needsReset}
 * from any.
 */
public final class PciFunction implements AutoCloseable {
    /** The size of the configuration space in bytes. */
    public static final int CONFIG_SIZE = PciRegisters.SPACE_SIZE;

    /** How many BARs a function can have. */
    public static final int BARS = PciRegisters.BARS;

    /** The address of a BAR that has none. */
    public static final long NOWHERE = -1;

    /** In place of a queue's number: a write that is no notification. */
    public static final int NOTIFIES_NONE = -1;

    private final @Nullable SharedMemoryRegion region;
    private final ConfigurationSpace configuration;
    private final int msixControl;
    private final PciAccess access;
    private final MessageSignalledInterrupts interrupts;
    private final BasicFacilities facilities;
    private final CommonConfiguration common;
    private final Registers registers;
    private final DeviceReset deviceReset;
    private final IsrStatus isr = new IsrStatus();

    /**
     * A function that was reset.
     *
     * @param name what the log calls it
     * @param device owned by the caller
     * @param memory the memory that DMA reaches, owned by the caller, who closes it after this
     * @param maxQueueSize the most descriptors that a ring may have, a power of two
     * @param busFeatures feature bits of the bus to offer, of {@link dev.oriel.bus.BusFeatures}
     * @param region shared memory region 0, which becomes BAR 2, owned by the caller; its length is a power of two.
     *     Null if the device has none, or the guest cannot use the memory of this bus as its own
     * @throws LinuxException if there are no file descriptors left
     */
    public PciFunction(
            String name,
            VirtioDevice device,
            GuestMemoryTable memory,
            int maxQueueSize,
            long busFeatures,
            @Nullable SharedMemoryRegion region)
            throws LinuxException {
        this.region = region;
        int queues = device.queueCount();
        PciLayout layout =
                new PciLayout(device.deviceId(), device.configSize(), queues, region == null ? 0 : region.length());
        interrupts = new MessageSignalledInterrupts(queues + 1);
        facilities = new BasicFacilities(name, device, memory, maxQueueSize, busFeatures, region, new Attachment());
        common = new CommonConfiguration(facilities, queues, queues + 1);
        configuration = layout.configuration();
        msixControl = layout.msix() + PciRegisters.MSIX_CONTROL;
        access = new PciAccess(configuration, layout.pciAccess());
        deviceReset = new DeviceReset(name, facilities);
        registers = new Registers(facilities, common, interrupts, isr, deviceReset);
    }

    /** What the facilities ask of the bus. */
    private final class Attachment implements BusAttachment {
        @Override
        public void notifyUsedBuffer(int queue) {
            isr.usedBuffers();
            interrupts.raise(common.vectorOf(queue));
        }

        @Override
        public void notifyConfigurationChange() {
            isr.configurationChanged();
            interrupts.raiseInTime(common.configurationVector());
        }

        @Override
        public void deviceReset() {
            common.forget();
            isr.take();
            interrupts.forget();
        }
    }

    /**
     * Reads the configuration space.
     *
     * @param offset where to begin; {@code offset + destination.byteSize()} is at most {@link #CONFIG_SIZE}
     */
    public void readConfig(int offset, MemorySegment destination) {
        access.ifTouched(offset, destination.byteSize(), this::readBar, this);
        configuration.read(offset, destination);
    }

    /** Writes the configuration space, as far as it can be written; the bounds are those of {@link #readConfig}. */
    public void writeConfig(int offset, MemorySegment source) {
        configuration.write(offset, source);
        if (offset < msixControl + Short.BYTES && offset + source.byteSize() > msixControl) {
            int control = configuration.getShort(msixControl);
            interrupts.control((control & PciRegisters.MSIX_ENABLE) != 0, (control & PciRegisters.MSIX_MASK_ALL) != 0);
        }
        access.ifTouched(offset, source.byteSize(), this::writeBar, this);
    }

    /** The size of a BAR in bytes, a power of two; 0 if there is no such BAR. */
    public long barLength(int bar) {
        return switch (bar) {
            case PciLayout.REGISTERS_BAR -> PciLayout.REGISTERS_LENGTH;
            case PciLayout.REGION_BAR -> region == null ? 0 : region.length();
            default -> 0;
        };
    }

    /** Where the driver put a BAR, whether or not memory is decoded; {@link #NOWHERE} if it did not. */
    public long barAddress(int bar) {
        long address = barLength(bar) == 0 ? 0 : configuration.address(bar);
        return address == 0 ? NOWHERE : address;
    }

    /** Whether accesses to the addresses of BARs reach the function (Memory Space Enable). */
    public boolean decodesMemory() {
        return (configuration.getShort(PciRegisters.COMMAND) & PciRegisters.COMMAND_MEMORY) != 0;
    }

    /** Where the BAR of the shared memory region is, see {@link #barAddress}. */
    public long regionAddress() {
        return barAddress(PciLayout.REGION_BAR);
    }

    /**
     * The memory that a BAR is made of: whoever can map it need not pass accesses to it on. Null if it must not be
     * mapped.
     */
    public @Nullable RegionMemory memory(int bar) {
        return bar == PciLayout.REGION_BAR && region instanceof RegionMemory memory ? memory : null;
    }

    /**
     * Reads from a BAR. A BAR that can be reached by mapping only reads as ones.
     *
     * @param offset where to begin; {@code offset + destination.byteSize()} is at most {@link #barLength}
     */
    public void readBar(int bar, long offset, MemorySegment destination) {
        RegionMemory memory = memory(bar);
        if (bar == PciLayout.REGISTERS_BAR) {
            registers.read((int) offset, destination);
        } else if (memory != null) {
            MemorySegment.copy(memory.segment(), offset, destination, 0, destination.byteSize());
        } else {
            destination.fill((byte) 0xff);
        }
    }

    /** Writes to a BAR; the bounds are those of {@link #readBar}. */
    public void writeBar(int bar, long offset, MemorySegment source) {
        RegionMemory memory = memory(bar);
        if (bar == PciLayout.REGISTERS_BAR) {
            registers.write((int) offset, source);
        } else if (memory != null) {
            MemorySegment.copy(source, 0, memory.segment(), offset, source.byteSize());
        }
    }

    /**
     * Whether a write to a BAR does nothing but tell of available buffers: then {@link #notify(int)} may take its
     * place, later.
     *
     * @return the number of the queue, or {@link #NOTIFIES_NONE}
     */
    public int notifiedQueue(int bar, long offset, long size) {
        return bar == PciLayout.REGISTERS_BAR ? registers.notifiedQueue(offset, size) : NOTIFIES_NONE;
    }

    /** Tells a queue that there are available buffers. Any thread. */
    public void notify(int queue) {
        registers.notify(queue);
    }

    /** Sets how long queues look at their rings before they sleep; at first they sleep at once. */
    public void polling(Polling polling) {
        facilities.polling(polling);
    }

    /** How many MSI-X vectors there are. */
    public int vectors() {
        return interrupts.vectors();
    }

    /**
     * Attaches the eventfd that the platform waits for to a vector: what goes out by the vector from now on signals it.
     * What is pending because there was none goes out at once.
     *
     * @param vector less than {@link #vectors()}
     * @param eventfd owned by the function, which closes the one before; null for none
     */
    public void attach(int vector, @Nullable Descriptor eventfd) {
        interrupts.attach(vector, eventfd);
    }

    /** Sets or clears the mask of a vector in the MSI-X table, for a platform that keeps the driver's table itself. */
    public void mask(int vector, boolean mask) {
        interrupts.mask(vector, mask);
    }

    /** Interrupts by a vector, less than {@link #vectors()}. Any thread. */
    public void interrupt(int vector) {
        interrupts.raiseInTime(vector);
    }

    /**
     * Lets threads go on that wait because whoever gave an eventfd has filled it. Any thread; while there is one to
     * wait for, now and then.
     */
    public void releaseInterrupts() {
        interrupts.release();
    }

    /** Whether the device can do nothing more until it is reset. Any thread. */
    public boolean needsReset() {
        return (facilities.status() & DeviceStatus.DEVICE_NEEDS_RESET) != 0;
    }

    /**
     * Resets the function: configuration space, vectors and device are as on the first day, at once or as soon as
     * nothing is in flight any more. Eventfds stay attached.
     *
     * @param done called when it is done, on this or another thread
     */
    public void reset(Runnable done) {
        configuration.reset();
        interrupts.reset();
        deviceReset.begin(done);
    }

    /**
     * Resets the device, waits until nothing of it is left, and closes all descriptors. Nothing interrupts from now on.
     */
    @Override
    public void close() {
        Teardown all = new Teardown();
        // first, as no thread of a queue waits in an eventfd then
        all.step(interrupts::close);
        all.step(deviceReset::await);
        all.step(facilities::close);
        all.finish();
    }
}
