package dev.oriel.virtio.ring;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/**
 * The driver's end of a packed ring (virtio 1.4, section 2.8; {@link RingLayout}).
 */
final class DriverPackedRing extends DriverRing {

    private final long driverEvent;
    private final long deviceEvent;

    private final int[] freeIds;
    private int freeIdCount;
    /** Places in the ring that each chain takes. */
    private final int[] places;

    private int freePlaces;
    private int nextAvail;
    private boolean availWrap = true;
    private int nextUsed;
    private boolean usedWrap = true;
    private int unpublished;

    DriverPackedRing(MemorySegment memory, long guestAddress, int size, long features) {
        super(memory, guestAddress, size, features, partsSize(size));
        driverEvent = RingLayout.descriptorsSize(size);
        deviceEvent = driverEvent + RingLayout.EVENT_SIZE;
        places = new int[size];
        freeIds = new int[size];
        for (int i = 0; i < size; i++) {
            freeIds[i] = size - 1 - i;
        }
        freeIdCount = size;
        freePlaces = size;
    }

    static long partsSize(int size) {
        return RingLayout.descriptorsSize(size) + 2 * RingLayout.EVENT_SIZE;
    }

    @Override
    public long descriptorsOffset() {
        return 0;
    }

    @Override
    public long driverOffset() {
        return driverEvent;
    }

    @Override
    public long deviceOffset() {
        return deviceEvent;
    }

    /** Both wrap counters begin at 1. */
    @Override
    public int base() {
        return RingLayout.PACKED_START;
    }

    @Override
    int place() {
        boolean table = indirect && pieces > 1;
        int needed = table ? 1 : pieces;
        if (needed > freePlaces) {
            return NONE;
        }
        int id = freeIds[--freeIdCount];
        long head = (long) RingLayout.DESCRIPTOR_SIZE * nextAvail;
        int headFlags = 0;
        for (int i = 0; i < needed; i++) {
            long at = (long) RingLayout.DESCRIPTOR_SIZE * nextAvail;
            int state = availWrap ? RingLayout.DESC_F_AVAIL : RingLayout.DESC_F_USED;
            int kind = table
                    ? RingLayout.DESC_F_INDIRECT
                    : (i < readablePieces ? 0 : RingLayout.DESC_F_WRITE)
                            | (i < needed - 1 ? RingLayout.DESC_F_NEXT : 0);
            memory.set(LONG, at + RingLayout.ADDRESS, table ? fillTable(id, false) : addresses[i]);
            memory.set(INT, at + RingLayout.LENGTH, table ? pieces * RingLayout.DESCRIPTOR_SIZE : lengths[i]);
            memory.set(SHORT, at + RingLayout.PACKED_ID, (short) id);
            if (i == 0) {
                headFlags = state | kind;
            } else {
                memory.set(SHORT, at + RingLayout.PACKED_FLAGS, (short) (state | kind));
            }
            nextAvail++;
            if (nextAvail == size) {
                nextAvail = 0;
                availWrap = !availWrap;
            }
        }
        // the flags of the first descriptor make the whole chain available
        SHORTS.setRelease(memory, head + RingLayout.PACKED_FLAGS, (short) headFlags);
        freePlaces -= needed;
        places[id] = needed;
        unpublished += needed;
        return id;
    }

    @Override
    public boolean publish() {
        int added = unpublished;
        unpublished = 0;
        // between making chains available and reading what the device asks for: it does the same in the other order
        // (2.8.21.3)
        VarHandle.fullFence();
        int flags =
                (short) SHORTS.getAcquire(memory, deviceEvent + RingLayout.EVENT_FLAGS) & RingLayout.EVENT_FLAGS_MASK;
        if (flags != RingLayout.EVENT_DESC) {
            return flags != RingLayout.EVENT_DISABLE;
        }
        int event = (short) SHORTS.getOpaque(memory, deviceEvent + RingLayout.EVENT_OFF_WRAP) & 0xffff;
        int offset = event & ~RingLayout.WRAP;
        boolean wrap = (event & RingLayout.WRAP) != 0;
        // how many places ago the wanted one was made available; negative if that is still to come
        int ago = nextAvail - 1 - offset + (wrap == availWrap ? 0 : size);
        return ago >= 0 && ago < added;
    }

    @Override
    public boolean hasUsed() {
        return fault() != null
                || (outstanding() > 0
                        && isUsed((short) SHORTS.getAcquire(
                                memory, (long) RingLayout.DESCRIPTOR_SIZE * nextUsed + RingLayout.PACKED_FLAGS)));
    }

    private boolean isUsed(int flags) {
        return (flags & RingLayout.DESC_F_AVAIL) != 0 == usedWrap && (flags & RingLayout.DESC_F_USED) != 0 == usedWrap;
    }

    @Override
    public int poll() {
        if (fault() != null) {
            return BROKEN;
        }
        long at = (long) RingLayout.DESCRIPTOR_SIZE * nextUsed;
        if (outstanding() == 0 || !isUsed((short) SHORTS.getAcquire(memory, at + RingLayout.PACKED_FLAGS))) {
            return NONE;
        }
        int id = memory.get(SHORT, at + RingLayout.PACKED_ID) & 0xffff;
        int length = memory.get(INT, at + RingLayout.LENGTH);
        if (!isOutstanding(id)) {
            return broken("the device gave back chain " + id + ", which it did not have");
        }
        int token = finish(id, length);
        if (token == BROKEN) {
            return BROKEN;
        }
        freeIds[freeIdCount++] = id;
        freePlaces += places[id];
        nextUsed += places[id];
        if (nextUsed >= size) {
            nextUsed -= size;
            usedWrap = !usedWrap;
        }
        return token;
    }

    @Override
    public void disableInterrupts() {
        SHORTS.setOpaque(memory, driverEvent + RingLayout.EVENT_FLAGS, (short) RingLayout.EVENT_DISABLE);
    }

    @Override
    public boolean enableInterrupts() {
        if (eventIndex) {
            SHORTS.setOpaque(memory, driverEvent + RingLayout.EVENT_OFF_WRAP, (short)
                    (nextUsed | (usedWrap ? RingLayout.WRAP : 0)));
            SHORTS.setRelease(memory, driverEvent + RingLayout.EVENT_FLAGS, (short) RingLayout.EVENT_DESC);
        } else {
            SHORTS.setRelease(memory, driverEvent + RingLayout.EVENT_FLAGS, (short) RingLayout.EVENT_ENABLE);
        }
        VarHandle.fullFence();
        return hasUsed();
    }
}
