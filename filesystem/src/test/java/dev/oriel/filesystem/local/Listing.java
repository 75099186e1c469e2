package dev.oriel.filesystem.local;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.oriel.filesystem.DirectoryEntries;
import dev.oriel.filesystem.Entry;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/** The reply to a READDIR, with room for so many entries. */
public final class Listing implements DirectoryEntries {
    private final int room;
    private final Entry entry = new Entry();
    public final List<String> names = new ArrayList<>();
    public final List<Long> nodes = new ArrayList<>();
    public final List<Long> inos = new ArrayList<>();
    public final List<Long> offsets = new ArrayList<>();
    public final List<Integer> types = new ArrayList<>();

    public Listing(int room) {
        this.room = room;
    }

    public long next() {
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
        nodes.add(0L);
        return true;
    }

    @Override
    public Entry entry() {
        entry.clear();
        return entry;
    }

    @Override
    public boolean add(Entry entry, long next, MemorySegment name, long nameOffset, int nameLength) {
        if (!add(entry.attributes.ino, next, entry.attributes.mode >>> 12, name, nameOffset, nameLength)) {
            return false;
        }
        nodes.set(nodes.size() - 1, entry.nodeid);
        return true;
    }
}
