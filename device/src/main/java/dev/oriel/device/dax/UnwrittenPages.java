package dev.oriel.device.dax;

import dev.oriel.linux.LinuxException;
import dev.oriel.virtio.memory.RegionMemory;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;

/**
 * Pages that the client stored, whose place in the window was taken away before they could be written (a full disk):
 * kept until they can be, and seen in the meantime wherever the file is mapped again. Not for several threads.
 */
final class UnwrittenPages implements AutoCloseable {
    /** How many bytes of them there may be in a session. */
    private static final long MOST = 64 << 20;

    private final RegionMemory memory;
    private final BitSet taken = new BitSet();
    private final int places;

    /** @param window its length in bytes */
    UnwrittenPages(long window) throws LinuxException {
        memory = new RegionMemory(Math.min(window, MOST));
        places = (int) (memory.length() / DaxWindow.PAGE);
    }

    /**
     * Keeps a page.
     *
     * @return where it is, or -1 if there is no room
     */
    long put(MemorySegment from, long offset) {
        int place = taken.nextClearBit(0);
        if (place >= places) {
            return -1;
        }
        taken.set(place);
        long at = (long) place * DaxWindow.PAGE;
        MemorySegment.copy(from, offset, memory.segment(), at, DaxWindow.PAGE);
        return at;
    }

    /** Forgets a page. */
    void remove(long at) {
        taken.clear((int) (at / DaxWindow.PAGE));
        memory.release(at, DaxWindow.PAGE);
    }

    /** Where they are. */
    RegionMemory memory() {
        return memory;
    }

    @Override
    public void close() {
        memory.close();
    }
}
