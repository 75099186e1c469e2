package dev.oriel.driver.nio;

import dev.oriel.driver.AttributeChange;
import dev.oriel.driver.DriverBuffer;
import dev.oriel.driver.FuseClient;
import dev.oriel.driver.FuseException;
import dev.oriel.driver.FuseFiles;
import dev.oriel.driver.OpenFile;
import dev.oriel.driver.Stat;
import dev.oriel.linux.Errno;
import dev.oriel.linux.OpenFlags;
import dev.oriel.linux.RenameFlags;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.CopyOption;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.StandardCopyOption;

/** One copy or move inside a share, or from one share to another. */
final class CopyAndMove {
    private static final int PERMISSIONS = 07777;

    private final VirtioPath source;
    private final VirtioPath target;
    private boolean replace;
    private boolean attributes;
    private boolean atomic;
    private boolean follow = true;

    CopyAndMove(VirtioPath source, VirtioPath target, CopyOption... options) {
        this.source = source;
        this.target = target;
        for (CopyOption option : options) {
            switch (option) {
                case StandardCopyOption.REPLACE_EXISTING -> replace = true;
                case StandardCopyOption.COPY_ATTRIBUTES -> attributes = true;
                case StandardCopyOption.ATOMIC_MOVE -> atomic = true;
                case LinkOption.NOFOLLOW_LINKS -> follow = false;
                default -> throw new UnsupportedOperationException("the option " + option + " is not known");
            }
        }
    }

    void copy() throws IOException {
        if (atomic) {
            throw new UnsupportedOperationException("a copy cannot be atomic");
        }
        Stat found = source.getFileSystem().attributes(source, follow);
        if (isTarget(follow)) {
            return;
        }
        clearTarget();
        if (found.isDirectory()) {
            Files.createDirectory(target);
        } else if (found.isSymbolicLink()) {
            Files.createSymbolicLink(target, Files.readSymbolicLink(source));
        } else if (found.isRegularFile()) {
            copyFile(found);
        } else {
            throw Failures.of(new FuseException("copy a special file", Errno.EOPNOTSUPP), source, target);
        }
        if (attributes && !found.isSymbolicLink()) {
            new VirtioAttributeView(Place.of(target), false, "unix")
                    .change(new AttributeChange()
                            .mode(found.mode() & PERMISSIONS)
                            .atime(found.atime())
                            .mtime(found.mtime()));
        }
    }

    /** Whether the target is the very file already; a link that leads there is another one. */
    private boolean isTarget(boolean followSource) throws IOException {
        if (source.getFileSystem() != target.getFileSystem()) {
            return false;
        }
        try (Node from = Place.of(source).find(followSource);
                Node to = Place.of(target).find(false)) {
            return from == to;
        } catch (NoSuchFileException missing) {
            return false;
        }
    }

    /** Makes sure that nothing is at the target, or says that something is. */
    private void clearTarget() throws IOException {
        if (replace) {
            Files.deleteIfExists(target);
        } else if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
            throw new FileAlreadyExistsException(target.toString());
        }
    }

    private void copyFile(Stat found) throws IOException {
        VirtioFileSystem from = source.getFileSystem();
        VirtioFileSystem to = target.getFileSystem();
        FuseFiles reads = from.client().files();
        FuseFiles writes = to.client().files();
        Place place = Place.of(target);
        try (Node node = Place.of(source).find(follow);
                Node parent = place.findParent()) {
            OpenFile input = reads.open(node.nodeid, OpenFlags.O_RDONLY);
            try {
                FuseFiles.Created created = writes.create(
                        parent.nodeid,
                        place.newName(),
                        OpenFlags.O_WRONLY | OpenFlags.O_CREAT | OpenFlags.O_EXCL,
                        found.mode() & 0777);
                try (Node _ = to.nodes().enter(created.entry())) {
                    move(reads, input, writes, created.file(), from == to);
                    flush(writes, created.file());
                } finally {
                    writes.release(created.file());
                }
            } finally {
                reads.release(input);
            }
        } catch (FuseException failed) {
            throw Failures.of(failed, source, target);
        }
    }

    /** What the server could not write it says now or never; one without FLUSH has nothing to tell. */
    private static void flush(FuseFiles files, OpenFile file) throws FuseException {
        try {
            files.flush(file, 0);
        } catch (FuseException failed) {
            if (failed.errno() != Errno.ENOSYS) {
                throw failed;
            }
        }
    }

    /** Moves all bytes, by the device alone where it can. */
    private void move(FuseFiles reads, OpenFile input, FuseFiles writes, OpenFile output, boolean sameDevice)
            throws FuseException {
        long done = sameDevice ? copyInDevice(reads, input, output) : 0;
        FuseClient client = source.getFileSystem().client();
        if (sameDevice) {
            try (DriverBuffer buffer = client.allocate(client.maxTransfer())) {
                while (true) {
                    int read = check(reads.read(input, done, buffer, 0, client.maxTransfer()));
                    if (read == 0) {
                        return;
                    }
                    for (int written = 0; written < read; ) {
                        written += check(writes.write(output, done + written, buffer, written, read - written));
                    }
                    done += read;
                }
            }
        }
        byte[] bytes = new byte[client.maxTransfer()];
        MemorySegment memory = MemorySegment.ofArray(bytes);
        while (true) {
            long read = reads.read(input, done, memory);
            if (read == 0) {
                return;
            }
            if (writes.write(output, done, memory.asSlice(0, read)) != read) {
                throw new FuseException("copy to " + target, Errno.ENOSPC);
            }
            done += read;
        }
    }

    /** Bytes that COPY_FILE_RANGE moved before its end, or before it turned out not to work here. */
    private static long copyInDevice(FuseFiles files, OpenFile input, OpenFile output) {
        long done = 0;
        try {
            while (true) {
                long copied = files.copyFileRange(input, done, output, done, Long.MAX_VALUE);
                if (copied == 0) {
                    return done;
                }
                done += copied;
            }
        } catch (FuseException impossible) {
            return done;
        }
    }

    private int check(int result) throws FuseException {
        if (result < 0) {
            throw new FuseException("copy " + source + " to " + target, -result);
        }
        return result;
    }

    void move() throws IOException {
        if (attributes) {
            throw new UnsupportedOperationException("a move takes the attributes along in any case");
        }
        if (source.getFileSystem() != target.getFileSystem()) {
            moveElsewhere();
            return;
        }
        if (isTarget(false) && !atomic) {
            return;
        }
        Place from = Place.of(source);
        Place to = Place.of(target);
        try {
            rename(from, to, this::rename);
        } catch (FuseException failed) {
            if (failed.errno() == Errno.EXDEV && !atomic) {
                moveElsewhere();
                return;
            }
            if (failed.errno() == Errno.EXDEV) {
                throw new AtomicMoveNotSupportedException(
                        source.toString(), target.toString(), Errno.message(Errno.EXDEV));
            }
            throw Failures.of(failed, source, target);
        }
    }

    /** Gives what is at one place the name of another, in place of what is there. */
    static void rename(Place from, Place to) throws IOException {
        try {
            rename(
                    from,
                    to,
                    (client, parent, name, newParent, newName) -> client.rename(parent, name, newParent, newName, 0));
        } catch (FuseException failed) {
            if (failed.errno() == Errno.EXDEV) {
                throw new AtomicMoveNotSupportedException(from.toString(), to.toString(), Errno.message(Errno.EXDEV));
            }
            throw Failures.of(failed, from.shown(), to.shown());
        }
    }

    private interface Rename {
        void perform(FuseClient client, long parent, byte[] name, long newParent, byte[] newName) throws IOException;
    }

    private static void rename(Place from, Place to, Rename rename) throws IOException {
        VirtioFileSystem fileSystem = from.fileSystem();
        try (Node oldParent = from.findParent();
                Node newParent = to.findParent()) {
            byte[] oldName = from.lastName();
            byte[] newName = to.lastName();
            rename.perform(fileSystem.client(), oldParent.nodeid, oldName, newParent.nodeid, newName);
            fileSystem.nodes().forget(oldParent, oldName);
            fileSystem.nodes().forget(newParent, newName);
        }
    }

    private void rename(FuseClient client, long parent, byte[] name, long newParent, byte[] newName)
            throws IOException {
        if (replace || atomic) {
            try {
                client.rename(parent, name, newParent, newName, 0);
            } catch (FuseException failed) {
                // a directory replaces an empty directory only, a file no directory
                if (atomic || (failed.errno() != Errno.EISDIR && failed.errno() != Errno.ENOTDIR)) {
                    throw failed;
                }
                Files.delete(target);
                client.rename(parent, name, newParent, newName, 0);
            }
            return;
        }
        try {
            client.rename(parent, name, newParent, newName, RenameFlags.RENAME_NOREPLACE);
        } catch (FuseException failed) {
            if (failed.errno() != Errno.EINVAL && failed.errno() != Errno.ENOSYS) {
                throw failed;
            }
            clearTarget();
            client.rename(parent, name, newParent, newName, 0);
        }
    }

    private void moveElsewhere() throws IOException {
        if (atomic) {
            throw new AtomicMoveNotSupportedException(
                    source.toString(), target.toString(), "they are in different file systems");
        }
        follow = false;
        attributes = true;
        Stat found = source.getFileSystem().attributes(source, false);
        if (found.isDirectory()) {
            try (var entries = Files.newDirectoryStream(source)) {
                if (entries.iterator().hasNext()) {
                    throw Failures.of(
                            new FuseException("move a directory to another file system", Errno.ENOTEMPTY),
                            source,
                            target);
                }
            }
        }
        copy();
        Files.delete(source);
    }
}
