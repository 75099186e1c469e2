package dev.oriel.filesystem.layer;

import dev.oriel.filesystem.DirectoryEntries;
import dev.oriel.filesystem.Entry;
import dev.oriel.filesystem.Request;
import dev.oriel.linux.FileMode;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A reply to READDIR or READDIRPLUS, to which entries with the host's types and attributes are added. One for each
 * thread.
 */
final class OverriddenEntries implements DirectoryEntries {
    private static final int DT_UNKNOWN = 0;
    private static final int DT_REG = FileMode.S_IFREG >>> 12;

    private @Nullable OverrideStatSession session;
    private @Nullable Request request;
    private @Nullable DirectoryEntries target;

    /** Before a READDIR: whose it is, and where its entries go. */
    OverriddenEntries into(OverrideStatSession ofSession, Request ofRequest, DirectoryEntries entries) {
        session = ofSession;
        request = ofRequest;
        target = entries;
        return this;
    }

    private DirectoryEntries target() {
        return Objects.requireNonNull(target);
    }

    @Override
    public boolean fits(int nameLength) {
        return target().fits(nameLength);
    }

    /** A regular file of the host may be anything: who wants to know asks for its attributes. */
    @Override
    public boolean add(long ino, long next, int type, MemorySegment name, long nameOffset, int nameLength) {
        return target().add(ino, next, type == DT_REG ? DT_UNKNOWN : type, name, nameOffset, nameLength);
    }

    @Override
    public Entry entry() {
        return target().entry();
    }

    @Override
    public boolean add(Entry entry, long next, MemorySegment name, long nameOffset, int nameLength) {
        OverrideStatSession shown = Objects.requireNonNull(session);
        if (shown.show(Objects.requireNonNull(request), entry.nodeid, entry.attributes) < 0) {
            // listed without its node: the client looks it up if it wants it, and gets the error
            boolean added = target().add(entry.attributes.ino, next, DT_UNKNOWN, name, nameOffset, nameLength);
            if (added) {
                shown.forget(entry.nodeid, 1);
            }
            return added;
        }
        return target().add(entry, next, name, nameOffset, nameLength);
    }
}
