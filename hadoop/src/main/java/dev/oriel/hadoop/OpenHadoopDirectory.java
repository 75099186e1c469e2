package dev.oriel.hadoop;

import dev.oriel.filesystem.DirectoryEntries;
import dev.oriel.filesystem.Entry;
import dev.oriel.filesystem.node.Allowance;
import dev.oriel.filesystem.node.Handle;
import dev.oriel.linux.Errno;
import dev.oriel.linux.FileMode;
import java.nio.charset.StandardCharsets;
import org.apache.hadoop.fs.FileStatus;

/**
 * An open directory of a client. The place in the list is the offset by which the client goes on: itself, the one
 * above, and the entries.
 */
final class OpenHadoopDirectory extends Handle {
    private static final byte[] SELF = {'.'};
    private static final byte[] PARENT = {'.', '.'};
    private static final int DOTS = 2;
    private static final int DT_DIR = FileMode.S_IFDIR >> 12;

    private final DirectoryReader reader;

    /** @param memory bytes of heap, for the entries */
    OpenHadoopDirectory(Allowance memory, long nodeid) {
        super(nodeid);
        reader = new DirectoryReader(memory);
    }

    /** Serves a READDIR. A failure is told when there is nothing else to tell. */
    synchronized int deliver(HadoopState state, HadoopNode node, long offset, boolean plus, DirectoryEntries out) {
        if (offset < 0) {
            return -Errno.EINVAL;
        }
        if (offset == 0) {
            reader.clear();
        }
        long next = Math.max(offset, DOTS);
        reader.seek(state.cluster, state.cluster.path(node), next - DOTS);
        FileStatus status = reader.next(state.cluster);
        if (reader.failure() != 0) {
            return reader.failure();
        }
        HadoopNode parent = node.parent();
        if (offset < 1 && !out.add(node.ino, 1, DT_DIR, SELF)) {
            return 0;
        }
        if (offset < DOTS && !out.add(parent == null ? node.ino : parent.ino, DOTS, DT_DIR, PARENT)) {
            return 0;
        }
        boolean tells = plus;
        while (status != null) {
            // asked after each entry that was read, and not again once it is so: it may wait
            tells = tells && !state.cluster.replacements().haveChanged(reader.begunAt());
            if (!add(state, node, status, ++next, plus, tells, out)) {
                break;
            }
            status = reader.next(state.cluster);
        }
        return 0;
    }

    /** Tells an entry, unless there is no room for it. */
    private static boolean add(
            HadoopState state,
            HadoopNode node,
            FileStatus status,
            long next,
            boolean plus,
            boolean tells,
            DirectoryEntries out) {
        String name = status.getPath().getName();
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        if (!out.fits(bytes.length)) {
            return false;
        }
        // a file whose size is another now is listed without its node, and so is one for which there is no room
        boolean isCertain = tells || (plus && status.isDirectory());
        Entry entry = isCertain && !status.isSymlink() ? out.entry() : null;
        if (entry == null || state.enter(node, name, status, entry) != 0) {
            long inode = node.inSnapshot ? 0 : state.cluster.inode(status);
            long ino = inode != 0 ? inode : Cluster.inoOf(state.cluster.child(node, name));
            return out.add(ino, next, Modes.type(status) >> 12, bytes);
        }
        long nodeid = entry.nodeid;
        boolean added = out.add(entry, next, bytes);
        if (!added) {
            state.nodes.forget(nodeid, 1);
        }
        return added;
    }

    @Override
    protected void dispose() {
        reader.clear();
    }
}
