package dev.oriel.fuse;

/**
 * {@code struct fuse_init_in}.
 *
 * <pre>
 *     0  u32            major
 *     4  u32            minor
 *     8  u32            max_readahead
 *    12  u32            flags
 *    16  u32            flags2
 *    20  u32[11]        unused
 * </pre>
 */
public final class FuseInitIn extends FuseStruct {
    /** The size in bytes. */
    public static final int SIZE = 64;

    @Override
    public int structSize() {
        return SIZE;
    }

    /** {@code major} */
    public int major() {
        return u32(0);
    }

    /** Sets {@code major}. */
    public FuseInitIn major(int value) {
        u32(0, value);
        return this;
    }

    /** {@code minor} */
    public int minor() {
        return u32(4);
    }

    /** Sets {@code minor}. */
    public FuseInitIn minor(int value) {
        u32(4, value);
        return this;
    }

    /** {@code max_readahead} */
    public int maxReadahead() {
        return u32(8);
    }

    /** Sets {@code max_readahead}. */
    public FuseInitIn maxReadahead(int value) {
        u32(8, value);
        return this;
    }

    /** {@code flags} */
    public int flags() {
        return u32(12);
    }

    /** Sets {@code flags}. */
    public FuseInitIn flags(int value) {
        u32(12, value);
        return this;
    }

    /** {@code flags2} */
    public int flags2() {
        return u32(16);
    }

    /** Sets {@code flags2}. */
    public FuseInitIn flags2(int value) {
        u32(16, value);
        return this;
    }
}
