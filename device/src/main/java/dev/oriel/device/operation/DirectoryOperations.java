package dev.oriel.device.operation;

import dev.oriel.filesystem.Opened;
import dev.oriel.fuse.FuseFlags;
import dev.oriel.fuse.FuseFsyncIn;
import dev.oriel.fuse.FuseOpenIn;
import dev.oriel.fuse.FuseOpenOut;
import dev.oriel.fuse.FuseReadIn;
import dev.oriel.fuse.FuseReleaseIn;
import dev.oriel.linux.Errno;

/** The operations on open directories. Each returns the length of the reply's body, or an errno. */
final class DirectoryOperations {
    /** The most that one reply holds, whatever the client asks for. */
    private static final int MOST = 128 << 10;

    private final Reply reply;
    private final OperationScratch scratch;
    private final DirectoryReply entries;
    private final FuseOpenIn openIn = new FuseOpenIn();
    private final FuseReadIn readIn = new FuseReadIn();
    private final FuseReleaseIn releaseIn = new FuseReleaseIn();
    private final FuseFsyncIn fsyncIn = new FuseFsyncIn();

    DirectoryOperations(Reply reply, OperationScratch scratch) {
        this.reply = reply;
        this.scratch = scratch;
        entries = new DirectoryReply(scratch);
    }

    long opendir(ReceivedRequest request) {
        int in = request.arguments(FuseOpenIn.SIZE);
        if (in < 0 || !reply.admits(FuseOpenOut.SIZE)) {
            return -Errno.EINVAL;
        }
        openIn.at(request.head(), in, request.order());
        FuseSession session = request.session();
        int flags = session.hostFlagsOfOpen(openIn.flags(), true);
        Opened out = scratch.opened();
        int result = session.fileSystem().opendir(request, request.nodeid(), flags, out);
        return result < 0 ? result : scratch.encoder.opened(out);
    }

    long readdir(ReceivedRequest request, boolean plus) {
        int in = request.arguments(FuseReadIn.SIZE);
        if (in < 0) {
            return -Errno.EINVAL;
        }
        readIn.at(request.head(), in, request.order());
        long size = Math.min(Integer.toUnsignedLong(readIn.size()), MOST);
        if (size > reply.room()) {
            return -Errno.EINVAL;
        }
        entries.begin(reply.privateBody((int) size), (int) size, plus, request.order());
        int result = request.session()
                .fileSystem()
                .readdir(request, request.nodeid(), readIn.fh(), readIn.offset(), plus, entries);
        if (entries.size() > 0) {
            // What was added counts as looked up, and must be delivered whatever happened then.
            return entries.size();
        }
        return result == 0 && entries.refused() ? -Errno.EINVAL : result;
    }

    long releasedir(ReceivedRequest request) {
        int in = request.arguments(FuseReleaseIn.SIZE);
        if (in < 0) {
            return -Errno.EINVAL;
        }
        releaseIn.at(request.head(), in, request.order());
        FuseSession session = request.session();
        int flags = session.hostFlags(releaseIn.flags());
        return session.fileSystem().releasedir(request, request.nodeid(), releaseIn.fh(), flags);
    }

    long fsyncdir(ReceivedRequest request) {
        int in = request.arguments(FuseFsyncIn.SIZE);
        if (in < 0) {
            return -Errno.EINVAL;
        }
        fsyncIn.at(request.head(), in, request.order());
        boolean dataOnly = (fsyncIn.fsyncFlags() & FuseFlags.FSYNC_FDATASYNC) != 0;
        return request.session().fileSystem().fsyncdir(request, request.nodeid(), fsyncIn.fh(), dataOnly);
    }
}
