package dev.oriel.device.operation;

import dev.oriel.filesystem.DirectoryEntries;
import dev.oriel.filesystem.Entry;
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

    /** From {@code st_mode} to {@code DT_*}. */
    private static final int TYPE_SHIFT = 12;

    private final FuseDirent dirent = new FuseDirent();
    private final OperationScratch scratch;

    private MemorySegment records = MemorySegment.NULL;
    private ByteOrder order = ByteOrder.nativeOrder();
    private int prefix;
    private int limit;
    private int size;
    private boolean refused;

    DirectoryReply(OperationScratch scratch) {
        this.scratch = scratch;
    }

    /** Begins with no entries, in the first {@code limit} bytes of {@code records}. */
    void begin(MemorySegment records, int limit, boolean plus, ByteOrder order) {
        this.records = records;
        this.limit = limit;
        this.order = order;
        prefix = plus ? FuseEntryOut.SIZE : 0;
        size = 0;
        refused = false;
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
        if (!fits(nameLength)) {
            return false;
        }
        for (int i = 0; i < prefix; i += Long.BYTES) {
            records.set(ValueLayout.JAVA_LONG_UNALIGNED, size + i, 0);
        }
        append(ino, next, type, name, nameOffset, nameLength);
        return true;
    }

    @Override
    public Entry entry() {
        return scratch.entry();
    }

    /** A READDIR has no room for what is known of the node, and does not count as a lookup. */
    @Override
    public boolean add(Entry entry, long next, MemorySegment name, long nameOffset, int nameLength) {
        if (prefix == 0 || !fits(nameLength)) {
            refused = true;
            return false;
        }
        scratch.encoder.encode(entry, records, size, order);
        int type = entry.attributes.mode >>> TYPE_SHIFT;
        append(entry.attributes.ino, next, type, name, nameOffset, nameLength);
        return true;
    }

    private void append(long ino, long next, int type, MemorySegment name, long nameOffset, int nameLength) {
        int at = size + prefix;
        dirent.at(records, at, order);
        dirent.ino(ino).off(next).namelen(nameLength).type(type);
        int nameAt = at + FuseDirent.SIZE;
        int after = size + recordSize(nameLength);
        // The padding lies within the last 8 bytes.
        records.set(ValueLayout.JAVA_LONG_UNALIGNED, after - Long.BYTES, 0);
        MemorySegment.copy(name, nameOffset, records, nameAt, nameLength);
        size = after;
    }

    private int recordSize(int nameLength) {
        return (prefix + FuseDirent.SIZE + nameLength + Long.BYTES - 1) & -Long.BYTES;
    }
}
