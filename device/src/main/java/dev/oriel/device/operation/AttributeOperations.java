package dev.oriel.device.operation;

import dev.oriel.filesystem.AttributeChange;
import dev.oriel.filesystem.Attributes;
import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.filesystem.Status;
import dev.oriel.fuse.FuseAccessIn;
import dev.oriel.fuse.FuseAttrOut;
import dev.oriel.fuse.FuseFlags;
import dev.oriel.fuse.FuseGetattrIn;
import dev.oriel.fuse.FuseGetxattrIn;
import dev.oriel.fuse.FuseGetxattrOut;
import dev.oriel.fuse.FuseKstatfs;
import dev.oriel.fuse.FuseSetattrIn;
import dev.oriel.fuse.FuseSetxattrIn;
import dev.oriel.fuse.FuseStatxIn;
import dev.oriel.fuse.FuseStatxOut;
import dev.oriel.linux.Errno;
import java.lang.foreign.MemorySegment;

/**
 * The operations on attributes: those of a node, extended ones, those of the file system. Each returns the length of
 * the reply's body, or an errno.
 */
final class AttributeOperations {
    /** {@code XATTR_NAME_MAX}. */
    private static final int XATTR_NAME_MAX = 255;

    /** {@code XATTR_SIZE_MAX} and {@code XATTR_LIST_MAX}. */
    private static final int XATTR_SIZE_MAX = 64 << 10;

    /** The arguments of a SETXATTR before {@code FUSE_SETXATTR_EXT}: {@code size} and {@code flags}. */
    private static final int SHORT_SETXATTR = 8;

    private static final MemorySegment NOTHING = MemorySegment.NULL;

    private final Reply reply;
    private final OperationScratch scratch;
    private final FuseGetattrIn getattrIn = new FuseGetattrIn();
    private final FuseSetattrIn setattrIn = new FuseSetattrIn();
    private final FuseStatxIn statxIn = new FuseStatxIn();
    private final FuseAccessIn accessIn = new FuseAccessIn();
    private final FuseSetxattrIn setxattrIn = new FuseSetxattrIn();
    private final FuseGetxattrIn getxattrIn = new FuseGetxattrIn();

    AttributeOperations(Reply reply, OperationScratch scratch) {
        this.reply = reply;
        this.scratch = scratch;
    }

    long getattr(ReceivedRequest request) {
        int in = request.arguments(FuseGetattrIn.SIZE);
        if (in < 0 || !reply.admits(FuseAttrOut.SIZE)) {
            return -Errno.EINVAL;
        }
        getattrIn.at(request.head(), in, request.order());
        boolean open = (getattrIn.getattrFlags() & FuseFlags.GETATTR_FH) != 0;
        Attributes out = scratch.attributes();
        int result = request.session()
                .fileSystem()
                .getattr(request, request.nodeid(), open ? getattrIn.fh() : FileSystemSession.NO_HANDLE, out);
        return result < 0 ? result : scratch.encoder.attributes(out);
    }

    long setattr(ReceivedRequest request) {
        int in = request.arguments(FuseSetattrIn.SIZE);
        if (in < 0 || !reply.admits(FuseAttrOut.SIZE)) {
            return -Errno.EINVAL;
        }
        setattrIn.at(request.head(), in, request.order());
        AttributeChange change = scratch.change;
        decode(setattrIn, change);
        Attributes out = scratch.attributes();
        int result = request.session().fileSystem().setattr(request, request.nodeid(), change, out);
        return result < 0 ? result : scratch.encoder.attributes(out);
    }

    private static void decode(FuseSetattrIn in, AttributeChange change) {
        change.valid = in.valid();
        change.fh = in.fh();
        change.size = in.size();
        change.lockOwner = in.lockOwner();
        change.atime = in.atime();
        change.atimensec = in.atimensec();
        change.mtime = in.mtime();
        change.mtimensec = in.mtimensec();
        change.ctime = in.ctime();
        change.ctimensec = in.ctimensec();
        change.mode = in.mode();
        change.uid = in.uid();
        change.gid = in.gid();
    }

    long statx(ReceivedRequest request) {
        int in = request.arguments(FuseStatxIn.SIZE);
        if (in < 0 || !reply.admits(FuseStatxOut.SIZE)) {
            return -Errno.EINVAL;
        }
        statxIn.at(request.head(), in, request.order());
        boolean open = (statxIn.getattrFlags() & FuseFlags.GETATTR_FH) != 0;
        Attributes out = scratch.attributes();
        int result = request.session()
                .fileSystem()
                .statx(
                        request,
                        request.nodeid(),
                        open ? statxIn.fh() : FileSystemSession.NO_HANDLE,
                        statxIn.sxFlags(),
                        statxIn.sxMask(),
                        out);
        return result < 0 ? result : scratch.encoder.statx(out);
    }

    long statfs(ReceivedRequest request) {
        if (!reply.admits(FuseKstatfs.SIZE)) {
            return -Errno.EINVAL;
        }
        Status out = scratch.status();
        int result = request.session().fileSystem().statfs(request, request.nodeid(), out);
        return result < 0 ? result : scratch.encoder.status(out);
    }

    long access(ReceivedRequest request) {
        int in = request.arguments(FuseAccessIn.SIZE);
        if (in < 0) {
            return -Errno.EINVAL;
        }
        accessIn.at(request.head(), in, request.order());
        return request.session().fileSystem().access(request, request.nodeid(), accessIn.mask());
    }

    long setxattr(ReceivedRequest request) {
        boolean extended = request.session().longSetxattr();
        int in = request.arguments(extended ? FuseSetxattrIn.SIZE : SHORT_SETXATTR);
        int error = in < 0 ? -Errno.EINVAL : request.text(scratch.name, XATTR_NAME_MAX, -Errno.ERANGE);
        if (error != 0) {
            return error;
        }
        setxattrIn.at(request.head(), in, request.order());
        int size = setxattrIn.size();
        if (Integer.compareUnsigned(size, XATTR_SIZE_MAX) > 0) {
            return -Errno.E2BIG;
        }
        int value = request.arguments(size);
        if (value < 0) {
            return -Errno.EINVAL;
        }
        return request.session()
                .fileSystem()
                .setxattr(
                        request,
                        request.nodeid(),
                        scratch.name,
                        request.head().asSlice(value, size),
                        setxattrIn.flags(),
                        extended ? setxattrIn.setxattrFlags() : 0);
    }

    long getxattr(ReceivedRequest request) {
        int in = request.arguments(FuseGetxattrIn.SIZE);
        int error = in < 0 ? -Errno.EINVAL : request.text(scratch.name, XATTR_NAME_MAX, -Errno.ERANGE);
        if (error != 0) {
            return error;
        }
        int size = wanted(request, in);
        if (size < 0) {
            return size;
        }
        MemorySegment out = size == 0 ? NOTHING : reply.privateBody(size).asSlice(0, size);
        int result = request.session().fileSystem().getxattr(request, request.nodeid(), scratch.name, out);
        return size == 0 ? length(result) : result > size ? -Errno.ERANGE : result;
    }

    long listxattr(ReceivedRequest request) {
        int in = request.arguments(FuseGetxattrIn.SIZE);
        if (in < 0) {
            return -Errno.EINVAL;
        }
        int size = wanted(request, in);
        if (size < 0) {
            return size;
        }
        MemorySegment out = size == 0 ? NOTHING : reply.privateBody(size).asSlice(0, size);
        int result = request.session().fileSystem().listxattr(request, request.nodeid(), out);
        return size == 0 ? length(result) : result > size ? -Errno.ERANGE : result;
    }

    /** How large a value the client takes, 0 if it asks for the length; or an errno. */
    private int wanted(ReceivedRequest request, int in) {
        getxattrIn.at(request.head(), in, request.order());
        long size = Math.min(Integer.toUnsignedLong(getxattrIn.size()), XATTR_SIZE_MAX);
        return size > reply.room() || (size == 0 && reply.room() < FuseGetxattrOut.SIZE) ? -Errno.EINVAL : (int) size;
    }

    private long length(int result) {
        if (result < 0) {
            return result;
        }
        if (!reply.admits(FuseGetxattrOut.SIZE)) {
            return -Errno.EINVAL;
        }
        return scratch.encoder.length(result);
    }

    long removexattr(ReceivedRequest request) {
        int error = request.text(scratch.name, XATTR_NAME_MAX, -Errno.ERANGE);
        return error != 0 ? error : request.session().fileSystem().removexattr(request, request.nodeid(), scratch.name);
    }
}
