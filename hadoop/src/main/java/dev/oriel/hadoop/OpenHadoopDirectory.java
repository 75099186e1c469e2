package dev.oriel.hadoop;

import dev.oriel.filesystem.DirectoryEntries;
import dev.oriel.filesystem.Entry;
import dev.oriel.filesystem.node.Allowance;
import dev.oriel.filesystem.node.Handle;
import dev.oriel.linux.Errno;
import dev.oriel.linux.FileMode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;

/**
 * An open directory of a client. It is read when the client begins, some hundred entries at a time as the cluster tells
 * them, and the place in the list is the offset by which the client goes on: itself, the one above, and the entries.
 */
final class OpenHadoopDirectory extends Handle {
    /** Heap of what the cluster tells of an entry, beside its name. */
    private static final long ENTRY_BYTES = 400;

    private static final byte[] SELF = {'.'};
    private static final byte[] PARENT = {'.', '.'};
    private static final int DOTS = 2;
    private static final int DT_DIR = FileMode.S_IFDIR >> 12;

    private final Allowance memory;
    private List<FileStatus> entries = new ArrayList<>();
    private long taken;

    /** What was replaced and changed by the time that it was read: sizes that were told may be of before. */
    private long readAt;

    /** @param memory bytes of heap, for the entries */
    OpenHadoopDirectory(Allowance memory, long nodeid) {
        super(nodeid);
        this.memory = memory;
    }

    private int read(Cluster cluster, Path path) {
        clear();
        readAt = cluster.replacements().changes();
        return (int) cluster.ask(() -> {
            RemoteIterator<FileStatus> all = cluster.files().listStatusIterator(path);
            while (all.hasNext()) {
                if (!add(all.next())) {
                    return -Errno.ENOMEM;
                }
            }
            return 0;
        });
    }

    private boolean add(FileStatus entry) throws IOException {
        String name = entry.getPath().getName();
        if (!HadoopState.isShown(name)) {
            return true;
        }
        long bytes = ENTRY_BYTES + name.length();
        if (!memory.take(bytes)) {
            return false;
        }
        taken += bytes;
        entries.add(entry);
        return true;
    }

    private void clear() {
        entries = new ArrayList<>();
        memory.give(taken);
        taken = 0;
    }

    /** Serves a READDIR. */
    synchronized int deliver(HadoopState state, HadoopNode node, long offset, boolean plus, DirectoryEntries out) {
        if (offset == 0) {
            int result = read(state.cluster, state.cluster.path(node));
            if (result != 0) {
                return result;
            }
        }
        if (offset < 0 || offset > DOTS + entries.size()) {
            return -Errno.EINVAL;
        }
        HadoopNode parent = node.parent();
        if (offset < 1 && !out.add(node.ino, 1, DT_DIR, SELF)) {
            return 0;
        }
        if (offset < DOTS && !out.add(parent == null ? node.ino : parent.ino, DOTS, DT_DIR, PARENT)) {
            return 0;
        }
        boolean tells = plus && !state.cluster.replacements().haveChanged(readAt);
        for (int i = Math.max(0, (int) offset - DOTS); i < entries.size(); i++) {
            long next = DOTS + i + 1L;
            FileStatus status = entries.get(i);
            String name = status.getPath().getName();
            byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
            if (!out.fits(bytes.length)) {
                break;
            }
            // a file whose size is another now is listed without its node, and so is one for which there is no room
            boolean isCertain = tells || (plus && status.isDirectory());
            Entry entry = isCertain && !status.isSymlink() ? out.entry() : null;
            if (entry == null || state.enter(node, name, status, entry) != 0) {
                long inode = node.inSnapshot ? 0 : state.cluster.inode(status);
                long ino = inode != 0 ? inode : Cluster.inoOf(state.cluster.child(node, name));
                if (!out.add(ino, next, Modes.type(status) >> 12, bytes)) {
                    break;
                }
                continue;
            }
            long nodeid = entry.nodeid;
            if (!out.add(entry, next, bytes)) {
                state.nodes.forget(nodeid, 1);
                break;
            }
        }
        return 0;
    }

    @Override
    protected void dispose() {
        clear();
    }
}
