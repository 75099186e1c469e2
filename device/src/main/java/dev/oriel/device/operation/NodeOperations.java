package dev.oriel.device.operation;

import dev.oriel.filesystem.Entry;
import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.filesystem.Name;
import dev.oriel.fuse.FuseBatchForgetIn;
import dev.oriel.fuse.FuseEntryOut;
import dev.oriel.fuse.FuseForgetIn;
import dev.oriel.fuse.FuseForgetOne;
import dev.oriel.fuse.FuseInHeader;
import dev.oriel.fuse.FuseLinkIn;
import dev.oriel.fuse.FuseMkdirIn;
import dev.oriel.fuse.FuseMknodIn;
import dev.oriel.fuse.FuseRename2In;
import dev.oriel.fuse.FuseRenameIn;
import dev.oriel.linux.Errno;
import java.lang.foreign.MemorySegment;

/** The operations on names and on the nodes they lead to. Each returns the length of the reply's body, or an errno. */
final class NodeOperations {
    private static final int SYMLINK_MAX = OperationScratch.TARGET_SIZE - 1;

    /** {@code RENAME_NOREPLACE | RENAME_EXCHANGE | RENAME_WHITEOUT}. */
    private static final int RENAME_FLAGS = 1 | 1 << 1 | 1 << 2;

    /** How many bytes of a BATCH_FORGET are fetched at a time. */
    private static final int FORGET_BLOCK = 256 * FuseForgetOne.SIZE;

    private final Reply reply;
    private final OperationScratch scratch;
    private final FuseForgetIn forgetIn = new FuseForgetIn();
    private final FuseBatchForgetIn batchForgetIn = new FuseBatchForgetIn();
    private final FuseForgetOne forgetOne = new FuseForgetOne();
    private final FuseMknodIn mknodIn = new FuseMknodIn();
    private final FuseMkdirIn mkdirIn = new FuseMkdirIn();
    private final FuseRenameIn renameIn = new FuseRenameIn();
    private final FuseRename2In rename2In = new FuseRename2In();
    private final FuseLinkIn linkIn = new FuseLinkIn();

    NodeOperations(Reply reply, OperationScratch scratch) {
        this.reply = reply;
        this.scratch = scratch;
    }

    long lookup(ReceivedRequest request) {
        Name name = scratch.name;
        int error = request.entryName(name);
        if (error != 0) {
            return error;
        }
        if (!reply.admits(FuseEntryOut.SIZE)) {
            return -Errno.EINVAL;
        }
        Entry out = scratch.entry();
        int result = request.session().fileSystem().lookup(request, request.nodeid(), name, out);
        return result < 0 ? result : scratch.encoder.entry(out);
    }

    long forget(ReceivedRequest request) {
        int in = request.arguments(FuseForgetIn.SIZE);
        if (in < 0) {
            return -Errno.EINVAL;
        }
        forgetIn.at(request.head(), in, request.order());
        request.session().fileSystem().forget(request.nodeid(), forgetIn.nlookup());
        return 0;
    }

    long batchForget(ReceivedRequest request) {
        int in = request.arguments(FuseBatchForgetIn.SIZE);
        if (in < 0) {
            return -Errno.EINVAL;
        }
        batchForgetIn.at(request.head(), in, request.order());
        long size = Integer.toUnsignedLong(batchForgetIn.count()) * FuseForgetOne.SIZE;
        if (size > request.remaining()) {
            return -Errno.EINVAL;
        }
        FileSystemSession session = request.session().fileSystem();
        MemorySegment block = reply.privateBody(FORGET_BLOCK);
        long from = FuseInHeader.SIZE + FuseBatchForgetIn.SIZE;
        for (long done = 0; done < size; done += FORGET_BLOCK) {
            int length = (int) Math.min(size - done, FORGET_BLOCK);
            request.chain().readable().copyTo(from + done, block, 0, length);
            for (int at = 0; at < length; at += FuseForgetOne.SIZE) {
                forgetOne.at(block, at, request.order());
                session.forget(forgetOne.nodeid(), forgetOne.nlookup());
            }
        }
        return 0;
    }

    long readlink(ReceivedRequest request) {
        MemorySegment target = reply.privateBody(OperationScratch.TARGET_SIZE);
        int result = request.session()
                .fileSystem()
                .readlink(request, request.nodeid(), target.asSlice(0, OperationScratch.TARGET_SIZE));
        return result > reply.room() ? -Errno.ENAMETOOLONG : result;
    }

    long symlink(ReceivedRequest request) {
        Name name = scratch.name;
        int error = request.entryName(name);
        if (error == 0) {
            error = request.text(scratch.target, SYMLINK_MAX, -Errno.ENAMETOOLONG);
        }
        if (error == 0) {
            error = beginEntry(request);
        }
        if (error != 0) {
            return error;
        }
        Entry out = scratch.entry();
        int result = request.session().fileSystem().symlink(request, request.nodeid(), name, scratch.target, out);
        return result < 0 ? result : scratch.encoder.entry(out);
    }

    long mknod(ReceivedRequest request) {
        int in = request.arguments(FuseMknodIn.SIZE);
        Name name = scratch.name;
        int error = in < 0 ? -Errno.EINVAL : request.entryName(name);
        if (error == 0) {
            error = beginEntry(request);
        }
        if (error != 0) {
            return error;
        }
        mknodIn.at(request.head(), in, request.order());
        Entry out = scratch.entry();
        int result = request.session()
                .fileSystem()
                .mknod(request, request.nodeid(), name, mknodIn.mode(), mknodIn.rdev(), mknodIn.umask(), out);
        return result < 0 ? result : scratch.encoder.entry(out);
    }

    long mkdir(ReceivedRequest request) {
        int in = request.arguments(FuseMkdirIn.SIZE);
        Name name = scratch.name;
        int error = in < 0 ? -Errno.EINVAL : request.entryName(name);
        if (error == 0) {
            error = beginEntry(request);
        }
        if (error != 0) {
            return error;
        }
        mkdirIn.at(request.head(), in, request.order());
        Entry out = scratch.entry();
        int result = request.session()
                .fileSystem()
                .mkdir(request, request.nodeid(), name, mkdirIn.mode(), mkdirIn.umask(), out);
        return result < 0 ? result : scratch.encoder.entry(out);
    }

    /** What all that create have behind their names, and the entry they are answered with. */
    private int beginEntry(ReceivedRequest request) {
        int error = request.extensions(scratch.extensions);
        if (error != 0) {
            return error;
        }
        return reply.admits(FuseEntryOut.SIZE) ? 0 : -Errno.EINVAL;
    }

    long unlink(ReceivedRequest request) {
        int error = request.entryName(scratch.name);
        return error != 0 ? error : request.session().fileSystem().unlink(request, request.nodeid(), scratch.name);
    }

    long rmdir(ReceivedRequest request) {
        int error = request.entryName(scratch.name);
        return error != 0 ? error : request.session().fileSystem().rmdir(request, request.nodeid(), scratch.name);
    }

    long rename(ReceivedRequest request) {
        int in = request.arguments(FuseRenameIn.SIZE);
        if (in < 0) {
            return -Errno.EINVAL;
        }
        renameIn.at(request.head(), in, request.order());
        return rename(request, renameIn.newdir(), 0);
    }

    long rename2(ReceivedRequest request) {
        int in = request.arguments(FuseRename2In.SIZE);
        if (in < 0) {
            return -Errno.EINVAL;
        }
        rename2In.at(request.head(), in, request.order());
        int flags = rename2In.flags();
        return (flags & ~RENAME_FLAGS) != 0 ? -Errno.EINVAL : rename(request, rename2In.newdir(), flags);
    }

    private long rename(ReceivedRequest request, long newParent, int flags) {
        int error = request.entryName(scratch.name);
        if (error == 0) {
            error = request.entryName(scratch.newName);
        }
        return error != 0
                ? error
                : request.session()
                        .fileSystem()
                        .rename(request, request.nodeid(), scratch.name, newParent, scratch.newName, flags);
    }

    long link(ReceivedRequest request) {
        int in = request.arguments(FuseLinkIn.SIZE);
        int error = in < 0 ? -Errno.EINVAL : request.entryName(scratch.name);
        if (error != 0) {
            return error;
        }
        if (!reply.admits(FuseEntryOut.SIZE)) {
            return -Errno.EINVAL;
        }
        linkIn.at(request.head(), in, request.order());
        Entry out = scratch.entry();
        int result =
                request.session().fileSystem().link(request, linkIn.oldnodeid(), request.nodeid(), scratch.name, out);
        return result < 0 ? result : scratch.encoder.entry(out);
    }
}
