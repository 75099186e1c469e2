package dev.oriel.device;

import dev.oriel.device.dax.DaxWindow;

/**
 * The DAX window of a device.
 *
 * @param length bytes: a power of two, 2 MiB or more
 * @param direct whether pages of files are mapped into the window themselves as far as possible; if not, all that is
 *     seen there are copies, which no change of a file on the host can take away from the guest
 * @param orStaged whether a window that is direct has copies all the same of ranges that are read in order, where they
 *     are made quicker than mappings
 */
public record DaxOptions(long length, boolean direct, boolean orStaged) {
    /** The smallest window: one range of Linux. */
    public static final long MIN_LENGTH = DaxWindow.LINUX_RANGE;

    /**
     * Checks the length.
     *
     * @throws IllegalArgumentException what is wrong with it, for the user
     */
    public DaxOptions {
        if (length < MIN_LENGTH || Long.bitCount(length) != 1) {
            throw new IllegalArgumentException("The DAX window has " + length
                    + " bytes, but it must have a power of two of at least " + MIN_LENGTH + ".");
        }
    }

    /** A window whose ranges are all made in one way. */
    public DaxOptions(long length, boolean direct) {
        this(length, direct, false);
    }

    /** The same window, of copies only. */
    public DaxOptions staged() {
        return new DaxOptions(length, false);
    }
}
