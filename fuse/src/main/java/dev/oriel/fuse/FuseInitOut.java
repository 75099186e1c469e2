package dev.oriel.fuse;

/**
 * {@code struct fuse_init_out}.
 *
 * <pre>
 *     0  u32            major
 *     4  u32            minor
 *     8  u32            max_readahead
 *    12  u32            flags
 *    16  u16            max_background
 *    18  u16            congestion_threshold
 *    20  u32            max_write
 *    24  u32            time_gran
 *    28  u16            max_pages
 *    30  u16            map_alignment
 *    32  u32            flags2
 *    36  u32            max_stack_depth
 *    40  u16            request_timeout
 *    42  u16[11]        unused
 * </pre>
 */
public final class FuseInitOut extends FuseStruct {
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
    public FuseInitOut major(int value) {
        u32(0, value);
        return this;
    }

    /** {@code minor} */
    public int minor() {
        return u32(4);
    }

    /** Sets {@code minor}. */
    public FuseInitOut minor(int value) {
        u32(4, value);
        return this;
    }

    /** {@code max_readahead} */
    public int maxReadahead() {
        return u32(8);
    }

    /** Sets {@code max_readahead}. */
    public FuseInitOut maxReadahead(int value) {
        u32(8, value);
        return this;
    }

    /** {@code flags} */
    public int flags() {
        return u32(12);
    }

    /** Sets {@code flags}. */
    public FuseInitOut flags(int value) {
        u32(12, value);
        return this;
    }

    /** {@code max_background} */
    public int maxBackground() {
        return u16(16);
    }

    /** Sets {@code max_background}. */
    public FuseInitOut maxBackground(int value) {
        u16(16, value);
        return this;
    }

    /** {@code congestion_threshold} */
    public int congestionThreshold() {
        return u16(18);
    }

    /** Sets {@code congestion_threshold}. */
    public FuseInitOut congestionThreshold(int value) {
        u16(18, value);
        return this;
    }

    /** {@code max_write} */
    public int maxWrite() {
        return u32(20);
    }

    /** Sets {@code max_write}. */
    public FuseInitOut maxWrite(int value) {
        u32(20, value);
        return this;
    }

    /** {@code time_gran} */
    public int timeGran() {
        return u32(24);
    }

    /** Sets {@code time_gran}. */
    public FuseInitOut timeGran(int value) {
        u32(24, value);
        return this;
    }

    /** {@code max_pages} */
    public int maxPages() {
        return u16(28);
    }

    /** Sets {@code max_pages}. */
    public FuseInitOut maxPages(int value) {
        u16(28, value);
        return this;
    }

    /** {@code map_alignment} */
    public int mapAlignment() {
        return u16(30);
    }

    /** Sets {@code map_alignment}. */
    public FuseInitOut mapAlignment(int value) {
        u16(30, value);
        return this;
    }

    /** {@code flags2} */
    public int flags2() {
        return u32(32);
    }

    /** Sets {@code flags2}. */
    public FuseInitOut flags2(int value) {
        u32(32, value);
        return this;
    }

    /** {@code max_stack_depth} */
    public int maxStackDepth() {
        return u32(36);
    }

    /** Sets {@code max_stack_depth}. */
    public FuseInitOut maxStackDepth(int value) {
        u32(36, value);
        return this;
    }

    /** {@code request_timeout} */
    public int requestTimeout() {
        return u16(40);
    }

    /** Sets {@code request_timeout}. */
    public FuseInitOut requestTimeout(int value) {
        u16(40, value);
        return this;
    }
}
