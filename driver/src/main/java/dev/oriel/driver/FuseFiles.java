package dev.oriel.driver;

import dev.oriel.fuse.FuseCopyFileRangeIn;
import dev.oriel.fuse.FuseCopyFileRangeOut;
import dev.oriel.fuse.FuseCreateIn;
import dev.oriel.fuse.FuseEntryOut;
import dev.oriel.fuse.FuseFallocateIn;
import dev.oriel.fuse.FuseFlags;
import dev.oriel.fuse.FuseFlushIn;
import dev.oriel.fuse.FuseFsyncIn;
import dev.oriel.fuse.FuseLseekIn;
import dev.oriel.fuse.FuseLseekOut;
import dev.oriel.fuse.FuseOpcode;
import dev.oriel.fuse.FuseOpenIn;
import dev.oriel.fuse.FuseOpenOut;
import dev.oriel.fuse.FuseReadIn;
import dev.oriel.fuse.FuseReleaseIn;
import dev.oriel.fuse.FuseWriteOut;
import dev.oriel.linux.Errno;
import dev.oriel.linux.OpenFlags;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Objects;

/** The operations on open files and directories. Any thread. */
public final class FuseFiles {
    private static final int DIRECTORY_BUFFER = 32 * 1024;

    private final DriverSession session;

    FuseFiles(DriverSession session) {
        this.session = session;
    }

    private ClientRequest begin(int opcode, long nodeid) throws FuseException {
        return session.queue().acquire().begin(opcode, nodeid);
    }

    private static ClientRequest call(ClientRequest request) throws FuseException {
        return FuseClient.call(request);
    }

    private static void callVoid(ClientRequest request) throws FuseException {
        call(request).release();
    }

    /**
     * OPEN.
     *
     * @param flags of {@link dev.oriel.linux.OpenFlags}
     */
    public OpenFile open(long nodeid, int flags) throws FuseException {
        return open(FuseOpcode.OPEN, nodeid, flags);
    }

    /** OPENDIR. */
    public OpenFile opendir(long nodeid, int flags) throws FuseException {
        return open(FuseOpcode.OPENDIR, nodeid, flags);
    }

    private OpenFile open(int opcode, long nodeid, int flags) throws FuseException {
        ClientRequest request = begin(opcode, nodeid);
        request.argument(new FuseOpenIn()).flags(flags);
        call(request.reply(FuseOpenOut.SIZE, FuseOpenOut.SIZE));
        return openFile(nodeid, request, 0, flags);
    }

    private static OpenFile openFile(long nodeid, ClientRequest request, int offset, int flags) {
        FuseOpenOut out = request.reply(new FuseOpenOut(), offset);
        OpenFile file = new OpenFile(nodeid, out.fh(), out.openFlags(), (flags & OpenFlags.O_APPEND) != 0);
        request.release();
        return file;
    }

    /** A node that was created and opened at once. */
    public record Created(NodeEntry entry, OpenFile file) {}

    /** CREATE. No umask is applied. */
    public Created create(long parent, byte[] name, int flags, int mode) throws FuseException {
        return create(FuseOpcode.CREATE, parent, name, flags, mode);
    }

    /** TMPFILE: a file without a name. */
    public Created tmpfile(long parent, int flags, int mode) throws FuseException {
        return create(FuseOpcode.TMPFILE, parent, new byte[] {'#'}, flags, mode);
    }

    private Created create(int opcode, long parent, byte[] name, int flags, int mode) throws FuseException {
        Names.name(name);
        ClientRequest request = begin(opcode, parent);
        request.argument(new FuseCreateIn()).flags(flags).mode(mode);
        int size = FuseEntryOut.SIZE + FuseOpenOut.SIZE;
        call(request.name(name).reply(size, size));
        NodeEntry entry = NodeEntry.of(request.reply(new FuseEntryOut()));
        return new Created(entry, openFile(entry.nodeid(), request, FuseEntryOut.SIZE, flags));
    }

    /**
     * READ.
     *
     * @param length at most {@link FuseClient#maxTransfer()}
     * @return bytes read, 0 at the end of the file, or -errno
     */
    public int read(OpenFile file, long position, DriverBuffer buffer, long offset, int length) {
        Objects.checkFromIndexSize(offset, length, buffer.size());
        ClientQueue queue = session.queue();
        ClientRequest request = queue.acquireOrNull();
        if (request == null) {
            return -Errno.EAGAIN;
        }
        int result = queue.call(request.read(file.nodeid(), file.fh(), position, buffer, offset, length));
        int read = result < 0 ? result : request.replyLength();
        request.release();
        return read;
    }

    /**
     * WRITE.
     *
     * @param length at most {@link FuseClient#maxTransfer()}
     * @return bytes written, 0 only of none, or -errno
     */
    public int write(OpenFile file, long position, DriverBuffer buffer, long offset, int length) {
        Objects.checkFromIndexSize(offset, length, buffer.size());
        ClientQueue queue = session.queue();
        ClientRequest request = queue.acquireOrNull();
        if (request == null) {
            return -Errno.EAGAIN;
        }
        request.write(file.nodeid(), file.fh(), position, buffer, offset, length);
        if (file.appends()) {
            request.atEnd();
        }
        int result = queue.call(request);
        int written = result;
        if (result >= 0) {
            written = request.reply(new FuseWriteOut()).size();
            // a device that says it wrote nothing would be asked again and again
            if (written <= 0 || written > length) {
                written = length == 0 && written == 0 ? 0 : -Errno.EIO;
            }
        }
        request.release();
        return written;
    }

    /**
     * READ with a copy into memory of any kind, in as many requests as it takes.
     *
     * @return bytes read; less than there is room only at the end of the file
     */
    public long read(OpenFile file, long position, MemorySegment target) throws FuseException {
        int most = (int) Math.min(session.maxTransfer(), target.byteSize());
        if (most == 0) {
            return 0;
        }
        try (DriverBuffer buffer = session.allocate(most)) {
            long done = 0;
            while (done < target.byteSize()) {
                int wanted = (int) Math.min(most, target.byteSize() - done);
                int read = read(file, position + done, buffer, 0, wanted);
                if (read < 0) {
                    throw new FuseException("READ of node " + file.nodeid() + " at " + (position + done), -read);
                }
                MemorySegment.copy(buffer.segment(), 0, target, done, read);
                done += read;
                if (read < wanted) {
                    break;
                }
            }
            return done;
        }
    }

    /**
     * WRITE with a copy from memory of any kind, in as many requests as it takes.
     *
     * @return bytes written, which is all of them
     */
    public long write(OpenFile file, long position, MemorySegment source) throws FuseException {
        int most = (int) Math.min(session.maxTransfer(), source.byteSize());
        if (most == 0) {
            return 0;
        }
        try (DriverBuffer buffer = session.allocate(most)) {
            long done = 0;
            while (done < source.byteSize()) {
                int wanted = (int) Math.min(most, source.byteSize() - done);
                MemorySegment.copy(source, done, buffer.segment(), 0, wanted);
                int written = write(file, position + done, buffer, 0, wanted);
                if (written < 0) {
                    throw new FuseException("WRITE to node " + file.nodeid() + " at " + (position + done), -written);
                }
                done += written;
            }
            return done;
        }
    }

    /** RELEASE: the file is closed. */
    public void release(OpenFile file) throws FuseException {
        release(FuseOpcode.RELEASE, file);
    }

    /** RELEASEDIR: the directory is closed. */
    public void releasedir(OpenFile directory) throws FuseException {
        release(FuseOpcode.RELEASEDIR, directory);
    }

    private void release(int opcode, OpenFile file) throws FuseException {
        ClientRequest request = begin(opcode, file.nodeid());
        request.argument(new FuseReleaseIn()).fh(file.fh());
        callVoid(request);
    }

    /** FLUSH: tells of errors that closing would not tell of. */
    public void flush(OpenFile file, long lockOwner) throws FuseException {
        ClientRequest request = begin(FuseOpcode.FLUSH, file.nodeid());
        request.argument(new FuseFlushIn()).fh(file.fh()).lockOwner(lockOwner);
        callVoid(request);
    }

    /** FSYNC. */
    public void fsync(OpenFile file, boolean dataOnly) throws FuseException {
        fsync(FuseOpcode.FSYNC, file, dataOnly);
    }

    /** FSYNCDIR. */
    public void fsyncdir(OpenFile directory, boolean dataOnly) throws FuseException {
        fsync(FuseOpcode.FSYNCDIR, directory, dataOnly);
    }

    private void fsync(int opcode, OpenFile file, boolean dataOnly) throws FuseException {
        ClientRequest request = begin(opcode, file.nodeid());
        request.argument(new FuseFsyncIn()).fh(file.fh()).fsyncFlags(dataOnly ? FuseFlags.FSYNC_FDATASYNC : 0);
        callVoid(request);
    }

    /**
     * LSEEK.
     *
     * @param whence of {@link dev.oriel.linux.Seek}: SEEK_DATA and SEEK_HOLE are what it is for
     */
    public long lseek(OpenFile file, long offset, int whence) throws FuseException {
        ClientRequest request = begin(FuseOpcode.LSEEK, file.nodeid());
        request.argument(new FuseLseekIn()).fh(file.fh()).offset(offset).whence(whence);
        call(request.reply(FuseLseekOut.SIZE, FuseLseekOut.SIZE));
        long found = request.reply(new FuseLseekOut()).offset();
        request.release();
        if (found < 0) {
            throw new FuseException("seek in node " + file.nodeid() + " (the device says " + found + ")", Errno.EIO);
        }
        return found;
    }

    /**
     * FALLOCATE.
     *
     * @param mode of {@link dev.oriel.linux.FallocateMode}
     */
    public void fallocate(OpenFile file, int mode, long offset, long length) throws FuseException {
        ClientRequest request = begin(FuseOpcode.FALLOCATE, file.nodeid());
        request.argument(new FuseFallocateIn())
                .fh(file.fh())
                .offset(offset)
                .length(length)
                .mode(mode);
        callVoid(request);
    }

    /**
     * COPY_FILE_RANGE: the device copies, no byte comes here.
     *
     * @param length at most {@link Integer#MAX_VALUE}
     * @return bytes copied, 0 at the end of the source
     */
    public long copyFileRange(OpenFile source, long sourceOffset, OpenFile target, long targetOffset, long length)
            throws FuseException {
        // the reply has 32 bits for the count, so ask for whole pages within them
        long most = Math.min(length, Integer.MAX_VALUE & -4096);
        ClientRequest request =
                copy(FuseOpcode.COPY_FILE_RANGE, source, sourceOffset, target, targetOffset, most, FuseWriteOut.SIZE);
        long copied = Integer.toUnsignedLong(request.reply(new FuseWriteOut()).size());
        request.release();
        return checkCopied(copied, most);
    }

    /** COPY_FILE_RANGE_64: as {@link #copyFileRange} with a length of any size, from FUSE 7.45 on; ENOSYS before. */
    public long copyFileRange64(OpenFile source, long sourceOffset, OpenFile target, long targetOffset, long length)
            throws FuseException {
        ClientRequest request = copy(
                FuseOpcode.COPY_FILE_RANGE_64,
                source,
                sourceOffset,
                target,
                targetOffset,
                length,
                FuseCopyFileRangeOut.SIZE);
        long copied = request.reply(new FuseCopyFileRangeOut()).bytesCopied();
        request.release();
        return checkCopied(copied, length);
    }

    private static long checkCopied(long copied, long asked) throws FuseException {
        if (copied < 0 || copied > asked) {
            throw new FuseException(
                    "copy " + asked + " bytes (the device says it copied " + Long.toUnsignedString(copied) + ")",
                    Errno.EIO);
        }
        return copied;
    }

    private ClientRequest copy(
            int opcode,
            OpenFile source,
            long sourceOffset,
            OpenFile target,
            long targetOffset,
            long length,
            int replySize)
            throws FuseException {
        ClientRequest request = begin(opcode, source.nodeid());
        request.argument(new FuseCopyFileRangeIn())
                .fhIn(source.fh())
                .offIn(sourceOffset)
                .nodeidOut(target.nodeid())
                .fhOut(target.fh())
                .offOut(targetOffset)
                .len(length);
        return call(request.reply(replySize, replySize));
    }

    /**
     * READDIR: the entries from an offset on; none at the end.
     *
     * @param offset 0, or that of the last entry read
     */
    public List<DirectoryEntry> readdir(OpenFile directory, long offset) throws FuseException {
        return readdir(FuseOpcode.READDIR, directory, offset);
    }

    /** READDIRPLUS: as {@link #readdir}, and each node is looked up: the device counts it as known once more. */
    public List<DirectoryEntry> readdirplus(OpenFile directory, long offset) throws FuseException {
        return readdir(FuseOpcode.READDIRPLUS, directory, offset);
    }

    private List<DirectoryEntry> readdir(int opcode, OpenFile directory, long offset) throws FuseException {
        try (DriverBuffer buffer = session.allocate(DIRECTORY_BUFFER)) {
            ClientRequest request = begin(opcode, directory.nodeid());
            request.argument(new FuseReadIn()).fh(directory.fh()).offset(offset).size(DIRECTORY_BUFFER);
            call(request.room(buffer, 0, DIRECTORY_BUFFER));
            int length = request.replyLength();
            request.release();
            return DirectoryReply.parse(
                    buffer.segment().asSlice(0, length), session.options().order(), opcode == FuseOpcode.READDIRPLUS);
        }
    }
}
