package dev.oriel.device.operation;

import dev.oriel.filesystem.Entry;
import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.filesystem.Opened;
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
import dev.oriel.fuse.FuseOpenIn;
import dev.oriel.fuse.FuseOpenOut;
import dev.oriel.fuse.FuseOutHeader;
import dev.oriel.fuse.FuseReadIn;
import dev.oriel.fuse.FuseReleaseIn;
import dev.oriel.fuse.FuseWriteIn;
import dev.oriel.fuse.FuseWriteOut;
import dev.oriel.linux.Errno;
import dev.oriel.linux.IoVector;

/** The operations on open files. Each returns the length of the reply's body, or an errno. */
final class FileOperations {
    /** The most that one read or write moves on Linux, {@code MAX_RW_COUNT}. */
    private static final long MAX_RW_COUNT = 0x7fff_f000L;

    private final Reply reply;
    private final OperationScratch scratch;
    private final LockEvents lockEvents;
    private final IoVector vector = new IoVector(IoVector.SYSTEM_CALL_MAX);
    private final FuseOpenIn openIn = new FuseOpenIn();
    private final FuseCreateIn createIn = new FuseCreateIn();
    private final FuseReadIn readIn = new FuseReadIn();
    private final FuseWriteIn writeIn = new FuseWriteIn();
    private final FuseFlushIn flushIn = new FuseFlushIn();
    private final FuseReleaseIn releaseIn = new FuseReleaseIn();
    private final FuseFsyncIn fsyncIn = new FuseFsyncIn();
    private final FuseFallocateIn fallocateIn = new FuseFallocateIn();
    private final FuseLseekIn lseekIn = new FuseLseekIn();
    private final FuseCopyFileRangeIn copyIn = new FuseCopyFileRangeIn();

    FileOperations(Reply reply, OperationScratch scratch, LockEvents lockEvents) {
        this.reply = reply;
        this.scratch = scratch;
        this.lockEvents = lockEvents;
    }

    long open(ReceivedRequest request) {
        int in = request.arguments(FuseOpenIn.SIZE);
        if (in < 0 || !reply.admits(FuseOpenOut.SIZE)) {
            return -Errno.EINVAL;
        }
        openIn.at(request.head(), in, request.order());
        FuseSession session = request.session();
        int flags = session.hostFlagsOfOpen(openIn.flags(), false);
        Opened out = scratch.opened();
        int result = session.fileSystem().open(request, request.nodeid(), flags, openIn.openFlags(), out);
        return result < 0 ? result : scratch.encoder.opened(out);
    }

    long create(ReceivedRequest request) {
        int in = request.arguments(FuseCreateIn.SIZE);
        int error = in < 0 ? -Errno.EINVAL : request.entryName(scratch.name);
        if (error == 0) {
            error = beginEntryAndOpen(request);
        }
        if (error != 0) {
            return error;
        }
        createIn.at(request.head(), in, request.order());
        FuseSession session = request.session();
        Entry entry = scratch.entry();
        Opened opened = scratch.opened();
        int result = session.fileSystem()
                .create(
                        request,
                        request.nodeid(),
                        scratch.name,
                        session.hostFlagsOfOpen(createIn.flags(), false),
                        createIn.mode(),
                        createIn.umask(),
                        createIn.openFlags(),
                        entry,
                        opened);
        return result < 0 ? result : scratch.encoder.created(entry, opened);
    }

    /** The name in the request means nothing: Linux calls the file "/" until it has one. */
    long tmpfile(ReceivedRequest request) {
        int in = request.arguments(FuseCreateIn.SIZE);
        int error =
                in < 0 ? -Errno.EINVAL : request.text(scratch.name, FileSystemSession.NAME_MAX, -Errno.ENAMETOOLONG);
        if (error == 0) {
            error = beginEntryAndOpen(request);
        }
        if (error != 0) {
            return error;
        }
        createIn.at(request.head(), in, request.order());
        FuseSession session = request.session();
        Entry entry = scratch.entry();
        Opened opened = scratch.opened();
        int result = session.fileSystem()
                .tmpfile(
                        request,
                        request.nodeid(),
                        session.hostFlagsOfOpen(createIn.flags(), true),
                        createIn.mode(),
                        createIn.umask(),
                        createIn.openFlags(),
                        entry,
                        opened);
        return result < 0 ? result : scratch.encoder.created(entry, opened);
    }

    private int beginEntryAndOpen(ReceivedRequest request) {
        int error = request.extensions(scratch.extensions);
        if (error != 0) {
            return error;
        }
        return reply.admits(FuseEntryOut.SIZE + FuseOpenOut.SIZE) ? 0 : -Errno.EINVAL;
    }

    long read(ReceivedRequest request) {
        int in = request.arguments(FuseReadIn.SIZE);
        if (in < 0) {
            return -Errno.EINVAL;
        }
        readIn.at(request.head(), in, request.order());
        long size = Integer.toUnsignedLong(readIn.size());
        long offset = readIn.offset();
        if (size > reply.room() || size > MAX_RW_COUNT || offset < 0) {
            return -Errno.EINVAL;
        }
        IoVector to = vector;
        request.chain().writable().vector(FuseOutHeader.SIZE, size, to);
        if (to.bytes() != size) {
            return -Errno.EINVAL;
        }
        FuseSession session = request.session();
        int flags = session.hostFlags(readIn.flags());
        long result = session.fileSystem().read(request, request.nodeid(), readIn.fh(), offset, flags, to);
        request.record.moved(result);
        return result;
    }

    long write(ReceivedRequest request) {
        int in = request.arguments(FuseWriteIn.SIZE);
        if (in < 0 || !reply.admits(FuseWriteOut.SIZE)) {
            return -Errno.EINVAL;
        }
        writeIn.at(request.head(), in, request.order());
        long size = Integer.toUnsignedLong(writeIn.size());
        long offset = writeIn.offset();
        if (size > request.remaining() || size > MAX_RW_COUNT || offset < 0) {
            return -Errno.EINVAL;
        }
        IoVector from = vector;
        request.chain().readable().vector(in + FuseWriteIn.SIZE, size, from);
        if (from.bytes() != size) {
            return -Errno.EINVAL;
        }
        FuseSession session = request.session();
        int flags = session.hostFlags(writeIn.flags());
        long result = session.fileSystem()
                .write(request, request.nodeid(), writeIn.fh(), offset, flags, writeIn.writeFlags(), from);
        request.record.moved(result);
        return result < 0 ? result : scratch.encoder.written((int) result);
    }

    long flush(ReceivedRequest request) {
        int in = request.arguments(FuseFlushIn.SIZE);
        if (in < 0) {
            return -Errno.EINVAL;
        }
        flushIn.at(request.head(), in, request.order());
        int result = request.session().fileSystem().flush(request, request.nodeid(), flushIn.fh(), flushIn.lockOwner());
        lockEvents.lockDropped();
        return result;
    }

    long release(ReceivedRequest request) {
        int in = request.arguments(FuseReleaseIn.SIZE);
        if (in < 0) {
            return -Errno.EINVAL;
        }
        releaseIn.at(request.head(), in, request.order());
        FuseSession session = request.session();
        int result = session.fileSystem()
                .release(
                        request,
                        request.nodeid(),
                        releaseIn.fh(),
                        session.hostFlags(releaseIn.flags()),
                        releaseIn.releaseFlags(),
                        releaseIn.lockOwner());
        lockEvents.lockDropped();
        return result;
    }

    long fsync(ReceivedRequest request) {
        int in = request.arguments(FuseFsyncIn.SIZE);
        if (in < 0) {
            return -Errno.EINVAL;
        }
        fsyncIn.at(request.head(), in, request.order());
        boolean dataOnly = (fsyncIn.fsyncFlags() & FuseFlags.FSYNC_FDATASYNC) != 0;
        return request.session().fileSystem().fsync(request, request.nodeid(), fsyncIn.fh(), dataOnly);
    }

    long fallocate(ReceivedRequest request) {
        int in = request.arguments(FuseFallocateIn.SIZE);
        if (in < 0) {
            return -Errno.EINVAL;
        }
        fallocateIn.at(request.head(), in, request.order());
        return request.session()
                .fileSystem()
                .fallocate(
                        request,
                        request.nodeid(),
                        fallocateIn.fh(),
                        fallocateIn.offset(),
                        fallocateIn.length(),
                        fallocateIn.mode());
    }

    long lseek(ReceivedRequest request) {
        int in = request.arguments(FuseLseekIn.SIZE);
        if (in < 0 || !reply.admits(FuseLseekOut.SIZE)) {
            return -Errno.EINVAL;
        }
        lseekIn.at(request.head(), in, request.order());
        long result = request.session()
                .fileSystem()
                .lseek(request, request.nodeid(), lseekIn.fh(), lseekIn.offset(), lseekIn.whence());
        return result < 0 ? result : scratch.encoder.offset(result);
    }

    /** The older form, whose reply has 32 bits for the length: no more is copied than fits. */
    long copyFileRange(ReceivedRequest request) {
        if (!reply.admits(FuseWriteOut.SIZE)) {
            return -Errno.EINVAL;
        }
        long result = copy(request, MAX_RW_COUNT);
        return result < 0 ? result : scratch.encoder.written((int) result);
    }

    long copyFileRange64(ReceivedRequest request) {
        if (!reply.admits(FuseCopyFileRangeOut.SIZE)) {
            return -Errno.EINVAL;
        }
        long result = copy(request, Long.MAX_VALUE);
        return result < 0 ? result : scratch.encoder.copied(result);
    }

    private long copy(ReceivedRequest request, long most) {
        int in = request.arguments(FuseCopyFileRangeIn.SIZE);
        if (in < 0) {
            return -Errno.EINVAL;
        }
        copyIn.at(request.head(), in, request.order());
        long length = copyIn.len();
        return request.session()
                .fileSystem()
                .copyFileRange(
                        request,
                        request.nodeid(),
                        copyIn.fhIn(),
                        copyIn.offIn(),
                        copyIn.nodeidOut(),
                        copyIn.fhOut(),
                        copyIn.offOut(),
                        Long.compareUnsigned(length, most) > 0 ? most : length,
                        copyIn.flags());
    }

    long syncfs(ReceivedRequest request) {
        return request.session().fileSystem().syncfs(request, request.nodeid());
    }
}
