package dev.oriel.fuse;

/**
 * {@code struct fuse_interrupt_in}.
 *
 * <pre>
 *     0  u64            unique
 * </pre>
 */
public final class FuseInterruptIn extends FuseStruct {
    /** The size in bytes. */
    public static final int SIZE = 8;

    @Override
    public int structSize() {
        return SIZE;
    }

    /** {@code unique} */
    public long unique() {
        return u64(0);
    }

    /** Sets {@code unique}. */
    public FuseInterruptIn unique(long value) {
        u64(0, value);
        return this;
    }
}
