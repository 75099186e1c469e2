package dev.oriel.hadoop;

import dev.oriel.filesystem.AttributeChange;
import dev.oriel.filesystem.Attributes;
import dev.oriel.filesystem.DirectoryEntries;
import dev.oriel.filesystem.Entry;
import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.filesystem.Name;
import dev.oriel.filesystem.Opened;
import dev.oriel.filesystem.Request;
import dev.oriel.filesystem.Status;
import dev.oriel.filesystem.Usage;
import dev.oriel.filesystem.node.Allowance;
import dev.oriel.linux.Errno;
import dev.oriel.linux.FileMode;
import dev.oriel.linux.IoVector;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** A client of a cluster. All but reads of what is staged wait for it, and so come again where they may block. */
final class HadoopSession implements FileSystemSession {
    private static final int MILLISECOND = 1_000_000;

    private final HadoopState state;
    private final Allowance memory;
    private final long flags;
    private final NameOperations names;
    private final AttributeOperations attributes;
    private final DataOperations data;

    /**
     * @param state closed with this
     * @param memory bytes of heap, for the entries of open directories
     */
    HadoopSession(HadoopState state, Allowance memory, long flags) {
        this.state = state;
        this.memory = memory;
        this.flags = flags;
        names = new NameOperations(state);
        attributes = new AttributeOperations(state);
        data = new DataOperations(state);
    }

    @Override
    public long flags() {
        return flags;
    }

    @Override
    public void usage(Usage out) {
        state.usage(out);
    }

    @Override
    public @Nullable String path(long nodeid) {
        HadoopNode node = state.nodes.get(nodeid);
        return node == null ? null : node.path();
    }

    @Override
    public int timeGranularity() {
        return MILLISECOND;
    }

    private interface OnNode {
        int perform(HadoopNode node);
    }

    private interface OnName {
        int perform(HadoopNode parent, String name);
    }

    private int on(Request request, long nodeid, OnNode operation) {
        if (!request.mayBlock()) {
            return WOULD_BLOCK;
        }
        HadoopNode node = state.nodes.get(nodeid);
        if (node == null) {
            return -Errno.ENOENT;
        }
        long before = state.cluster.replacements().changes();
        int result = operation.perform(node);
        // a file that is written back has another inode from one moment to the next
        return result == -Errno.ENOENT && state.cluster.replacements().haveChanged(before)
                ? operation.perform(node)
                : result;
    }

    private int on(Request request, long parent, Name name, OnName operation) {
        return on(request, parent, node -> {
            if (node.type != FileMode.S_IFDIR) {
                return -Errno.ENOTDIR;
            }
            String text = HadoopState.text(name);
            return text == null ? -Errno.EILSEQ : operation.perform(node, text);
        });
    }

    private int change(Request request, long parent, Name name, OnName operation) {
        return on(request, parent, name, (node, text) -> {
            if (node.inSnapshot || text.equals(Cluster.SNAPSHOTS)) {
                return -Errno.EROFS;
            }
            return HadoopState.isShown(text) ? operation.perform(node, text) : -Errno.EINVAL;
        });
    }

    @Override
    public int lookup(Request request, long parent, Name name, Entry out) {
        return on(request, parent, name, (node, text) -> {
            long before = state.cluster.replacements().changes();
            int result = names.lookup(node, text, out);
            if (result == 0 && state.cluster.replacements().haveChanged(before)) {
                state.nodes.forget(out.nodeid, 1);
                out.clear(); // it may be the size of before
                result = names.lookup(node, text, out);
            }
            return result;
        });
    }

    @Override
    public void forget(long nodeid, long nlookup) {
        state.nodes.forget(nodeid, nlookup);
    }

    @Override
    public int getattr(Request request, long nodeid, long fh, Attributes out) {
        return on(request, nodeid, node -> {
            long before = state.cluster.replacements().changes();
            int result = attributes.getattr(node, out);
            if (result == 0 && state.cluster.replacements().haveChanged(before)) {
                out.clear(); // it may be the size of before
                result = attributes.getattr(node, out);
            }
            return result;
        });
    }

    @Override
    public int setattr(Request request, long nodeid, AttributeChange in, Attributes out) {
        return on(request, nodeid, node -> attributes.setattr(node, in, out, data));
    }

    @Override
    public int readlink(Request request, long nodeid, MemorySegment out) {
        return on(
                request,
                nodeid,
                node -> node.type != FileMode.S_IFLNK
                        ? -Errno.EINVAL
                        : (int) state.cluster.ask(() -> {
                            byte[] target = names.readlink(node);
                            if (target.length > out.byteSize()) {
                                return -Errno.ENAMETOOLONG;
                            }
                            MemorySegment.copy(MemorySegment.ofArray(target), 0, out, 0, target.length);
                            return target.length;
                        }));
    }

    @Override
    public int symlink(Request request, long parent, Name name, Name target, Entry out) {
        return change(request, parent, name, (node, text) -> {
            String to = HadoopState.text(target);
            return to == null ? -Errno.EILSEQ : names.symlink(request, node, text, to, out);
        });
    }

    @Override
    public int mknod(Request request, long parent, Name name, int mode, int rdev, int umask, Entry out) {
        return change(request, parent, name, (node, text) -> names.mknod(request, node, text, mode, out));
    }

    @Override
    public int mkdir(Request request, long parent, Name name, int mode, int umask, Entry out) {
        return change(request, parent, name, (node, text) -> names.mkdir(request, node, text, mode, out));
    }

    @Override
    public int unlink(Request request, long parent, Name name) {
        return change(request, parent, name, (node, text) -> names.remove(node, text, false));
    }

    @Override
    public int rmdir(Request request, long parent, Name name) {
        return change(request, parent, name, (node, text) -> names.remove(node, text, true));
    }

    @Override
    public int rename(Request request, long parent, Name name, long newParent, Name newName, int renameFlags) {
        return change(
                request,
                parent,
                name,
                (node, text) -> change(
                        request,
                        newParent,
                        newName,
                        (newNode, newText) -> names.rename(node, text, newNode, newText, renameFlags)));
    }

    /** Hadoop has no hard links, and Linux says so by EPERM. */
    @Override
    public int link(Request request, long nodeid, long newParent, Name newName, Entry out) {
        return -Errno.EPERM;
    }

    @Override
    public int open(Request request, long nodeid, int openFlags, int fuseFlags, Opened out) {
        return on(request, nodeid, node -> data.open(node, openFlags, out));
    }

    @Override
    public int create(
            Request request,
            long parent,
            Name name,
            int openFlags,
            int mode,
            int umask,
            int fuseFlags,
            Entry entry,
            Opened out) {
        return change(
                request,
                parent,
                name,
                (node, text) -> names.create(request, node, text, openFlags, mode, entry, out, data));
    }

    @Override
    public int tmpfile(
            Request request, long parent, int openFlags, int mode, int umask, int fuseFlags, Entry entry, Opened out) {
        return -Errno.EOPNOTSUPP;
    }

    @Override
    public long read(Request request, long nodeid, long fh, long offset, int openFlags, IoVector to) {
        return request.mayBlock() ? data.read(nodeid, fh, offset, to) : data.readNow(nodeid, fh, offset, to);
    }

    @Override
    public long write(
            Request request, long nodeid, long fh, long offset, int openFlags, int writeFlags, IoVector from) {
        return request.mayBlock() ? data.write(nodeid, fh, offset, openFlags, from) : WOULD_BLOCK;
    }

    @Override
    public int flush(Request request, long nodeid, long fh, long lockOwner) {
        return request.mayBlock() ? data.flush(nodeid, fh) : WOULD_BLOCK;
    }

    @Override
    public int fsync(Request request, long nodeid, long fh, boolean dataOnly) {
        return request.mayBlock() ? data.sync(nodeid, fh) : WOULD_BLOCK;
    }

    @Override
    public int release(Request request, long nodeid, long fh, int openFlags, int releaseFlags, long lockOwner) {
        return request.mayBlock() ? data.release(nodeid, fh) : WOULD_BLOCK;
    }

    @Override
    public int opendir(Request request, long nodeid, int openFlags, Opened out) {
        HadoopNode node = state.nodes.get(nodeid);
        if (node == null || node.type != FileMode.S_IFDIR) {
            return node == null ? -Errno.ENOENT : -Errno.ENOTDIR;
        }
        if (!state.handles.reserve()) {
            return -Errno.ENFILE;
        }
        out.fh = state.add(new OpenHadoopDirectory(memory, nodeid));
        return 0;
    }

    @Override
    public int readdir(Request request, long nodeid, long fh, long offset, boolean plus, DirectoryEntries entries) {
        return on(request, nodeid, node -> {
            @Nullable OpenHadoopDirectory open = state.handles.enter(fh, nodeid, OpenHadoopDirectory.class);
            if (open == null) {
                return -Errno.EBADF;
            }
            try {
                return open.deliver(state, node, offset, plus, entries);
            } finally {
                open.leave();
            }
        });
    }

    @Override
    public int releasedir(Request request, long nodeid, long fh, int openFlags) {
        return request.mayBlock() ? data.release(nodeid, fh) : WOULD_BLOCK;
    }

    /** Names are in the cluster by the time that they are answered. */
    @Override
    public int fsyncdir(Request request, long nodeid, long fh, boolean dataOnly) {
        return 0;
    }

    @Override
    public int statfs(Request request, long nodeid, Status out) {
        return on(request, nodeid, node -> attributes.statfs(node, out));
    }

    @Override
    public int setxattr(Request request, long nodeid, Name name, MemorySegment value, int xattrFlags, int more) {
        return on(
                request,
                nodeid,
                node -> node.inSnapshot
                        ? -Errno.EROFS
                        : attributes.setxattr(request, node, HadoopState.text(name), value, xattrFlags));
    }

    @Override
    public int getxattr(Request request, long nodeid, Name name, MemorySegment out) {
        return on(request, nodeid, node -> attributes.getxattr(node, HadoopState.text(name), out));
    }

    @Override
    public int listxattr(Request request, long nodeid, MemorySegment out) {
        return on(request, nodeid, node -> attributes.listxattr(node, out));
    }

    @Override
    public int removexattr(Request request, long nodeid, Name name) {
        return on(
                request,
                nodeid,
                node -> node.inSnapshot ? -Errno.EROFS : attributes.removexattr(request, node, HadoopState.text(name)));
    }

    @Override
    public int fallocate(Request request, long nodeid, long fh, long offset, long length, int mode) {
        return request.mayBlock() ? data.fallocate(nodeid, fh, offset, length, mode) : WOULD_BLOCK;
    }

    @Override
    public int syncfs(Request request, long nodeid) {
        return on(request, nodeid, _ -> {
            int result = 0;
            for (HadoopFile file : state.files.all()) {
                int settled = file.settleNow();
                result = result == 0 ? settled : result;
            }
            int written = (int) state.cluster.ask(() -> state.cluster.staging().writeBack());
            return result != 0 ? result : written;
        });
    }

    @Override
    public void close() {
        state.close();
        memory.close();
    }
}
