package dev.oriel.device;

import dev.oriel.fuse.FuseAttrOut;
import dev.oriel.fuse.FuseEntryOut;
import dev.oriel.fuse.FuseOpenOut;
import dev.oriel.fuse.FuseStatxOut;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;

/**
 * What a file system answers, in memory of ours: it is looked at, and perhaps changed, before the client gets it. One
 * for each thread.
 */
final class ToldReply {
    private static final ThreadLocal<ToldReply> OF_THREAD = ThreadLocal.withInitial(ToldReply::new);
    private static final int ENTRY = 128;
    private static final int STATX = 256;
    private static final int OPEN = 576;

    private final MemorySegment memory = Arena.ofAuto().allocate(OPEN + FuseOpenOut.SIZE, Long.BYTES);
    private final FuseAttrOut attr = new FuseAttrOut();
    private final FuseEntryOut entry = new FuseEntryOut();
    private final FuseOpenOut open = new FuseOpenOut();
    private final FuseStatxOut statx = new FuseStatxOut();

    private ToldReply() {}

    static ToldReply ofThread() {
        return OF_THREAD.get();
    }

    /** All zero. */
    FuseAttrOut attr(ByteOrder order) {
        attr.at(memory, 0, order);
        attr.clear();
        return attr;
    }

    /** All zero. */
    FuseEntryOut entry(ByteOrder order) {
        entry.at(memory, ENTRY, order);
        entry.clear();
        return entry;
    }

    /** All zero. */
    FuseStatxOut statx(ByteOrder order) {
        statx.at(memory, STATX, order);
        statx.clear();
        return statx;
    }

    /** All zero. */
    FuseOpenOut open(ByteOrder order) {
        open.at(memory, OPEN, order);
        open.clear();
        return open;
    }
}
