package dev.oriel.device.operation;

import dev.oriel.filesystem.FileLock;
import dev.oriel.fuse.FuseFileLock;
import dev.oriel.fuse.FuseFlags;
import dev.oriel.fuse.FuseInterruptIn;
import dev.oriel.fuse.FuseLkIn;
import dev.oriel.linux.Errno;

/** The operations on locks. Each returns the length of the reply's body, or an errno. */
final class LockOperations {
    /** {@code F_UNLCK}. */
    private static final int UNLOCK = 2;

    private final Reply reply;
    private final OperationScratch scratch;
    private final LockEvents lockEvents;
    private final FuseLkIn lkIn = new FuseLkIn();
    private final FuseInterruptIn interruptIn = new FuseInterruptIn();

    LockOperations(Reply reply, OperationScratch scratch, LockEvents lockEvents) {
        this.reply = reply;
        this.scratch = scratch;
        this.lockEvents = lockEvents;
    }

    long getlk(ReceivedRequest request) {
        int in = request.arguments(FuseLkIn.SIZE);
        if (in < 0 || !reply.admits(FuseFileLock.SIZE)) {
            return -Errno.EINVAL;
        }
        lkIn.at(request.head(), in, request.order());
        FileLock lock = decode(lkIn.lk());
        if (!isSound(lock)) {
            return -Errno.EINVAL;
        }
        FileLock out = scratch.conflict();
        int result =
                request.session().fileSystem().getlk(request, request.nodeid(), lkIn.fh(), lkIn.owner(), lock, out);
        return result < 0 ? result : scratch.encoder.lock(out);
    }

    /** @param wait whether this is a SETLKW */
    long setlk(ReceivedRequest request, boolean wait) {
        int in = request.arguments(FuseLkIn.SIZE);
        if (in < 0) {
            return -Errno.EINVAL;
        }
        lkIn.at(request.head(), in, request.order());
        FileLock lock = decode(lkIn.lk());
        int lkFlags = lkIn.lkFlags();
        if (!isSound(lock) || (lkFlags & ~FuseFlags.LK_FLOCK) != 0) {
            return -Errno.EINVAL;
        }
        int result =
                request.session().fileSystem().setlk(request, request.nodeid(), lkIn.fh(), lkIn.owner(), lock, lkFlags);
        if (result == -Errno.EAGAIN && wait) {
            result = request.session()
                    .fileSystem()
                    .awaitLock(request, request.nodeid(), lkIn.fh(), lkIn.owner(), lock, lkFlags);
            return result < 0 ? result : Operations.WAIT_FOR_LOCK;
        }
        if (result == 0) {
            // Not only F_UNLCK drops a lock: a write lock that becomes a read lock lets readers in.
            lockEvents.lockDropped();
        }
        return result;
    }

    private FileLock decode(FuseFileLock in) {
        FileLock lock = scratch.lock;
        lock.start = in.start();
        lock.end = in.end();
        lock.type = in.type();
        lock.pid = in.pid();
        return lock;
    }

    private static boolean isSound(FileLock lock) {
        return lock.type >= 0 && lock.type <= UNLOCK && lock.start >= 0 && lock.start <= lock.end;
    }

    long interrupt(ReceivedRequest request) {
        int in = request.arguments(FuseInterruptIn.SIZE);
        if (in < 0) {
            return -Errno.EINVAL;
        }
        interruptIn.at(request.head(), in, request.order());
        lockEvents.interrupt(interruptIn.unique());
        return 0;
    }
}
