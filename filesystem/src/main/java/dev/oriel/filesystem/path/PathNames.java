package dev.oriel.filesystem.path;

import dev.oriel.filesystem.Entry;
import dev.oriel.filesystem.Name;
import dev.oriel.filesystem.Request;
import dev.oriel.filesystem.ThrownErrno;
import dev.oriel.linux.Errno;
import dev.oriel.linux.FileMode;
import dev.oriel.linux.RenameFlags;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** LOOKUP, MKNOD, MKDIR, SYMLINK, READLINK, LINK, UNLINK, RMDIR, RENAME. */
final class PathNames {
    private final PathClient client;

    PathNames(PathClient client) {
        this.client = client;
    }

    int lookup(long parent, Name name, Entry out) throws IOException {
        PathNode directory = client.node(parent);
        String text = PathResolver.text(name);
        Path path = client.resolver.of(directory, text);
        try {
            return client.enter(directory, text, path, out);
        } catch (NoSuchFileException gone) {
            client.nodes.removed(directory, text);
            throw gone;
        }
    }

    int mknod(Request request, long parent, Name name, int mode, Entry out) throws IOException {
        int type = mode & FileMode.S_IFMT;
        if (type != 0 && type != FileMode.S_IFREG) {
            return -Errno.EPERM;
        }
        return make(request, parent, name, mode, out, path -> {
            Path _ = Files.createFile(path);
        });
    }

    int mkdir(Request request, long parent, Name name, int mode, Entry out) throws IOException {
        return make(request, parent, name, mode, out, path -> {
            Path _ = Files.createDirectory(path);
        });
    }

    private interface Maker {
        void make(Path path) throws IOException;
    }

    private int make(Request request, long parent, Name name, int mode, Entry out, Maker maker) throws IOException {
        PathNode directory = client.node(parent);
        String text = PathResolver.text(name);
        Path path = client.resolver.of(directory, text);
        try {
            maker.make(path);
        } catch (IOException refused) {
            throw RefusalReason.ofMaking(path, refused);
        }
        try {
            adopt(request, path, mode);
        } catch (Throwable failed) {
            remove(path);
            throw failed;
        }
        return entered(directory, text, path, out);
    }

    /** Takes back what was made, because the client is told that it was not. */
    static void remove(Path path) {
        try {
            boolean _ = Files.deleteIfExists(path);
        } catch (Throwable further) {
            int _ = ThrownErrno.of(further); // the client is told why it was not made
        }
    }

    /**
     * Gives what was made to the caller, with the mode that he wants, as far as the provider can. A link stays as it is
     * where what it leads to would be given.
     */
    void adopt(Request request, Path path, int mode) throws IOException {
        PathStat made = client.share.look(path);
        if (made.type() == FileMode.S_IFLNK && !client.share.views.spareTargets()) {
            return;
        }
        try {
            boolean _ = client.share.views.setMode(path, made, mode & 0777);
            boolean _ = client.share.views.setOwner(path, made, request.uid(), request.gid());
        } catch (IOException | UnsupportedOperationException notOurs) {
            // A server without rights makes files of its own.
            return;
        }
    }

    int symlink(Request request, long parent, Name name, Name target, Entry out) throws IOException {
        Path to = client.share.root.getFileSystem().getPath(PathResolver.text(target));
        client.share.links.incrementAndGet();
        try {
            return make(request, parent, name, 0777, out, path -> {
                Path _ = Files.createSymbolicLink(path, to);
            });
        } catch (UnsupportedOperationException none) {
            return -Errno.EPERM;
        } finally {
            client.share.links.incrementAndGet();
        }
    }

    int readlink(long nodeid, MemorySegment out) throws IOException {
        Path path = client.resolver.of(client.node(nodeid));
        byte[] target = Files.readSymbolicLink(path).toString().getBytes(StandardCharsets.UTF_8);
        if (target.length > out.byteSize()) {
            return -Errno.ENAMETOOLONG;
        }
        MemorySegment.copy(target, 0, out, ValueLayout.JAVA_BYTE, 0, target.length);
        return target.length;
    }

    int link(long nodeid, long newParent, Name newName, Entry out) throws IOException {
        PathNode node = client.node(nodeid);
        if (node.type == FileMode.S_IFDIR || client.share.wholeFiles()) {
            return -Errno.EPERM; // what is replaced as a whole has one name
        }
        PathNode directory = client.node(newParent);
        String text = PathResolver.text(newName);
        Path existing = client.resolver.of(node);
        Path path = client.resolver.of(directory, text);
        client.share.links.incrementAndGet();
        try {
            Path _ = Files.createLink(path, existing);
        } catch (UnsupportedOperationException none) {
            return -Errno.EPERM;
        } catch (IOException refused) {
            throw RefusalReason.ofMaking(path, refused);
        } finally {
            client.share.links.incrementAndGet();
        }
        return entered(directory, text, path, out);
    }

    /** Fills the entry of what was just made, or takes it back. */
    private int entered(PathNode directory, String text, Path path, Entry out) throws IOException {
        int result;
        try {
            result = client.enter(directory, text, path, out);
        } catch (Throwable failed) {
            remove(path);
            throw failed;
        }
        if (result != 0) {
            remove(path);
        }
        return result;
    }

    int unlink(long parent, Name name) throws IOException {
        return remove(parent, name, false);
    }

    int rmdir(long parent, Name name) throws IOException {
        return remove(parent, name, true);
    }

    private int remove(long parent, Name name, boolean isDirectory) throws IOException {
        PathNode directory = client.node(parent);
        String text = PathResolver.text(name);
        Path path = client.resolver.of(directory, text);
        boolean found = client.share.look(path).isDirectory();
        if (found != isDirectory) {
            return found ? -Errno.EISDIR : -Errno.ENOTDIR;
        }
        int kept = client.share.staged.keep(path);
        if (kept != 0) {
            return kept;
        }
        try {
            Files.delete(path);
        } catch (Throwable failed) {
            client.share.staged.notRemoved(path);
            if (isDirectory && failed instanceof IOException refused) {
                throw RefusalReason.ofRemoving(path, refused);
            }
            throw failed;
        }
        client.share.staged.removed(path);
        client.nodes.removed(directory, text);
        return 0;
    }

    int rename(long parent, Name name, long newParent, Name newName, int flags) throws IOException {
        if ((flags & ~RenameFlags.RENAME_NOREPLACE) != 0) {
            return -Errno.EINVAL;
        }
        String from = PathResolver.text(name);
        String to = PathResolver.text(newName);
        client.share.links.incrementAndGet();
        try {
            PathNode source = client.node(parent);
            PathNode target = client.node(newParent);
            PathNode moved = client.nodes.peek(source, from);
            if (moved != null && moved.contains(target)) {
                return -Errno.EINVAL;
            }
            return rename(source, from, target, to, (flags & RenameFlags.RENAME_NOREPLACE) != 0);
        } finally {
            client.share.links.incrementAndGet();
        }
    }

    private int rename(PathNode source, String from, PathNode target, String to, boolean noReplace) throws IOException {
        Path old = client.resolver.of(source, from);
        Path next = client.resolver.of(target, to);
        if (old.equals(next)) {
            return noReplace ? -Errno.EEXIST : 0;
        }
        boolean isDirectory = client.share.look(old).isDirectory();
        if (isDirectory && !client.share.movesTrees) {
            return -Errno.EXDEV; // mv(1) makes another then
        }
        boolean exists = exists(next);
        if (exists) {
            int refusal = refusal(next, isDirectory, noReplace);
            if (refusal != 0) {
                return refusal;
            }
        }
        int kept = exists ? client.share.staged.keep(next) : 0;
        if (kept != 0) {
            return kept;
        }
        try {
            client.share.staged.move(old, next, () -> {
                Path _ = Files.move(old, next, client.share.moving);
            });
        } catch (UnsupportedOperationException notInOneStep) {
            client.share.staged.notRemoved(next);
            return -Errno.EXDEV; // mv(1) copies then
        } catch (Throwable failed) {
            client.share.staged.notRemoved(next);
            throw failed;
        }
        client.nodes.renamed(source, from, target, to);
        return 0;
    }

    /** Whether there is something: a provider that does not answer has not said that there is nothing. */
    private boolean exists(Path path) throws IOException {
        try {
            PathStat _ = client.share.look(path);
            return true;
        } catch (NoSuchFileException nothing) {
            return false;
        }
    }

    /** What rename(2) answers where a name is taken by what cannot be replaced; 0 if it can. */
    private int refusal(Path taken, boolean isDirectory, boolean noReplace) throws IOException {
        if (noReplace) {
            return -Errno.EEXIST;
        }
        boolean takesDirectory = client.share.look(taken).isDirectory();
        if (takesDirectory != isDirectory) {
            return isDirectory ? -Errno.ENOTDIR : -Errno.EISDIR;
        }
        return takesDirectory && !isEmpty(taken) ? -Errno.ENOTEMPTY : 0;
    }

    private static boolean isEmpty(Path directory) throws IOException {
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
            return !entries.iterator().hasNext();
        }
    }
}
