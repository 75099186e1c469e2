package dev.oriel.virtio.ring;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/**
 * The driver's end of a packed ring (virtio 1.4, section 2.8). Little endian.
 *
 * <pre>
 *   descriptors   N x { address 8, length 4, id 2, flags 2 }    written by both
 *   driver event  { off_wrap 2, flags 2 }                       when the driver wants to be told
 *   device event  { off_wrap 2, flags 2 }                       when the device wants to be told
 * </pre>
 */
final class DriverPackedRing extends DriverRing {
    private static final int DESC_F_AVAIL = 0x80;
    private static final int DESC_F_USED = 0x8000;

    private static final int EVENT_ENABLE = 0;
    private static final int EVENT_DISABLE = 1;
    private static final int EVENT_DESC = 2;

    private static final long ID = 12;
    private static final long FLAGS = 14;
    private static final long EVENT_SIZE = 4;
    private static final long EVENT_FLAGS = 2;
    private static final int WRAP = 0x8000;

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
        driverEvent = (long) DESC_SIZE * size;
        deviceEvent = driverEvent + EVENT_SIZE;
        places = new int[size];
        freeIds = new int[size];
        for (int i = 0; i < size; i++) {
            freeIds[i] = size - 1 - i;
        }
        freeIdCount = size;
        freePlaces = size;
    }

    static long partsSize(int size) {
        return (long) DESC_SIZE * size + 2 * EVENT_SIZE;
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
        return WRAP << 16 | WRAP;
    }

    @Override
    int place() {
        boolean table = indirect && pieces > 1;
        int needed = table ? 1 : pieces;
        if (needed > freePlaces) {
            return NONE;
        }
        int id = freeIds[--freeIdCount];
        long head = (long) DESC_SIZE * nextAvail;
        int headFlags = 0;
        for (int i = 0; i < needed; i++) {
            long at = (long) DESC_SIZE * nextAvail;
            int state = availWrap ? DESC_F_AVAIL : DESC_F_USED;
            int kind = table
                    ? DESC_F_INDIRECT
                    : (i < readablePieces ? 0 : DESC_F_WRITE) | (i < needed - 1 ? DESC_F_NEXT : 0);
            memory.set(LONG, at, table ? fillTable(id, false) : addresses[i]);
            memory.set(INT, at + 8, table ? pieces * DESC_SIZE : lengths[i]);
            memory.set(SHORT, at + ID, (short) id);
            if (i == 0) {
                headFlags = state | kind;
            } else {
                memory.set(SHORT, at + FLAGS, (short) (state | kind));
            }
            nextAvail++;
            if (nextAvail == size) {
                nextAvail = 0;
                availWrap = !availWrap;
            }
        }
        // the flags of the first descriptor make the whole chain available
        SHORTS.setRelease(memory, head + FLAGS, (short) headFlags);
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
        int flags = (short) SHORTS.getAcquire(memory, deviceEvent + EVENT_FLAGS) & 3;
        if (flags != EVENT_DESC) {
            return flags != EVENT_DISABLE;
        }
        int event = (short) SHORTS.getOpaque(memory, deviceEvent) & 0xffff;
        int offset = event & WRAP - 1;
        boolean wrap = (event & WRAP) != 0;
        // how many places ago the wanted one was made available; negative if that is still to come
        int ago = nextAvail - 1 - offset + (wrap == availWrap ? 0 : size);
        return ago >= 0 && ago < added;
    }

    @Override
    public boolean hasUsed() {
        return fault() != null
                || (outstanding() > 0
                        && isUsed((short) SHORTS.getAcquire(memory, (long) DESC_SIZE * nextUsed + FLAGS)));
    }

    private boolean isUsed(int flags) {
        return (flags & DESC_F_AVAIL) != 0 == usedWrap && (flags & DESC_F_USED) != 0 == usedWrap;
    }

    @Override
    public int poll() {
        if (fault() != null) {
            return BROKEN;
        }
        long at = (long) DESC_SIZE * nextUsed;
        if (outstanding() == 0 || !isUsed((short) SHORTS.getAcquire(memory, at + FLAGS))) {
            return NONE;
        }
        int id = memory.get(SHORT, at + ID) & 0xffff;
        int length = memory.get(INT, at + 8);
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
        SHORTS.setOpaque(memory, driverEvent + EVENT_FLAGS, (short) EVENT_DISABLE);
    }

    @Override
    public boolean enableInterrupts() {
        if (eventIndex) {
            SHORTS.setOpaque(memory, driverEvent, (short) (nextUsed | (usedWrap ? WRAP : 0)));
            SHORTS.setRelease(memory, driverEvent + EVENT_FLAGS, (short) EVENT_DESC);
        } else {
            SHORTS.setRelease(memory, driverEvent + EVENT_FLAGS, (short) EVENT_ENABLE);
        }
        VarHandle.fullFence();
        return hasUsed();
    }
}
