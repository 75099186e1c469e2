package dev.oriel.hadoop;

import dev.oriel.filesystem.Attributes;
import dev.oriel.filesystem.Entry;
import dev.oriel.filesystem.Name;
import dev.oriel.filesystem.Usage;
import dev.oriel.filesystem.node.Allowance;
import dev.oriel.filesystem.node.Handle;
import dev.oriel.filesystem.node.HandleTable;
import dev.oriel.fuse.FuseFlags;
import dev.oriel.linux.Errno;
import dev.oriel.linux.FileMode;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.apache.hadoop.fs.FileStatus;
import org.jspecify.annotations.Nullable;

/** What a session has given to its client, and how it answers with what the cluster tells. For all threads. */
final class HadoopState implements AutoCloseable {
    /**
     * Smaller files are read by request if a guest leaves the choice to us: a range of a window costs as much as
     * reading so much.
     */
    private static final long DAX_MIN_SIZE = 512 << 10;

    private static final int BLOCK = 128 << 10;
    private static final int UNIT = 512;

    final Cluster cluster;
    final HadoopFiles files;
    final HadoopNodes nodes;
    final HandleTable<Handle> handles;
    private final Allowance memory;
    private final Allowance open;

    /** What of staged files may be changed and not written back. */
    final Allowance changes;

    /**
     * @param memory bytes of heap for nodes; closed with this
     * @param open how many handles there may be; closed with this
     */
    HadoopState(Cluster cluster, HadoopFiles files, Allowance memory, Allowance open) {
        this.cluster = cluster;
        this.files = files;
        this.memory = memory;
        this.open = open;
        changes = cluster.staging().allowance();
        nodes = new HadoopNodes(cluster, memory);
        handles = new HandleTable<>(open);
    }

    /** What the client holds, and what is staged for all clients of the share. */
    void usage(Usage out) {
        out.nodes = nodes.size();
        out.nodeMemory = memory.taken();
        out.nodeMemoryLeft = memory.left();
        out.openFiles = open.taken();
        out.openFilesLeft = open.left();
        out.staged = cluster.staging().taken();
        out.stagedLimit = cluster.staging().limit();
    }

    /** A name as text; null if it is not UTF-8, which Hadoop's names are. */
    static @Nullable String text(Name name) {
        byte[] bytes = name.segment().asSlice(0, name.length()).toArray(ValueLayout.JAVA_BYTE);
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException malformed) {
            return null;
        }
    }

    /** Whether guests see an entry of this name. */
    static boolean isShown(String name) {
        return !name.startsWith(HadoopStore.TEMPORARY);
    }

    /** Fills attributes with what the cluster tells of a node, and what of its file is not there yet. */
    void fill(HadoopNode node, FileStatus status, Attributes out) {
        fill(node.ino, status, out);
        HadoopFile file = node.type == FileMode.S_IFREG && !node.inSnapshot ? files.get(node) : null;
        if (file != null && !file.isAhead()) {
            file.told(status);
        } else if (file != null) {
            out.size = file.size();
            out.blocks = (out.size + UNIT - 1) / UNIT;
            Instant written = file.written();
            if (written != null) {
                out.mtime = written.getEpochSecond();
                out.mtimensec = written.getNano();
                out.ctime = out.mtime;
                out.ctimensec = out.mtimensec;
            }
        }
        if (node.type == FileMode.S_IFREG && out.size >= DAX_MIN_SIZE) {
            out.flags |= FuseFlags.ATTR_DAX;
        }
    }

    private void fill(long ino, FileStatus status, Attributes out) {
        out.ino = ino;
        out.mode = Modes.mode(status);
        out.nlink = 1;
        out.uid = cluster.users().number(status.getOwner());
        out.gid = cluster.groups().number(status.getGroup());
        out.size = status.isDirectory() ? 0 : status.getLen();
        if (status.isSymlink()) {
            out.size = Links.target(status).length;
        }
        out.blocks = (out.size + UNIT - 1) / UNIT;
        out.blksize = BLOCK;
        ObjectStore objects = cluster.objects();
        long modified = objects != null && status.isDirectory() ? objects.begun() : status.getModificationTime();
        out.mtime = Math.floorDiv(modified, 1000L);
        out.mtimensec = (int) Math.floorMod(modified, 1000L) * 1_000_000;
        out.ctime = out.mtime;
        out.ctimensec = out.mtimensec;
        long accessed = status.getAccessTime() > 0 ? status.getAccessTime() : modified;
        out.atime = Math.floorDiv(accessed, 1000L);
        out.atimensec = (int) Math.floorMod(accessed, 1000L) * 1_000_000;
    }

    /**
     * Answers with the entry of a name, which counts as a lookup.
     *
     * @return 0 or an errno
     */
    int enter(HadoopNode parent, String name, FileStatus status, Entry out) {
        HadoopNode node = nodes.enter(parent, name, status);
        if (node == null) {
            return -Errno.ENFILE;
        }
        out.nodeid = node.nodeid;
        fill(node, status, out.attributes);
        return 0;
    }

    /** Adds a handle for which there is room: {@link HandleTable#reserve} was called. */
    long add(Handle handle) {
        handles.add(handle);
        return handle.number();
    }

    @Override
    public void close() {
        handles.close();
        memory.close();
        open.close();
        changes.retire();
    }
}
