package dev.oriel.virtio.ring;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/**
 * The driver's end of a split ring of N descriptors (virtio 1.4, section 2.7; {@link RingLayout}).
 */
final class DriverSplitRing extends DriverRing {
    private static final int END = -1;

    private final long avail;
    private final long used;
    private final long usedEvent;
    private final long availEvent;
    private final int mask;

    /**
     * The descriptors that follow each other, in a chain or in the list of free ones: our own copy, not what the device
     * sees.
     */
    private final int[] next;

    private int free;
    private int freeCount;
    private int nextAvail;
    private int published;
    private int nextUsed;

    DriverSplitRing(MemorySegment memory, long guestAddress, int size, long features) {
        super(memory, guestAddress, size, features, partsSize(size));
        mask = size - 1;
        avail = availOffset(size);
        used = usedOffset(size);
        usedEvent = avail + RingLayout.usedEvent(size);
        availEvent = used + RingLayout.availEvent(size);
        next = new int[size];
        for (int i = 0; i < size; i++) {
            next[i] = i + 1 < size ? i + 1 : END;
        }
        freeCount = size;
    }

    private static long availOffset(int size) {
        return RingLayout.descriptorsSize(size);
    }

    private static long usedOffset(int size) {
        return align(availOffset(size) + RingLayout.usedEvent(size) + RingLayout.EVENT_INDEX_SIZE);
    }

    static long partsSize(int size) {
        return usedOffset(size) + RingLayout.availEvent(size) + RingLayout.EVENT_INDEX_SIZE;
    }

    @Override
    public long descriptorsOffset() {
        return 0;
    }

    @Override
    public long driverOffset() {
        return avail;
    }

    @Override
    public long deviceOffset() {
        return used;
    }

    @Override
    public int base() {
        return 0;
    }

    @Override
    int place() {
        boolean table = indirect && pieces > 1;
        int needed = table ? 1 : pieces;
        if (needed > freeCount) {
            return NONE;
        }
        int head = free;
        int last = head;
        if (table) {
            describe(head, fillTable(head, true), pieces * RingLayout.DESCRIPTOR_SIZE, RingLayout.DESC_F_INDIRECT, 0);
        } else {
            for (int i = 0, at = head; i < pieces; i++, at = next[at]) {
                int write = i < readablePieces ? 0 : RingLayout.DESC_F_WRITE;
                boolean more = i < pieces - 1;
                describe(
                        at, addresses[i], lengths[i], write | (more ? RingLayout.DESC_F_NEXT : 0), more ? next[at] : 0);
                last = at;
            }
        }
        free = next[last];
        next[last] = END;
        freeCount -= needed;
        memory.set(SHORT, avail + RingLayout.RING_ELEMENTS + RingLayout.AVAIL_ELEMENT_SIZE * (nextAvail & mask), (short)
                head);
        nextAvail = nextAvail + 1 & 0xffff;
        return head;
    }

    private void describe(int index, long address, int length, int flags, int following) {
        long at = (long) RingLayout.DESCRIPTOR_SIZE * index;
        memory.set(LONG, at + RingLayout.ADDRESS, address);
        memory.set(INT, at + RingLayout.LENGTH, length);
        memory.set(SHORT, at + RingLayout.SPLIT_FLAGS, (short) flags);
        memory.set(SHORT, at + RingLayout.SPLIT_NEXT, (short) following);
    }

    @Override
    public boolean publish() {
        SHORTS.setRelease(memory, avail + RingLayout.RING_INDEX, (short) nextAvail);
        // between publishing avail.idx and reading what the device asks for: it does the same in the other order
        // (2.7.10)
        VarHandle.fullFence();
        int before = published;
        published = nextAvail;
        if (!eventIndex) {
            return ((short) SHORTS.getOpaque(memory, used + RingLayout.RING_FLAGS) & RingLayout.USED_F_NO_NOTIFY) == 0;
        }
        int event = (short) SHORTS.getOpaque(memory, availEvent) & 0xffff;
        return (nextAvail - event - 1 & 0xffff) < (nextAvail - before & 0xffff);
    }

    @Override
    public boolean hasUsed() {
        return fault() != null
                || ((short) SHORTS.getAcquire(memory, used + RingLayout.RING_INDEX) & 0xffff) != nextUsed;
    }

    @Override
    public int poll() {
        if (fault() != null) {
            return BROKEN;
        }
        int index = (short) SHORTS.getAcquire(memory, used + RingLayout.RING_INDEX) & 0xffff;
        int waiting = index - nextUsed & 0xffff;
        if (waiting == 0) {
            return NONE;
        }
        if (waiting > outstanding()) {
            return broken(
                    "the device gave back " + waiting + " chains and had " + outstanding() + " (virtio 1.4, 2.7.8)");
        }
        long element = used + RingLayout.RING_ELEMENTS + RingLayout.USED_ELEMENT_SIZE * (nextUsed & mask);
        int id = memory.get(INT, element + RingLayout.USED_ID);
        int length = memory.get(INT, element + RingLayout.USED_LENGTH);
        if (id < 0 || !isOutstanding(id)) {
            return broken("the device gave back chain " + Integer.toUnsignedString(id) + ", which it did not have");
        }
        int token = finish(id, length);
        if (token == BROKEN) {
            return BROKEN;
        }
        nextUsed = nextUsed + 1 & 0xffff;
        int last = id;
        freeCount++;
        while (next[last] != END) {
            last = next[last];
            freeCount++;
        }
        next[last] = free;
        free = id;
        return token;
    }

    @Override
    public void disableInterrupts() {
        // with event indices there is nothing to do: the device passed the one it knows, and does not meet it again
        // soon
        if (!eventIndex) {
            SHORTS.setOpaque(memory, avail + RingLayout.RING_FLAGS, (short) RingLayout.AVAIL_F_NO_INTERRUPT);
        }
    }

    @Override
    public boolean enableInterrupts() {
        if (eventIndex) {
            SHORTS.setOpaque(memory, usedEvent, (short) nextUsed);
        } else {
            SHORTS.setOpaque(memory, avail + RingLayout.RING_FLAGS, (short) 0);
        }
        VarHandle.fullFence();
        return hasUsed();
    }
}
