package dev.oriel.filesystem;

import java.lang.foreign.MemorySegment;

/** Where READDIR and READDIRPLUS put the entries of a directory: the reply that the client gave room for. */
public interface DirectoryEntries {

    /**
     * Whether an entry with a name of this many bytes still fits. A READDIRPLUS asks before it looks the entry up,
     * because an entry that is not delivered must not count as looked up.
     */
    boolean fits(int nameLength);

    /**
     * Adds an entry without its node. In a READDIRPLUS it is one that the client must look up itself.
     *
     * @param ino the inode number
     * @param next where the client goes on after this entry: the {@code offset} of its next READDIR
     * @param type the file type, {@code mode >> 12} ({@code DT_*}), 0 if unknown
     * @param name memory in which the name lies, from {@code nameOffset} on, {@code nameLength} bytes
     * @return whether it fitted; an entry that did not must be delivered by the next READDIR
     */
    boolean add(long ino, long next, int type, MemorySegment name, long nameOffset, int nameLength);

    /** As {@link #add(long, long, int, MemorySegment, long, int)}, for a name that is an array of bytes. */
    default boolean add(long ino, long next, int type, byte[] name) {
        return add(ino, next, type, MemorySegment.ofArray(name), 0, name.length);
    }

    /** An entry to be filled for {@link #add(Entry, long, MemorySegment, long, int)}, cleared. */
    Entry entry();

    /**
     * As {@link #add(long, long, int, MemorySegment, long, int)}, for READDIRPLUS: adds an entry with its node, which
     * counts as looked up once if the entry fitted. Inode number and file type are those of its attributes.
     */
    boolean add(Entry entry, long next, MemorySegment name, long nameOffset, int nameLength);

    /** As {@link #add(Entry, long, MemorySegment, long, int)}, for a name that is an array of bytes. */
    default boolean add(Entry entry, long next, byte[] name) {
        return add(entry, next, MemorySegment.ofArray(name), 0, name.length);
    }
}
