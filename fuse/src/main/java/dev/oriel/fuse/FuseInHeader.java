package dev.oriel.fuse;

/**
 * {@code struct fuse_in_header}. The header of every request.
 *
 * <pre>
 *     0  u32            len
 *     4  u32            opcode
 *     8  u64            unique
 *    16  u64            nodeid
 *    24  u32            uid
 *    28  u32            gid
 *    32  u32            pid
 *    36  u16            total_extlen
 *    38  u16            padding
 * </pre>
 */
public final class FuseInHeader extends FuseStruct {
    /** The size in bytes. */
    public static final int SIZE = 40;

    @Override
    public int structSize() {
        return SIZE;
    }

    /** {@code len} */
    public int len() {
        return u32(0);
    }

    /** Sets {@code len}. */
    public FuseInHeader len(int value) {
        u32(0, value);
        return this;
    }

    /** {@code opcode} */
    public int opcode() {
        return u32(4);
    }

    /** Sets {@code opcode}. */
    public FuseInHeader opcode(int value) {
        u32(4, value);
        return this;
    }

    /** {@code unique} */
    public long unique() {
        return u64(8);
    }

    /** Sets {@code unique}. */
    public FuseInHeader unique(long value) {
        u64(8, value);
        return this;
    }

    /** {@code nodeid} */
    public long nodeid() {
        return u64(16);
    }

    /** Sets {@code nodeid}. */
    public FuseInHeader nodeid(long value) {
        u64(16, value);
        return this;
    }

    /** {@code uid} */
    public int uid() {
        return u32(24);
    }

    /** Sets {@code uid}. */
    public FuseInHeader uid(int value) {
        u32(24, value);
        return this;
    }

    /** {@code gid} */
    public int gid() {
        return u32(28);
    }

    /** Sets {@code gid}. */
    public FuseInHeader gid(int value) {
        u32(28, value);
        return this;
    }

    /** {@code pid} */
    public int pid() {
        return u32(32);
    }

    /** Sets {@code pid}. */
    public FuseInHeader pid(int value) {
        u32(32, value);
        return this;
    }

    /** {@code total_extlen} */
    public int totalExtlen() {
        return u16(36);
    }

    /** Sets {@code total_extlen}. */
    public FuseInHeader totalExtlen(int value) {
        u16(36, value);
        return this;
    }
}
