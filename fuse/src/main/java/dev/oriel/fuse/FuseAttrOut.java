package dev.oriel.fuse;

/**
 * {@code struct fuse_attr_out}.
 *
 * <pre>
 *     0  u64            attr_valid
 *     8  u32            attr_valid_nsec
 *    12  u32            dummy
 *    16  fuse_attr      attr
 * </pre>
 */
public final class FuseAttrOut extends FuseStruct {
    /** The size in bytes. */
    public static final int SIZE = 104;

    private final FuseAttr attr = new FuseAttr();

    @Override
    public int structSize() {
        return SIZE;
    }

    /** {@code attr_valid} */
    public long attrValid() {
        return u64(0);
    }

    /** Sets {@code attr_valid}. */
    public FuseAttrOut attrValid(long value) {
        u64(0, value);
        return this;
    }

    /** {@code attr_valid_nsec} */
    public int attrValidNsec() {
        return u32(8);
    }

    /** Sets {@code attr_valid_nsec}. */
    public FuseAttrOut attrValidNsec(int value) {
        u32(8, value);
        return this;
    }

    /** {@code attr}, embedded. */
    public FuseAttr attr() {
        return embedded(attr, 16);
    }
}
