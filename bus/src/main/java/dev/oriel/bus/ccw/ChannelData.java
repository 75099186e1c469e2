package dev.oriel.bus.ccw;

import dev.oriel.virtio.memory.GuestMemory;
import dev.oriel.virtio.memory.GuestRegion;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * The data of one command: a range of guest memory, the count of its CCW, and the rules about both.
 *
 * <p>A command takes or gives as much as its definition says. If the count is not that, and the program did not
 * suppress the indication (SLI), the program ends with incorrect length; a command for which there is too little is not
 * executed, and rejected if the indication was suppressed (virtio 1.4, section 4.3.1.3). An address outside of memory
 * is a program check. All of it is checked here.
 */
final class ChannelData {
    private final MemorySegment scratch = MemorySegment.ofArray(new byte[Ccw.SENSE_ID_SIZE]);
    private GuestMemory memory = GuestMemory.EMPTY;
    private long address;
    private int count;
    private int flags;
    private int moved;
    private boolean incorrectLength;
    private boolean programCheck;
    private boolean rejected;

    /** The data of the next command. */
    void at(GuestMemory guestMemory, long dataAddress, int ccwCount, int ccwFlags) {
        memory = guestMemory;
        address = dataAddress;
        count = ccwCount;
        flags = ccwFlags;
        moved = 0;
        incorrectLength = false;
        programCheck = false;
        rejected = false;
    }

    /** The count of the CCW. */
    int count() {
        return count;
    }

    /** The command is not known, or not possible now. */
    void reject() {
        rejected = true;
    }

    boolean rejected() {
        return rejected;
    }

    boolean programCheck() {
        return programCheck;
    }

    boolean incorrectLength() {
        return incorrectLength;
    }

    /** Bytes of the count that were not used. */
    int residual() {
        return count - moved;
    }

    /** The command moves nothing. */
    void none() {
        int _ = accept(0, 0);
    }

    /** The command takes whatever comes, and does nothing with it. */
    void ignore() {
        moved = count;
    }

    /**
     * Takes what the program has for the command, into private memory, so that nobody can change it between check and
     * use.
     *
     * @param size bytes
     * @return the bytes; null if the command cannot be executed
     */
    @Nullable
    MemorySegment fetch(int size) {
        if (accept(size, size) < 0) {
            return null;
        }
        MemorySegment bytes = scratch.asSlice(0, size);
        if (!copy(bytes, true)) {
            return null;
        }
        moved = size;
        return bytes;
    }

    /**
     * Gives the program what the command reads.
     *
     * @param bytes all that there is
     * @param least so much of it must fit; with less the command is not executed
     */
    void store(MemorySegment bytes, int least) {
        int size = accept(least, (int) bytes.byteSize());
        if (size < 0 || programCheck) {
            return;
        }
        if ((flags & Ccw.SKIP) == 0 && !copy(bytes.asSlice(0, size), false)) {
            return;
        }
        moved = size;
    }

    /**
     * How many bytes to move, between the least and the most that the command can do with; -1 if the count does not
     * allow it.
     */
    private int accept(int least, int most) {
        boolean suppressed = (flags & Ccw.SUPPRESS_LENGTH_INDICATION) != 0;
        if (count < least) {
            if (suppressed) {
                rejected = true;
            } else {
                incorrectLength = true;
            }
            return -1;
        }
        if (count > most && !suppressed) {
            incorrectLength = true;
        }
        return Math.min(count, most);
    }

    private boolean copy(MemorySegment bytes, boolean fromGuest) {
        long at = address;
        long done = 0;
        while (done < bytes.byteSize()) {
            GuestRegion region = at < Ccw.ADDRESS_END ? memory.find(at) : null;
            if (region == null) {
                programCheck = true;
                return false;
            }
            long offset = at - region.guestAddress();
            long part = Math.min(bytes.byteSize() - done, region.size() - offset);
            try {
                if (fromGuest) {
                    MemorySegment.copy(region.memory(), offset, bytes, done, part);
                } else {
                    MemorySegment.copy(bytes, done, region.memory(), offset, part);
                }
            } catch (InternalError gone) {
                // somebody truncated the file that is mapped there
                programCheck = true;
                return false;
            }
            done += part;
            at += part;
        }
        return true;
    }
}
