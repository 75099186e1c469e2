package dev.oriel.device.operation;

import dev.oriel.fuse.FuseInHeader;
import dev.oriel.fuse.FuseOpcode;
import dev.oriel.linux.Errno;
import java.util.Arrays;

/**
 * How much of a request is fetched into private memory before it is served, by opcode: the whole request, which may not
 * be longer than that, or only its beginning.
 */
public final class RequestLengths {
    /**
     * Room for header and arguments of all requests, however many fields a later protocol appends, with two names; and
     * for what Linux says of the labels of a new file.
     */
    static final int USUAL = 1 << 10;

    /** An attribute of 64 KiB, and a security context of as much beside the longest names. */
    static final int LARGEST = 160 << 10;

    /** The request is served with no more than its beginning. */
    public static final int BEGINNING_ONLY = 0;

    /** As many ranges as a Linux with the largest pages, of 64 KiB, takes away at once. */
    private static final int REMOVEMAPPING = USUAL + (64 << 10);

    private static final int[] LONGEST = new int[FuseOpcode.COUNT];

    static {
        Arrays.fill(LONGEST, USUAL);
        LONGEST[FuseOpcode.SETXATTR] = FuseInHeader.SIZE + USUAL + (64 << 10);
        LONGEST[FuseOpcode.REMOVEMAPPING] = REMOVEMAPPING;
        for (int creation :
                new int[] {FuseOpcode.SYMLINK, FuseOpcode.MKNOD, FuseOpcode.MKDIR, FuseOpcode.CREATE, FuseOpcode.TMPFILE
                }) {
            LONGEST[creation] = LARGEST;
        }
        // the first has data of a file behind its arguments, the second is read piece by piece, the others are not
        // served
        for (int shortened : new int[] {
            FuseOpcode.WRITE, FuseOpcode.BATCH_FORGET, FuseOpcode.NOTIFY_REPLY, FuseOpcode.BMAP, FuseOpcode.POLL
        }) {
            LONGEST[shortened] = BEGINNING_ONLY;
        }
    }

    private RequestLengths() {}

    /** The most bytes that a request of this opcode may have, or {@link #BEGINNING_ONLY}. Any opcode. */
    public static int longest(int opcode) {
        return opcode >= 0 && opcode < FuseOpcode.COUNT ? LONGEST[opcode] : BEGINNING_ONLY;
    }

    /**
     * What to answer to a longer one: a value or an ioctl that is longer than any that could be served is no nonsense.
     */
    static int tooLong(int opcode) {
        return switch (opcode) {
            case FuseOpcode.SETXATTR -> -Errno.E2BIG;
            case FuseOpcode.IOCTL -> -Errno.ENOTTY;
            default -> -Errno.EINVAL;
        };
    }
}
