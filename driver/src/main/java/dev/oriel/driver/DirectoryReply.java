package dev.oriel.driver;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.oriel.fuse.FuseDirent;
import dev.oriel.fuse.FuseEntryOut;
import dev.oriel.linux.Errno;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** Takes apart what READDIR and READDIRPLUS answer. */
final class DirectoryReply {
    private static final int NAME_MAX = 255;

    private DirectoryReply() {}

    /**
     * The entries in a reply.
     *
     * @param bytes of the reply, which the device can still change
     * @param plus whether each entry begins with a {@code fuse_entry_out}
     * @throws FuseException EIO if it is no list of entries
     */
    static List<DirectoryEntry> parse(MemorySegment bytes, ByteOrder order, boolean plus) throws FuseException {
        List<DirectoryEntry> entries = new ArrayList<>();
        FuseDirent dirent = new FuseDirent();
        FuseEntryOut node = new FuseEntryOut();
        int lead = plus ? FuseEntryOut.SIZE : 0;
        int at = 0;
        int end = (int) bytes.byteSize();
        while (end - at >= lead + FuseDirent.SIZE) {
            dirent.at(bytes, at + lead, order);
            int length = dirent.namelen();
            if (length < 1 || length > NAME_MAX || length > end - at - lead - FuseDirent.SIZE) {
                throw new FuseException(
                        "read a directory (the device names an entry of " + length + " bytes)", Errno.EIO);
            }
            byte[] name = bytes.asSlice(at + lead + FuseDirent.SIZE, length).toArray(JAVA_BYTE);
            for (byte b : name) {
                if (b == 0 || b == '/') {
                    throw new FuseException("read a directory (the device names an entry with NUL or /)", Errno.EIO);
                }
            }
            NodeEntry entry = null;
            if (plus) {
                node.at(bytes, at, order);
                NodeEntry copy = NodeEntry.of(node);
                entry = copy.nodeid() == 0 ? null : copy;
            }
            entries.add(new DirectoryEntry(name, dirent.ino(), dirent.off(), dirent.type(), entry));
            at += (lead + FuseDirent.SIZE + length + 7) & -8;
        }
        return entries;
    }
}
