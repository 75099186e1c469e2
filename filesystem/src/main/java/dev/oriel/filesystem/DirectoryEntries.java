package dev.oriel.filesystem;

import dev.oriel.fuse.FuseEntryOut;
import java.lang.foreign.MemorySegment;

/** Where READDIR and READDIRPLUS put the entries of a directory: the reply that the client gave room for. */
public interface DirectoryEntries {

    /**
     * Whether an entry with a name of this many bytes still fits. A READDIRPLUS asks before it looks the entry up,
     * because an entry that is not delivered must not count as looked up.
     */
    boolean fits(int nameLength);

    /**
     * Adds an entry of a READDIR.
     *
     * @param ino the inode number
     * @param next where the client goes on after this entry: the {@code offset} of its next READDIR
     * @param type the file type, {@code mode >> 12} ({@code DT_*}), 0 if unknown
     * @return whether it fitted; an entry that did not must be delivered by the next READDIR
     */
    boolean add(long ino, long next, int type, MemorySegment name, long nameOffset, int nameLength);

    /**
     * The {@code fuse_entry_out} of the entry that {@link #addPlus} adds next: filled in place, all zero at first. An
     * entry whose nodeid stays 0 is one that the client must look up itself.
     */
    FuseEntryOut entry();

    /** As {@link #add}, for READDIRPLUS: adds the entry with what {@link #entry()} was filled with. */
    boolean addPlus(long ino, long next, int type, MemorySegment name, long nameOffset, int nameLength);
}
