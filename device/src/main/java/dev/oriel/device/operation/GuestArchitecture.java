package dev.oriel.device.operation;

import dev.oriel.linux.OpenFlags;

/**
 * The architectures of Linux clients, as far as what they say differs by it: Arm and PowerPC gave four of the open
 * flags values of their own (fcntl.h below arch/.../include/uapi/asm). All values lie in the same four bits.
 *
 * <pre>
 *   bit        17            16            15            14
 *   GENERIC    O_NOFOLLOW    O_DIRECTORY   O_LARGEFILE   O_DIRECT        x86, s390, RISC-V, LoongArch
 *   ARM        O_LARGEFILE   O_DIRECT      O_NOFOLLOW    O_DIRECTORY     arm, arm64, m68k
 *   POWERPC    O_DIRECT      O_LARGEFILE   O_NOFOLLOW    O_DIRECTORY
 * </pre>
 *
 * <p>The protocol does not tell the architecture, but the flags do: a Linux of 64 bits sets O_LARGEFILE in every open
 * of a program, opendir(3) and O_TMPFILE come with O_DIRECTORY, and the open of a regular file never does. Few flags
 * can be read in two ways then, and hardly any that say O_DIRECT, the one that matters most.
 *
 * <p>Alpha, MIPS, PA-RISC and SPARC, which number most flags, locks and even errors in their own way, are not served
 * rightly.
 */
enum GuestArchitecture {
    GENERIC(0x4000, 0x8000, 0x10000, 0x20000),
    ARM(0x10000, 0x20000, 0x4000, 0x8000),
    POWERPC(0x20000, 0x10000, 0x4000, 0x8000);

    private static final int SHIFT = 14;
    private static final int BITS = 0xf << SHIFT;
    private static final GuestArchitecture[] ALL = values();

    private final int largefile;
    private final int directory;

    /** 16 times 4 bits: for each value of the client's four, those by which the host says the same. */
    private final long hostBits;

    GuestArchitecture(int direct, int largefile, int directory, int nofollow) {
        this.largefile = largefile;
        this.directory = directory;
        long table = 0;
        for (long i = 0; i < 1 << 4; i++) {
            int flags = (int) i << SHIFT;
            int host = ((flags & direct) != 0 ? OpenFlags.O_DIRECT : 0)
                    | ((flags & largefile) != 0 ? OpenFlags.O_LARGEFILE : 0)
                    | ((flags & directory) != 0 ? OpenFlags.O_DIRECTORY : 0)
                    | ((flags & nofollow) != 0 ? OpenFlags.O_NOFOLLOW : 0);
            table |= (long) (host >>> SHIFT) << (4 * i);
        }
        hostBits = table;
    }

    /** That of the host. */
    static GuestArchitecture ofHost() {
        return OpenFlags.O_DIRECTORY == GENERIC.directory ? GENERIC : ARM;
    }

    /** The open flags of such a client as {@link OpenFlags} has them. */
    int toHost(int flags) {
        int value = (flags & BITS) >>> SHIFT;
        return (flags & ~BITS) | (((int) (hostBits >>> (4 * value)) << SHIFT) & BITS);
    }

    /**
     * What the client is, if it was taken for this one until it opened something with these flags.
     *
     * @param directory whether O_DIRECTORY is to be expected: in OPENDIR and TMPFILE, not in OPEN and CREATE
     */
    GuestArchitecture judgedBy(int flags, boolean directory) {
        if (explains(flags, directory)) {
            return this;
        }
        for (GuestArchitecture other : ALL) {
            if (other.explains(flags, directory)) {
                return other;
            }
        }
        return this;
    }

    private boolean explains(int flags, boolean expected) {
        return (flags & largefile) != 0 && ((flags & directory) != 0) == expected;
    }
}
