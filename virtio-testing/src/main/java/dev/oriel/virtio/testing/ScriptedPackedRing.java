package dev.oriel.virtio.testing;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.oriel.virtio.ring.RingLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** The driver's end of a packed ring (virtio 1.4, section 2.8). */
public final class ScriptedPackedRing extends ScriptedRing {
    private static final VarHandle SHORT =
            JAVA_SHORT.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();
    private static final VarHandle INT =
            JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();
    private static final VarHandle LONG =
            JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();

    private final int[] chainLength;
    private final int[] freeIds;
    private int freeIdCount;
    private int freeSlots;
    private int availSlot;
    private boolean availWrap = true;
    private int usedSlot;
    private boolean usedWrap = true;
    private int untold;

    ScriptedPackedRing(
            MemorySegment memory,
            long guestAddress,
            Areas areas,
            int size,
            boolean indirect,
            boolean eventIndex,
            LongSupplier newTable) {
        super(memory, guestAddress, areas, size, indirect, eventIndex, newTable);
        chainLength = new int[size];
        freeIds = new int[size];
        for (int i = 0; i < size; i++) {
            freeIds[i] = size - 1 - i;
        }
        freeIdCount = size;
        freeSlots = size;
    }

    /**
     * Writes one descriptor, or nonsense, at the place where the next available one belongs; RingLayout.DESC_F_AVAIL
     * and RingLayout.DESC_F_USED are added.
     */
    public void offerDescriptor(long address, int length, int id, int flags) {
        write(
                areas.descriptors() + (long) RingLayout.DESCRIPTOR_SIZE * availSlot,
                address,
                length,
                id,
                flags | marks());
        advance();
    }

    private int marks() {
        return availWrap ? RingLayout.DESC_F_AVAIL : RingLayout.DESC_F_USED;
    }

    private void advance() {
        availSlot++;
        if (availSlot == size) {
            availSlot = 0;
            availWrap = !availWrap;
        }
    }

    private void write(long at, long address, int length, int id, int flags) {
        LONG.set(memory, at + RingLayout.ADDRESS, address);
        INT.set(memory, at + RingLayout.LENGTH, length);
        SHORT.set(memory, at + RingLayout.PACKED_ID, (short) id);
        SHORT.setRelease(memory, at + RingLayout.PACKED_FLAGS, (short) flags);
    }

    @Override
    public int offer(List<Buffer> buffers) {
        int needed = indirect ? 1 : buffers.size();
        if (needed > freeSlots || freeIdCount == 0) {
            return -1;
        }
        if (indirect) {
            long table = table(freeIds[freeIdCount - 1]);
            for (int i = 0; i < buffers.size(); i++) {
                Buffer buffer = buffers.get(i);
                write(
                        table + (long) RingLayout.DESCRIPTOR_SIZE * i,
                        buffer.address(),
                        buffer.length(),
                        0,
                        buffer.writable() ? RingLayout.DESC_F_WRITE : 0);
            }
            return offerTable(guestAddress(table), RingLayout.DESCRIPTOR_SIZE * buffers.size());
        }
        int id = take(needed);
        // the flags of the first descriptor come last: they make the chain available (2.8.21.1)
        long head = areas.descriptors() + (long) RingLayout.DESCRIPTOR_SIZE * availSlot;
        int headFlags = 0;
        for (int i = 0; i < buffers.size(); i++) {
            Buffer buffer = buffers.get(i);
            int flags = (buffer.writable() ? RingLayout.DESC_F_WRITE : 0)
                    | (i + 1 < buffers.size() ? RingLayout.DESC_F_NEXT : 0)
                    | marks();
            if (i == 0) {
                headFlags = flags;
                // as the device left it a lap ago: used, that is both marks alike
                flags = (flags & ~(RingLayout.DESC_F_AVAIL | RingLayout.DESC_F_USED))
                        | (availWrap ? 0 : RingLayout.DESC_F_AVAIL | RingLayout.DESC_F_USED);
            }
            write(
                    areas.descriptors() + (long) RingLayout.DESCRIPTOR_SIZE * availSlot,
                    buffer.address(),
                    buffer.length(),
                    id,
                    flags);
            advance();
        }
        SHORT.setRelease(memory, head + RingLayout.PACKED_FLAGS, (short) headFlags);
        return id;
    }

    @Override
    public int offerTable(long address, int length) {
        if (freeSlots == 0 || freeIdCount == 0) {
            return -1;
        }
        int id = take(1);
        offerDescriptor(address, length, id, RingLayout.DESC_F_INDIRECT);
        return id;
    }

    /** Takes a free id for so many slots. */
    private int take(int slots) {
        int id = freeIds[--freeIdCount];
        chainLength[id] = slots;
        freeSlots -= slots;
        untold += slots;
        return id;
    }

    @Override
    public boolean kickWanted() {
        int offered = untold;
        untold = 0;
        VarHandle.fullFence();
        int flags =
                (short) SHORT.getAcquire(memory, areas.device() + RingLayout.EVENT_FLAGS) & RingLayout.EVENT_FLAGS_MASK;
        if (flags != RingLayout.EVENT_DESC) {
            return flags == RingLayout.EVENT_ENABLE;
        }
        int event = (short) SHORT.getOpaque(memory, areas.device()) & 0xffff;
        boolean wrap = (event & RingLayout.WRAP) != 0;
        int ago = availSlot - 1 - (event & ~RingLayout.WRAP) + (wrap == availWrap ? 0 : size);
        return ago >= 0 && ago < offered;
    }

    @Override
    public @Nullable Used poll() {
        if (!ready()) {
            return null;
        }
        long at = areas.descriptors() + (long) RingLayout.DESCRIPTOR_SIZE * usedSlot;
        int id = (short) SHORT.get(memory, at + RingLayout.PACKED_ID) & 0xffff;
        int written = (int) INT.get(memory, at + RingLayout.LENGTH);
        usedSlot += chainLength[id];
        if (usedSlot >= size) {
            usedSlot -= size;
            usedWrap = !usedWrap;
        }
        freeIds[freeIdCount++] = id;
        freeSlots += chainLength[id];
        return new Used(id, written);
    }

    private boolean ready() {
        int flags = (short) SHORT.getAcquire(
                        memory,
                        areas.descriptors() + (long) RingLayout.DESCRIPTOR_SIZE * usedSlot + RingLayout.PACKED_FLAGS)
                & 0xffff;
        boolean avail = (flags & RingLayout.DESC_F_AVAIL) != 0;
        boolean used = (flags & RingLayout.DESC_F_USED) != 0;
        return avail == used && used == usedWrap;
    }

    @Override
    public boolean enableInterrupts() {
        if (eventIndex) {
            SHORT.setOpaque(memory, areas.driver(), (short) (usedSlot | (usedWrap ? RingLayout.WRAP : 0)));
            SHORT.setRelease(memory, areas.driver() + RingLayout.EVENT_FLAGS, (short) RingLayout.EVENT_DESC);
        } else {
            SHORT.setRelease(memory, areas.driver() + RingLayout.EVENT_FLAGS, (short) RingLayout.EVENT_ENABLE);
        }
        VarHandle.fullFence();
        return ready();
    }

    @Override
    public void disableInterrupts() {
        SHORT.setOpaque(memory, areas.driver() + RingLayout.EVENT_FLAGS, (short) RingLayout.EVENT_DISABLE);
    }

    @Override
    public int initialBase() {
        return RingLayout.PACKED_START;
    }
}
