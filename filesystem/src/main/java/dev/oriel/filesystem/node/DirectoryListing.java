package dev.oriel.filesystem.node;

import dev.oriel.filesystem.DirectoryEntries;
import dev.oriel.linux.Errno;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * The entries of an open directory, of a file system whose directories have no offsets of their own. The directory is
 * read once, when the client begins at 0, and the place in this list is the offset by which the client goes on: what is
 * made and removed meanwhile neither hides another entry nor shows one twice.
 *
 * <p>Compact: some 20 bytes an entry beside its name. For one thread at a time.
 */
public final class DirectoryListing {
    private static final int NAME_MAX = 255;
    private static final int MAGIC = 0x4f44_4952;
    private static final int VERSION = 1;

    private byte[] names = new byte[256];
    private int[] ends = new int[16];
    private long[] inos = new long[16];
    private byte[] types = new byte[16];
    private int count;

    /** Forgets all entries: the directory is read anew. */
    public void clear() {
        count = 0;
    }

    /** How many there are. */
    public int size() {
        return count;
    }

    /** Bytes of heap. */
    public long heapBytes() {
        return names.length + (long) ends.length * (Integer.BYTES + Long.BYTES + 1);
    }

    /**
     * Adds an entry.
     *
     * @param type {@code DT_*}, 0 if unknown
     * @param name 1 to 255 bytes
     */
    public void add(byte[] name, long ino, int type) {
        int from = end(count);
        if (from + name.length > names.length) {
            names = Arrays.copyOf(names, Math.max(2 * names.length, from + name.length));
        }
        if (count == ends.length) {
            ends = Arrays.copyOf(ends, 2 * count);
            inos = Arrays.copyOf(inos, 2 * count);
            types = Arrays.copyOf(types, 2 * count);
        }
        System.arraycopy(name, 0, names, from, name.length);
        ends[count] = from + name.length;
        inos[count] = ino;
        types[count] = (byte) type;
        count++;
    }

    private int end(int entries) {
        return entries == 0 ? 0 : ends[entries - 1];
    }

    /** The name of an entry. */
    public byte[] name(int index) {
        return Arrays.copyOfRange(names, end(index), ends[index]);
    }

    /** The inode number of an entry. */
    public long ino(int index) {
        return inos[index];
    }

    /** The file type of an entry, {@code DT_*}. */
    public int type(int index) {
        return types[index];
    }

    /**
     * Serves a READDIR: adds entries from {@code offset} on, as far as they fit.
     *
     * @return 0, or {@code -EINVAL} for an offset that no entry has given
     */
    public int deliver(long offset, DirectoryEntries entries) {
        if (offset < 0 || offset > count) {
            return -Errno.EINVAL;
        }
        MemorySegment bytes = MemorySegment.ofArray(names);
        for (int i = (int) offset; i < count; i++) {
            if (!entries.add(inos[i], i + 1L, types[i], bytes, end(i), ends[i] - end(i))) {
                break;
            }
        }
        return 0;
    }

    /**
     * Saves the entries, big-endian.
     *
     * <pre>
     *   u32 "ODIR" | u32 version 1 | u32 count | count times: u64 ino | u8 type | u8 length | name
     * </pre>
     */
    public void save(DataOutput out) throws IOException {
        out.writeInt(MAGIC);
        out.writeInt(VERSION);
        out.writeInt(count);
        for (int i = 0; i < count; i++) {
            out.writeLong(inos[i]);
            out.writeByte(types[i]);
            out.writeByte(ends[i] - end(i));
            out.write(names, end(i), ends[i] - end(i));
        }
    }

    /**
     * Reads entries in place of those that there are.
     *
     * @param mostBytes of heap that they may take
     * @throws IOException if what is read is no listing, or a longer one
     */
    public void restore(DataInput in, long mostBytes) throws IOException {
        clear();
        if (in.readInt() != MAGIC || in.readInt() != VERSION) {
            throw new IOException("this is no listing of a directory, or of a version that is not known");
        }
        int entries = in.readInt();
        if (entries < 0) {
            throw new IOException("the listing of a directory has no such number of entries");
        }
        for (int i = 0; i < entries; i++) {
            long ino = in.readLong();
            int type = in.readByte();
            byte[] name = new byte[in.readUnsignedByte()];
            in.readFully(name);
            if (name.length == 0 || name.length > NAME_MAX || heapBytes() > mostBytes) {
                throw new IOException("the listing of a directory has an entry without a name, or too many");
            }
            add(name, ino, type);
        }
    }
}
