package dev.oriel.filesystem.local;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.oriel.filesystem.DirectoryEntries;
import dev.oriel.fuse.FuseEntryOut;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/** The reply to a READDIR, with room for so many entries. */
final class Listing implements DirectoryEntries {
    private final int room;
    private final FuseEntryOut entry = Client.made(new FuseEntryOut());
    final List<String> names = new ArrayList<>();
    final List<Long> nodes = new ArrayList<>();
    final List<Long> inos = new ArrayList<>();
    final List<Long> offsets = new ArrayList<>();
    final List<Integer> types = new ArrayList<>();

    Listing(int room) {
        this.room = room;
    }

    long next() {
        return offsets.getLast();
    }

    @Override
    public boolean fits(int nameLength) {
        return names.size() < room;
    }

    @Override
    public boolean add(long ino, long next, int type, MemorySegment name, long nameOffset, int nameLength) {
        if (!fits(nameLength)) {
            return false;
        }
        byte[] bytes = name.asSlice(nameOffset, nameLength).toArray(ValueLayout.JAVA_BYTE);
        names.add(new String(bytes, UTF_8));
        inos.add(ino);
        offsets.add(next);
        types.add(type);
        return true;
    }

    @Override
    public FuseEntryOut entry() {
        return entry;
    }

    @Override
    public boolean addPlus(long ino, long next, int type, MemorySegment name, long nameOffset, int nameLength) {
        if (!add(ino, next, type, name, nameOffset, nameLength)) {
            return false;
        }
        nodes.add(entry.nodeid());
        entry.clear();
        return true;
    }
}
