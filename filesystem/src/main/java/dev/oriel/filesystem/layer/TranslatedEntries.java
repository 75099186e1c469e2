package dev.oriel.filesystem.layer;

import dev.oriel.filesystem.DirectoryEntries;
import dev.oriel.filesystem.Entry;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A reply to READDIRPLUS, to which entries with the host's ids are added. One for each thread. */
final class TranslatedEntries implements DirectoryEntries {
    private final IdTranslation users;
    private final IdTranslation groups;
    private @Nullable DirectoryEntries target;

    TranslatedEntries(IdTranslation users, IdTranslation groups) {
        this.users = users;
        this.groups = groups;
    }

    /** Before a READDIR: where its entries go. */
    TranslatedEntries into(DirectoryEntries entries) {
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

    @Override
    public boolean add(long ino, long next, int type, MemorySegment name, long nameOffset, int nameLength) {
        return target().add(ino, next, type, name, nameOffset, nameLength);
    }

    @Override
    public Entry entry() {
        return target().entry();
    }

    @Override
    public boolean add(Entry entry, long next, MemorySegment name, long nameOffset, int nameLength) {
        entry.attributes.uid = users.toGuest(entry.attributes.uid);
        entry.attributes.gid = groups.toGuest(entry.attributes.gid);
        return target().add(entry, next, name, nameOffset, nameLength);
    }
}
