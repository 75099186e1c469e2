package dev.oriel.hadoop;

import dev.oriel.filesystem.node.Allowance;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.Path;
import org.jspecify.annotations.Nullable;

/** The files that are open, of all sessions. For all threads; its lock is held for a few instructions. */
final class HadoopFiles {
    private static final class Used {
        final HadoopFile file;
        int users;

        Used(HadoopFile file) {
            this.file = file;
        }
    }

    private final Cluster cluster;
    private final Map<Object, Used> files = new HashMap<>();

    HadoopFiles(Cluster cluster) {
        this.cluster = cluster;
    }

    private Object key(HadoopNode node) {
        return node.inode != 0 ? node.inode : cluster.path(node).toString();
    }

    /**
     * Opens a file.
     *
     * @param created a stream to the file, which was just made; null if it was there
     * @param truncates whether all that it holds is dropped
     * @param payer what the session may change of staged files
     * @param out gets the open file
     * @return 0 or an errno
     */
    int open(
            HadoopNode node,
            int flags,
            @Nullable FSDataOutputStream created,
            boolean truncates,
            Allowance payer,
            @Nullable OpenHadoopFile[] out) {
        HadoopFile file;
        synchronized (this) {
            Object key = key(node);
            Used used =
                    files.computeIfAbsent(key, _ -> new Used(new HadoopFile(cluster, new Place(cluster, node, key))));
            used.users++;
            file = used.file;
        }
        OpenHadoopFile opened = new OpenHadoopFile(this, file, node.nodeid, flags);
        int result = file.open(opened, created, truncates, payer);
        if (result != 0) {
            leave(file);
            return result;
        }
        out[0] = opened;
        return 0;
    }

    /** The file of a node, if it is open or has something that is not written back. */
    synchronized @Nullable HadoopFile get(HadoopNode node) {
        Used used = files.get(key(node));
        return used == null ? null : used.file;
    }

    int close(OpenHadoopFile opened) {
        int result = opened.file().close(opened);
        leave(opened.file());
        return result;
    }

    private synchronized void leave(HadoopFile file) {
        Used used = files.get(file.place().key());
        if (used != null && used.file == file && --used.users == 0 && !file.isUsed()) {
            files.remove(file.place().key());
        }
    }

    /** What is open by a name is not found by it any more: it was removed. */
    synchronized void removed(HadoopFile file) {
        files.remove(file.place().key());
    }

    /** The files of which something has to be written; a file that is written by nobody any more is among them. */
    synchronized List<HadoopFile> all() {
        List<HadoopFile> all = new ArrayList<>();
        files.values().forEach(used -> all.add(used.file));
        return all;
    }

    /** Files that are found by their names follow a rename of what is above them. */
    synchronized void moved(Path from, Path to) {
        Map<Object, Used> moved = new HashMap<>();
        String above = from.toString();
        files.entrySet().removeIf(entry -> {
            String before = entry.getKey().toString();
            boolean isBelow =
                    entry.getKey() instanceof String && (before.equals(above) || before.startsWith(above + "/"));
            if (isBelow) {
                Path now = new Path(
                        from.toUri().getScheme(),
                        from.toUri().getAuthority(),
                        to.toUri().getPath() + before.substring(above.length()));
                Path parent = now.getParent();
                entry.getValue().file.place().moved(now, parent == null ? now : parent);
                moved.put(now.toString(), entry.getValue());
            }
            return isBelow;
        });
        files.putAll(moved);
    }
}
