package dev.oriel.device.dax;

import dev.oriel.filesystem.DirectoryEntries;
import dev.oriel.filesystem.Entry;
import java.lang.foreign.MemorySegment;

/**
 * The entries of a READDIRPLUS of a client that has a window, each looked at before it is delivered. For one thread.
 */
final class DaxDirectoryEntries implements DirectoryEntries {
    /** From {@code st_mode} to {@code DT_*}. */
    private static final int TYPE_SHIFT = 12;

    private final DaxSession session;
    private final DaxWindow window;
    private DirectoryEntries out = this;

    DaxDirectoryEntries(DaxSession session, DaxWindow window) {
        this.session = session;
        this.window = window;
    }

    DirectoryEntries before(DirectoryEntries next) {
        out = next;
        return this;
    }

    @Override
    public boolean fits(int nameLength) {
        return out.fits(nameLength);
    }

    @Override
    public boolean add(long ino, long next, int type, MemorySegment name, long nameOffset, int nameLength) {
        return out.add(ino, next, type, name, nameOffset, nameLength);
    }

    @Override
    public Entry entry() {
        return out.entry();
    }

    @Override
    public boolean add(Entry entry, long next, MemorySegment name, long nameOffset, int nameLength) {
        long nodeid = entry.nodeid;
        if (!window.concerns(nodeid)) {
            session.limit(entry.attributes);
            return out.add(entry, next, name, nameOffset, nameLength);
        }
        // The client looks it up itself: its size is told when the window has been renewed, which may have to be waited
        // for.
        int type = entry.attributes.mode >>> TYPE_SHIFT;
        boolean added = out.add(entry.attributes.ino, next, type, name, nameOffset, nameLength);
        if (added) {
            session.forget(nodeid, 1);
        }
        return added;
    }
}
