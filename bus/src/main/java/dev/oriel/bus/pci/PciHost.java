package dev.oriel.bus.pci;

import dev.oriel.bus.MachineMemory;
import dev.oriel.linux.Descriptor;
import dev.oriel.virtio.memory.SharedMemoryWindow;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The PCI host of a machine in this process: its bus, and the firmware that gives BARs their addresses, those of
 * registers below 4 GiB, that of a window in a memory slot above RAM. A driver that moves a BAR, or stops the function
 * from decoding, finds it moved or gone.
 *
 * <p>Accesses happen one by one, and none waits for a device. Any thread.
 */
public final class PciHost implements PciBus {

    /** From here on firmware places BARs of 32 bits. */
    private static final long REGISTERS_BASE = 0xe000_0000L;

    private static final ValueLayout.OfInt LE_INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private record Slot(PciFunction function, @Nullable SharedMemoryWindow window) {}

    private final MachineMemory memory;
    private final boolean memoryIsRam;
    private final List<Slot> slots = new ArrayList<>();
    private long nextRegisters = REGISTERS_BASE;

    /**
     * A bus without functions.
     *
     * @param memoryIsRam whether processors of this machine can use the memory of BARs as they use RAM
     */
    public PciHost(MachineMemory memory, boolean memoryIsRam) {
        this.memory = memory;
        this.memoryIsRam = memoryIsRam;
    }

    /**
     * Adds a function and gives its BARs addresses. All are added before the bus is used.
     *
     * @param function owned by the caller, who closes it when no driver uses it any more
     * @param window the region of the function, if it has one
     * @param windowAddress where the machine has it in a slot
     */
    public void add(PciFunction function, @Nullable SharedMemoryWindow window, long windowAddress) {
        int number = slots.size();
        slots.add(new Slot(function, window));
        for (int bar = 0; bar < PciFunction.BARS; bar++) {
            long length = function.barLength(bar);
            if (length > 0) {
                int register = PciRegisters.BAR_0 + bar * Integer.BYTES;
                boolean wide = (readConfig(number, register, Integer.BYTES) & PciRegisters.BAR_64_BIT) != 0;
                long address = wide ? windowAddress : (nextRegisters + length - 1) & -length;
                nextRegisters = wide ? nextRegisters : address + length;
                writeConfig(number, register, Integer.BYTES, (int) address);
                if (wide) {
                    writeConfig(number, register + Integer.BYTES, Integer.BYTES, (int) (address >>> Integer.SIZE));
                }
            }
        }
        writeConfig(number, PciRegisters.COMMAND, Short.BYTES, PciRegisters.COMMAND_MEMORY);
    }

    @Override
    public int functions() {
        return slots.size();
    }

    private static MemorySegment value(int size, int value) {
        MemorySegment bytes = MemorySegment.ofArray(new byte[Integer.BYTES]);
        bytes.set(LE_INT, 0, value);
        return bytes.asSlice(0, size);
    }

    private static boolean isAccess(long offset, int size) {
        return (size == 1 || size == Short.BYTES || size == Integer.BYTES) && offset % size == 0;
    }

    @Override
    public synchronized int readConfig(int function, int offset, int size) {
        if (function < 0 || function >= slots.size() || !isAccess(offset, size) || isOutside(offset)) {
            return -1;
        }
        MemorySegment bytes = MemorySegment.ofArray(new byte[Integer.BYTES]);
        slots.get(function).function.readConfig(offset, bytes.asSlice(0, size));
        return bytes.get(LE_INT, 0);
    }

    private static boolean isOutside(int offset) {
        return offset < 0 || offset >= PciFunction.CONFIG_SIZE;
    }

    @Override
    public synchronized void writeConfig(int function, int offset, int size, int value) {
        if (function < 0 || function >= slots.size() || !isAccess(offset, size) || isOutside(offset)) {
            return;
        }
        Slot slot = slots.get(function);
        slot.function.writeConfig(offset, value(size, value));
        if (slot.window != null) {
            long address = slot.function.decodesMemory() ? slot.function.regionAddress() : PciFunction.NOWHERE;
            memory.moveSlot(slot.window, address);
        }
    }

    /** An access to a BAR of a function. */
    private record Target(PciFunction function, int bar, long offset) {}

    private synchronized @Nullable Target find(long address, int size) {
        for (Slot slot : slots) {
            PciFunction function = slot.function;
            for (int bar = 0; bar < PciFunction.BARS && function.decodesMemory(); bar++) {
                long offset = address - function.barAddress(bar);
                boolean there = function.barLength(bar) > 0 && function.barAddress(bar) != PciFunction.NOWHERE;
                if (there && offset >= 0 && offset <= function.barLength(bar) - size) {
                    return new Target(function, bar, offset);
                }
            }
        }
        return null;
    }

    @Override
    public synchronized int read(long address, int size) {
        Target target = isAccess(address, size) ? find(address, size) : null;
        if (target == null) {
            return -1;
        }
        MemorySegment bytes = MemorySegment.ofArray(new byte[Integer.BYTES]);
        target.function.readBar(target.bar, target.offset, bytes.asSlice(0, size));
        return bytes.get(LE_INT, 0);
    }

    @Override
    public void write(long address, int size, int value) {
        Target target = isAccess(address, size) ? find(address, size) : null;
        if (target == null) {
            return;
        }
        int queue = target.function.notifiedQueue(target.bar, target.offset, size);
        if (queue != PciFunction.NOTIFIES_NONE) {
            target.function.notify(queue);
            return;
        }
        synchronized (this) {
            target.function.writeBar(target.bar, target.offset, value(size, value));
        }
    }

    @Override
    public boolean memoryIsRam() {
        return memoryIsRam;
    }

    @Override
    public synchronized void attach(int function, int vector, Descriptor eventfd) {
        slots.get(function).function.attach(vector, eventfd);
    }

    @Override
    public synchronized void detach(int function, int vector) {
        slots.get(function).function.attach(vector, null);
    }
}
