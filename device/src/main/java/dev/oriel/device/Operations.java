package dev.oriel.device;

import dev.oriel.fuse.FuseOpcode;
import dev.oriel.linux.Errno;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;

/**
 * Serves requests on one thread: finds the operation by its opcode, and writes the reply. Holds all that this needs, so that a
 * request allocates nothing.
 */
final class Operations {
    /** Not an errno: the request must be served where it may block. */
    static final long WOULD_BLOCK = Integer.MIN_VALUE;

    /** Not an errno: the request is a SETLKW, and another holds the lock. */
    static final long WAIT_FOR_LOCK = Integer.MIN_VALUE - 1L;

    private static final Logger LOG = System.getLogger("dev.oriel.device");

    private final Reply reply = new Reply();
    private final NodeOperations nodes;
    private final FileOperations files;
    private final DirectoryOperations directories;
    private final AttributeOperations attributes;
    private final LockOperations locks;
    private final IoctlOperation ioctls;
    private final MappingOperations mappings;

    Operations(SessionThread sessionThread) {
        OperationScratch scratch = new OperationScratch();
        nodes = new NodeOperations(reply, scratch);
        files = new FileOperations(reply, scratch, sessionThread);
        directories = new DirectoryOperations(reply);
        attributes = new AttributeOperations(reply, scratch);
        locks = new LockOperations(reply, sessionThread);
        ioctls = new IoctlOperation(reply);
        mappings = new MappingOperations();
    }

    Reply reply() {
        return reply;
    }

    /** Prepares the reply to {@code request}, whose header has been decoded. */
    void begin(FuseRequest request) {
        reply.begin(request.chain(), request.order());
    }

    /**
     * What must hold before anything is done for a request.
     *
     * @return 0 or an errno
     */
    int check(FuseRequest request, boolean highPriority) {
        if (request.chain().faulty()) {
            return -Errno.EFAULT;
        }
        boolean wordless = isWordless(request.opcode());
        if (highPriority && !wordless) {
            return -Errno.EINVAL;
        }
        return 0;
    }

    /** Replies, and gives the chain back. */
    void end(FuseRequest request, long result) {
        int written = 0;
        if (!isWordless(request.opcode())) {
            try {
                written = reply.end(request.chain(), request.unique(), result);
            } catch (InternalError lost) {
                memoryLost(request, lost);
            }
        }
        request.complete(written);
    }

    /** The JVM's way to say SIGBUS: somebody truncated the file that is the client's memory. */
    private static void memoryLost(FuseRequest request, InternalError lost) {
        LOG.log(
                Level.WARNING,
                "The guest''s memory went away under a request ({0}): {1}",
                FuseOpcode.name(request.opcode()),
                lost.getMessage());
    }

    /** Whether the protocol knows no reply to {@code opcode}. */
    private static boolean isWordless(int opcode) {
        return switch (opcode) {
            case FuseOpcode.FORGET, FuseOpcode.BATCH_FORGET, FuseOpcode.INTERRUPT, FuseOpcode.NOTIFY_REPLY -> true;
            default -> false;
        };
    }

    /**
     * Does what the request wants.
     *
     * @return the length of the reply's body, an errno, {@link #WOULD_BLOCK} or {@link #WAIT_FOR_LOCK}
     */
    long serve(FuseRequest request) {
        if (reply.room() < 0 && !isWordless(request.opcode())) {
            // The client could never learn what became of it.
            return -Errno.EINVAL;
        }
        try {
            long result = perform(request);
            return result == WOULD_BLOCK && request.mayBlock() ? -Errno.EIO : result;
        } catch (RuntimeException e) {
            LOG.log(
                    Level.ERROR,
                    "A request ({0}) is answered EIO because of a bug in Oriel, please report it: {1}",
                    FuseOpcode.name(request.opcode()),
                    e);
            LOG.log(Level.DEBUG, "this is where", e);
            return -Errno.EIO;
        } catch (InternalError lost) {
            memoryLost(request, lost);
            return -Errno.EFAULT;
        }
    }

    private long perform(FuseRequest request) {
        return switch (request.opcode()) {
            case FuseOpcode.LOOKUP -> nodes.lookup(request);
            case FuseOpcode.FORGET -> nodes.forget(request);
            case FuseOpcode.BATCH_FORGET -> nodes.batchForget(request);
            case FuseOpcode.GETATTR -> attributes.getattr(request);
            case FuseOpcode.SETATTR -> attributes.setattr(request);
            case FuseOpcode.STATX -> attributes.statx(request);
            case FuseOpcode.STATFS -> attributes.statfs(request);
            case FuseOpcode.ACCESS -> attributes.access(request);
            case FuseOpcode.SETXATTR -> attributes.setxattr(request);
            case FuseOpcode.GETXATTR -> attributes.getxattr(request);
            case FuseOpcode.LISTXATTR -> attributes.listxattr(request);
            case FuseOpcode.REMOVEXATTR -> attributes.removexattr(request);
            case FuseOpcode.SETUPMAPPING -> mappings.setup(request);
            case FuseOpcode.REMOVEMAPPING -> mappings.remove(request);
            case FuseOpcode.READLINK -> nodes.readlink(request);
            case FuseOpcode.SYMLINK -> nodes.symlink(request);
            case FuseOpcode.MKNOD -> nodes.mknod(request);
            case FuseOpcode.MKDIR -> nodes.mkdir(request);
            case FuseOpcode.UNLINK -> nodes.unlink(request);
            case FuseOpcode.RMDIR -> nodes.rmdir(request);
            case FuseOpcode.RENAME -> nodes.rename(request);
            case FuseOpcode.RENAME2 -> nodes.rename2(request);
            case FuseOpcode.LINK -> nodes.link(request);
            case FuseOpcode.OPEN -> files.open(request);
            case FuseOpcode.CREATE -> files.create(request);
            case FuseOpcode.TMPFILE -> files.tmpfile(request);
            case FuseOpcode.READ -> files.read(request);
            case FuseOpcode.WRITE -> files.write(request);
            case FuseOpcode.FLUSH -> files.flush(request);
            case FuseOpcode.RELEASE -> files.release(request);
            case FuseOpcode.FSYNC -> files.fsync(request);
            case FuseOpcode.FALLOCATE -> files.fallocate(request);
            case FuseOpcode.LSEEK -> files.lseek(request);
            case FuseOpcode.COPY_FILE_RANGE -> files.copyFileRange(request);
            case FuseOpcode.COPY_FILE_RANGE_64 -> files.copyFileRange64(request);
            case FuseOpcode.SYNCFS -> files.syncfs(request);
            case FuseOpcode.OPENDIR -> directories.opendir(request);
            case FuseOpcode.READDIR -> directories.readdir(request, false);
            case FuseOpcode.READDIRPLUS -> directories.readdir(request, true);
            case FuseOpcode.RELEASEDIR -> directories.releasedir(request);
            case FuseOpcode.FSYNCDIR -> directories.fsyncdir(request);
            case FuseOpcode.GETLK -> locks.getlk(request);
            case FuseOpcode.SETLK -> locks.setlk(request, false);
            case FuseOpcode.SETLKW -> locks.setlk(request, true);
            case FuseOpcode.INTERRUPT -> locks.interrupt(request);
            case FuseOpcode.IOCTL -> ioctls.ioctl(request);
            // BMAP is for block devices; POLL is for files that notify, and notifications do not reach Linux over
            // virtio;
            // CUSE_INIT is for character devices. What is not known is answered like what is not there.
            default -> -Errno.ENOSYS;
        };
    }
}
