package dev.oriel.device;

import dev.oriel.filesystem.DirectoryEntries;
import dev.oriel.fuse.FuseDirent;
import dev.oriel.fuse.FuseEntryOut;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * The body of a READDIR or READDIRPLUS: records one after another, each padded to 8 bytes, in private memory.
 *
 * <pre>
 *   READDIR       | fuse_dirent 24 | name | padding |
 *   READDIRPLUS   | fuse_entry_out 128 | fuse_dirent 24 | name | padding |
 * </pre>
 */
final class DirectoryReply implements DirectoryEntries {
    /** Names of other systems' entries are no longer either. */
    private static final int NAME_MAX = 255;

    private final FuseDirent dirent = new FuseDirent();
    private final FuseEntryOut entry = new FuseEntryOut();
    private final MemorySegment entryScratch;

    private MemorySegment records = MemorySegment.NULL;
    private ByteOrder order = ByteOrder.nativeOrder();
    private int prefix;
    private int limit;
    private int size;
    private boolean refused;

    /** Whether the entry that is added next was asked for. */
    private boolean hasEntry;

    /** @param entryScratch {@link FuseEntryOut#SIZE} bytes that stand for an entry that does not fit */
    DirectoryReply(MemorySegment entryScratch) {
        this.entryScratch = entryScratch;
    }

    /** Begins with no entries, in the first {@code limit} bytes of {@code records}. */
    void begin(MemorySegment records, int limit, boolean plus, ByteOrder order) {
        this.records = records;
        this.limit = limit;
        this.order = order;
        prefix = plus ? FuseEntryOut.SIZE : 0;
        size = 0;
        refused = false;
        hasEntry = false;
    }

    /** The number of bytes of all records. */
    int size() {
        return size;
    }

    /** Whether an entry did not fit. */
    boolean refused() {
        return refused;
    }

    @Override
    public boolean fits(int nameLength) {
        boolean fits = nameLength > 0 && nameLength <= NAME_MAX && recordSize(nameLength) <= limit - size;
        refused |= !fits;
        return fits;
    }

    @Override
    public boolean add(long ino, long next, int type, MemorySegment name, long nameOffset, int nameLength) {
        return fits(nameLength) && append(ino, next, type, name, nameOffset, nameLength);
    }

    @Override
    public FuseEntryOut entry() {
        if (FuseEntryOut.SIZE <= limit - size) {
            entry.at(records, size, order);
        } else {
            entry.at(entryScratch, 0, order);
        }
        entry.clear();
        hasEntry = true;
        return entry;
    }

    @Override
    public boolean addPlus(long ino, long next, int type, MemorySegment name, long nameOffset, int nameLength) {
        if (!hasEntry) {
            // the memory has what other replies left there: a node that the client would take for the name's
            entry();
        }
        hasEntry = false;
        return fits(nameLength) && append(ino, next, type, name, nameOffset, nameLength);
    }

    private boolean append(long ino, long next, int type, MemorySegment name, long nameOffset, int nameLength) {
        int at = size + prefix;
        dirent.at(records, at, order);
        dirent.ino(ino).off(next).namelen(nameLength).type(type);
        int nameAt = at + FuseDirent.SIZE;
        int after = size + recordSize(nameLength);
        // The padding lies within the last 8 bytes.
        records.set(ValueLayout.JAVA_LONG_UNALIGNED, after - Long.BYTES, 0);
        MemorySegment.copy(name, nameOffset, records, nameAt, nameLength);
        size = after;
        return true;
    }

    private int recordSize(int nameLength) {
        return (prefix + FuseDirent.SIZE + nameLength + Long.BYTES - 1) & -Long.BYTES;
    }
}
