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

/** The driver's end of a split ring (virtio 1.4, section 2.7). */
public final class ScriptedSplitRing extends ScriptedRing {
    private static final VarHandle SHORT =
            JAVA_SHORT.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();
    private static final VarHandle INT =
            JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();
    private static final VarHandle LONG =
            JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();

    private final int[] chainLength;
    private final int[] freeList;
    private int free;
    private int freeCount;
    private int availIndex;
    private int toldIndex;
    private int usedIndex;

    ScriptedSplitRing(
            MemorySegment memory,
            long guestAddress,
            Areas areas,
            int size,
            boolean indirect,
            boolean eventIndex,
            LongSupplier newTable) {
        super(memory, guestAddress, areas, size, indirect, eventIndex, newTable);
        chainLength = new int[size];
        freeList = new int[size];
        for (int i = 0; i < size; i++) {
            freeList[i] = i + 1;
        }
        freeCount = size;
    }

    /** Writes one descriptor into the table of the ring, or nonsense. */
    public void writeDescriptor(int index, long address, int length, int flags, int next) {
        write(areas.descriptors() + (long) RingLayout.DESCRIPTOR_SIZE * index, address, length, flags, next);
    }

    private void write(long at, long address, int length, int flags, int next) {
        LONG.set(memory, at + RingLayout.ADDRESS, address);
        INT.set(memory, at + RingLayout.LENGTH, length);
        SHORT.set(memory, at + RingLayout.SPLIT_FLAGS, (short) flags);
        SHORT.set(memory, at + RingLayout.SPLIT_NEXT, (short) next);
    }

    /** Makes a head available, or nonsense, without further ado. */
    public void offerHead(int head) {
        SHORT.set(
                memory,
                areas.driver() + RingLayout.RING_ELEMENTS + RingLayout.AVAIL_ELEMENT_SIZE * (availIndex & size - 1),
                (short) head);
        availIndex = availIndex + 1 & 0xffff;
        SHORT.setRelease(memory, areas.driver() + RingLayout.RING_INDEX, (short) availIndex);
    }

    /** The index of the available ring: where a device goes on that takes what comes from now on. */
    public int available() {
        return availIndex;
    }

    /** Sets the index of the available ring to anything. */
    public void jump(int index) {
        availIndex = index & 0xffff;
        SHORT.setRelease(memory, areas.driver() + RingLayout.RING_INDEX, (short) availIndex);
    }

    @Override
    public int offer(List<Buffer> buffers) {
        int needed = indirect ? 1 : buffers.size();
        if (needed > freeCount) {
            return -1;
        }
        int head = free;
        if (indirect) {
            long table = table(head);
            for (int i = 0; i < buffers.size(); i++) {
                Buffer buffer = buffers.get(i);
                int flags = (buffer.writable() ? RingLayout.DESC_F_WRITE : 0)
                        | (i + 1 < buffers.size() ? RingLayout.DESC_F_NEXT : 0);
                write(table + (long) RingLayout.DESCRIPTOR_SIZE * i, buffer.address(), buffer.length(), flags, i + 1);
            }
            return offerTable(guestAddress(table), RingLayout.DESCRIPTOR_SIZE * buffers.size());
        }
        int index = head;
        for (int i = 0; i < buffers.size(); i++) {
            Buffer buffer = buffers.get(i);
            int next = freeList[index];
            int flags = (buffer.writable() ? RingLayout.DESC_F_WRITE : 0)
                    | (i + 1 < buffers.size() ? RingLayout.DESC_F_NEXT : 0);
            writeDescriptor(index, buffer.address(), buffer.length(), flags, next & size - 1);
            index = next;
        }
        free = index;
        return offer(head, needed);
    }

    @Override
    public int offerTable(long address, int length) {
        if (freeCount == 0) {
            return -1;
        }
        int head = free;
        writeDescriptor(head, address, length, RingLayout.DESC_F_INDIRECT, 0);
        free = freeList[head];
        return offer(head, 1);
    }

    private int offer(int head, int descriptors) {
        chainLength[head] = descriptors;
        freeCount -= descriptors;
        offerHead(head);
        return head;
    }

    @Override
    public boolean kickWanted() {
        int before = toldIndex;
        toldIndex = availIndex;
        VarHandle.fullFence();
        if (!eventIndex) {
            return ((short) SHORT.getOpaque(memory, areas.device() + RingLayout.RING_FLAGS)
                            & RingLayout.USED_F_NO_NOTIFY)
                    == 0;
        }
        int event = (short) SHORT.getOpaque(memory, areas.device() + RingLayout.availEvent(size)) & 0xffff;
        return (availIndex - event - 1 & 0xffff) < (availIndex - before & 0xffff);
    }

    @Override
    public @Nullable Used poll() {
        if (!ready()) {
            return null;
        }
        long at = areas.device() + RingLayout.RING_ELEMENTS + RingLayout.USED_ELEMENT_SIZE * (usedIndex & size - 1);
        int id = (int) INT.get(memory, at + RingLayout.USED_ID);
        int written = (int) INT.get(memory, at + RingLayout.USED_LENGTH);
        usedIndex = usedIndex + 1 & 0xffff;
        int last = id;
        for (int i = 1; i < chainLength[id]; i++) {
            last = freeList[last];
        }
        freeList[last] = free;
        free = id;
        freeCount += chainLength[id];
        return new Used(id, written);
    }

    private boolean ready() {
        return ((short) SHORT.getAcquire(memory, areas.device() + RingLayout.RING_INDEX) & 0xffff) != usedIndex;
    }

    @Override
    public boolean enableInterrupts() {
        SHORT.setOpaque(memory, areas.driver(), (short) 0);
        if (eventIndex) {
            SHORT.setOpaque(memory, areas.driver() + RingLayout.usedEvent(size), (short) usedIndex);
        }
        VarHandle.fullFence();
        return ready();
    }

    @Override
    public void disableInterrupts() {
        if (!eventIndex) {
            SHORT.setOpaque(memory, areas.driver(), (short) RingLayout.AVAIL_F_NO_INTERRUPT);
        }
    }

    @Override
    public int initialBase() {
        return 0;
    }
}
