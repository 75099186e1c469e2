package dev.oriel.filesystem.path;

import dev.oriel.filesystem.Attributes;
import dev.oriel.filesystem.Entry;
import dev.oriel.filesystem.Usage;
import dev.oriel.filesystem.node.Allowance;
import dev.oriel.filesystem.node.Handle;
import dev.oriel.filesystem.node.HandleTable;
import dev.oriel.filesystem.staging.StagedFile;
import dev.oriel.fuse.FuseFlags;
import dev.oriel.fuse.FuseInitFlags;
import dev.oriel.linux.Errno;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** What the parts of one session have together. For all threads. */
final class PathClient {
    final PathShare share;
    final PathNodes nodes;
    final PathResolver resolver;
    final HandleTable<Handle> handles;
    final Allowance memory;

    /** What of staged files may be changed and not written back. */
    final Allowance changes;

    private final Allowance openFiles;

    /** Whether the client has a DAX window, and asks which files are for it. */
    private final boolean hasWindow;

    /** @param flags INIT flags that are in force */
    PathClient(PathShare share, long flags) {
        this.share = share;
        hasWindow = (flags & FuseInitFlags.HAS_INODE_DAX) != 0;
        memory = share.nodeMemory.open();
        openFiles = share.openFiles.open();
        changes = share.changes();
        handles = new HandleTable<>(openFiles);
        nodes = new PathNodes(memory, share.numbers, rootKey());
        resolver = new PathResolver(share, nodes.root());
    }

    private @Nullable Object rootKey() {
        try {
            return share.look(share.root).key();
        } catch (Throwable unknown) {
            return null; // the client is told when it looks at the root
        }
    }

    /**
     * The node of a nodeid.
     *
     * @throws NoSuchFileException if the client has none such
     */
    PathNode node(long nodeid) throws NoSuchFileException {
        PathNode node = nodes.get(nodeid);
        if (node == null) {
            throw new NoSuchFileException("a node that was never given out");
        }
        return node;
    }

    /** Fills the attributes of a file that is at {@code path}. */
    void fill(PathNode node, Path path, PathStat stat, Attributes out) {
        stat.fill(out);
        out.ino = node.ino;
        out.validNanos = share.options.cache().validNanos();
        StagedFile staged = stat.isFile() ? share.staged.get(path) : null;
        if (staged != null && staged.modified() != null) {
            PathStat.changed(out, staged.size(), staged.modified());
        }
        if (hasWindow && stat.isFile() && out.size >= share.options.daxMinSize()) {
            out.flags = FuseFlags.ATTR_DAX;
        }
    }

    /** Fills an entry. */
    void fill(PathNode node, Path path, PathStat stat, Entry out) {
        fill(node, path, stat, out.attributes);
        out.nodeid = node.nodeid;
        out.validNanos = share.options.cache().validNanos();
    }

    /**
     * Looks at a file that has just been found or made, and fills its entry, which counts as looked up: 0 or an errno.
     */
    int enter(PathNode parent, String name, Path path, Entry out) throws IOException {
        PathStat stat = share.look(path);
        PathNode node = nodes.enter(parent, name, stat);
        if (node == null) {
            return -Errno.ENFILE;
        }
        fill(node, path, stat, out);
        return 0;
    }

    /** What the client holds, and what is staged for all clients of the share. */
    void usage(Usage out) {
        out.nodes = nodes.size();
        out.nodeMemory = memory.taken();
        out.nodeMemoryLeft = memory.left();
        out.openFiles = openFiles.taken();
        out.openFilesLeft = openFiles.left();
        share.usage(out);
    }

    void close() {
        handles.close();
        openFiles.close();
        changes.retire();
        memory.close();
    }
}
