package dev.oriel.fuse;

/**
 * {@code struct fuse_entry_out}. The reply to LOOKUP and to all that creates: a node, and for how long its name
 * and its attributes may be cached. Nodeid 0 says that there is no such name.
 *
 * <pre>
 *     0  u64            nodeid
 *     8  u64            generation
 *    16  u64            entry_valid
 *    24  u64            attr_valid
 *    32  u32            entry_valid_nsec
 *    36  u32            attr_valid_nsec
 *    40  fuse_attr      attr
 * </pre>
 */
public final class FuseEntryOut extends FuseStruct {
    /** The size in bytes. */
    public static final int SIZE = 128;

    private final FuseAttr attr = new FuseAttr();

    @Override
    public int structSize() {
        return SIZE;
    }

    /** {@code nodeid} */
    public long nodeid() {
        return u64(0);
    }

    /** Sets {@code nodeid}. */
    public FuseEntryOut nodeid(long value) {
        u64(0, value);
        return this;
    }

    /** {@code generation} */
    public long generation() {
        return u64(8);
    }

    /** Sets {@code generation}. */
    public FuseEntryOut generation(long value) {
        u64(8, value);
        return this;
    }

    /** {@code entry_valid} */
    public long entryValid() {
        return u64(16);
    }

    /** Sets {@code entry_valid}. */
    public FuseEntryOut entryValid(long value) {
        u64(16, value);
        return this;
    }

    /** {@code attr_valid} */
    public long attrValid() {
        return u64(24);
    }

    /** Sets {@code attr_valid}. */
    public FuseEntryOut attrValid(long value) {
        u64(24, value);
        return this;
    }

    /** {@code entry_valid_nsec} */
    public int entryValidNsec() {
        return u32(32);
    }

    /** Sets {@code entry_valid_nsec}. */
    public FuseEntryOut entryValidNsec(int value) {
        u32(32, value);
        return this;
    }

    /** {@code attr_valid_nsec} */
    public int attrValidNsec() {
        return u32(36);
    }

    /** Sets {@code attr_valid_nsec}. */
    public FuseEntryOut attrValidNsec(int value) {
        u32(36, value);
        return this;
    }

    /** {@code attr}, embedded. */
    public FuseAttr attr() {
        return embedded(attr, 40);
    }
}
