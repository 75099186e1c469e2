package dev.oriel.driver;

import org.jspecify.annotations.Nullable;

/** An entry of a directory. */
public final class DirectoryEntry {
    private final byte[] name;
    private final long ino;
    private final long offset;
    private final int type;
    private final @Nullable NodeEntry entry;

    DirectoryEntry(byte[] name, long ino, long offset, int type, @Nullable NodeEntry entry) {
        this.name = name;
        this.ino = ino;
        this.offset = offset;
        this.type = type;
        this.entry = entry;
    }

    /** The name as the device has it: any bytes but NUL and "/". */
    public byte[] name() {
        return name.clone();
    }

    /** The inode number. */
    public long ino() {
        return ino;
    }

    /** Where reading goes on behind it. */
    public long offset() {
        return offset;
    }

    /** The file type, {@code mode >>> 12}; 0 if the device does not say. */
    public int type() {
        return type;
    }

    /** Of READDIRPLUS: the node, known once more; null where the device gave none, as for "." and "..". */
    public @Nullable NodeEntry entry() {
        return entry;
    }
}
