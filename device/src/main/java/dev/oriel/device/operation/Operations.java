package dev.oriel.device.operation;

import dev.oriel.device.statistics.RequestCounters;
import dev.oriel.fuse.FuseOpcode;
import dev.oriel.linux.Errno;
import dev.oriel.linux.Failure;
import dev.oriel.virtio.ring.ChainBytes;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Arrays;

/**
 * Serves requests on one thread: finds the operation by its opcode, and writes the reply. Holds all that this needs, so
 * that a request allocates nothing.
 */
public final class Operations {
    /** Not an errno: the request must be served where it may block. */
    public static final long WOULD_BLOCK = Integer.MIN_VALUE;

    /** Not an errno: the request is a SETLKW, and another holds the lock. */
    public static final long WAIT_FOR_LOCK = Integer.MIN_VALUE - 1L;

    private static final Logger LOG = System.getLogger("dev.oriel.device");

    private final RequestCounters counters;
    private final Reply reply = new Reply();
    private final NodeOperations nodes;
    private final FileOperations files;
    private final DirectoryOperations directories;
    private final AttributeOperations attributes;
    private final LockOperations locks;
    private final IoctlOperation ioctls;
    private final MappingOperations mappings;
    private final Operation[] operations;

    /** Makes what one thread serves with; {@code counters} counts what it answers. */
    public Operations(LockEvents lockEvents, RequestCounters counters) {
        this.counters = counters;
        OperationScratch scratch = new OperationScratch(reply);
        nodes = new NodeOperations(reply, scratch);
        files = new FileOperations(reply, scratch, lockEvents);
        directories = new DirectoryOperations(reply, scratch);
        attributes = new AttributeOperations(reply, scratch);
        locks = new LockOperations(reply, scratch, lockEvents);
        ioctls = new IoctlOperation(reply);
        mappings = new MappingOperations();
        operations = operations();
    }

    public Reply reply() {
        return reply;
    }

    /** Prepares the reply to {@code request}, whose header has been decoded. */
    public void begin(ReceivedRequest request) {
        reply.begin(request.chain(), request.order());
    }

    /**
     * What must hold before anything is done for a request.
     *
     * @return 0 or an errno
     */
    public int check(ReceivedRequest request, boolean highPriority) {
        if (request.chain().faulty()) {
            return -Errno.EFAULT;
        }
        ChainBytes out = request.chain().writable();
        if (request.opcode() != FuseOpcode.READ && out.ownLength() < out.length()) {
            // Only the data of a READ may go into the window.
            return -Errno.EFAULT;
        }
        boolean wordless = isWordless(request.opcode());
        if (highPriority && !wordless) {
            return -Errno.EINVAL;
        }
        return 0;
    }

    /** Replies, and gives the chain back. Throws nothing. */
    public void end(ReceivedRequest request, long result) {
        try {
            request.record.answered(counters, request.opcode(), request.nodeid(), result);
        } catch (RuntimeException | Error failure) {
            failed(request, failure);
        }
        int written = 0;
        try {
            if (!isWordless(request.opcode())) {
                written = reply.end(request.chain(), request.unique(), result);
            }
        } catch (RuntimeException | Error failure) {
            failed(request, failure);
        }
        try {
            request.complete(written);
        } catch (RuntimeException | Error failure) {
            failed(request, failure);
        }
    }

    /**
     * Says in the log what became of a request that something was thrown for.
     *
     * @return the errno for the client
     */
    public static int failed(ReceivedRequest request, Throwable failure) {
        LOG.log(
                failure instanceof InternalError ? Level.WARNING : Level.ERROR,
                "{0} is answered with an error: {1}",
                FuseOpcode.name(request.opcode()),
                Failure.reason(failure));
        LOG.log(Level.DEBUG, "this is where", failure);
        return Failure.errno(failure);
    }

    /**
     * Whether serving a request of this opcode where it may not block may take long all the same: it asks a file system
     * in a way that knows no "would block". A READ does not; a GETATTR looks at what the host has in memory, as a
     * descriptor of the node is open.
     */
    public static boolean maySleep(int opcode) {
        return switch (opcode) {
            case FuseOpcode.READ,
                    FuseOpcode.GETATTR,
                    FuseOpcode.FORGET,
                    FuseOpcode.BATCH_FORGET,
                    FuseOpcode.INTERRUPT -> false;
            default -> true;
        };
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
    public long serve(ReceivedRequest request) {
        if (reply.room() < 0 && !isWordless(request.opcode())) {
            // The client could never learn what became of it.
            return -Errno.EINVAL;
        }
        try {
            long result = perform(request);
            return result == WOULD_BLOCK && request.mayBlock() ? -Errno.EIO : result;
        } catch (RuntimeException | Error failure) {
            return failed(request, failure);
        }
    }

    private long perform(ReceivedRequest request) {
        int opcode = request.opcode();
        return opcode >= 0 && opcode < FuseOpcode.COUNT ? operations[opcode].perform(request) : -Errno.ENOSYS;
    }

    /**
     * By opcode. Not a switch: the compiler would take all operations for one piece of code, and compile it anew
     * whenever a guest comes to one that it has not used before.
     */
    private Operation[] operations() {
        Operation[] operations = new Operation[FuseOpcode.COUNT];
        // BMAP is for block devices; POLL is for files that notify, and notifications do not reach Linux over virtio;
        // CUSE_INIT is for
        // character devices. What is not known is answered like what is not there.
        Arrays.fill(operations, (Operation) request -> -Errno.ENOSYS);
        operations[FuseOpcode.LOOKUP] = nodes::lookup;
        operations[FuseOpcode.FORGET] = nodes::forget;
        operations[FuseOpcode.BATCH_FORGET] = nodes::batchForget;
        operations[FuseOpcode.GETATTR] = attributes::getattr;
        operations[FuseOpcode.SETATTR] = attributes::setattr;
        operations[FuseOpcode.STATX] = attributes::statx;
        operations[FuseOpcode.STATFS] = attributes::statfs;
        operations[FuseOpcode.ACCESS] = attributes::access;
        operations[FuseOpcode.SETXATTR] = attributes::setxattr;
        operations[FuseOpcode.GETXATTR] = attributes::getxattr;
        operations[FuseOpcode.LISTXATTR] = attributes::listxattr;
        operations[FuseOpcode.REMOVEXATTR] = attributes::removexattr;
        operations[FuseOpcode.SETUPMAPPING] = mappings::setup;
        operations[FuseOpcode.REMOVEMAPPING] = mappings::remove;
        operations[FuseOpcode.READLINK] = nodes::readlink;
        operations[FuseOpcode.SYMLINK] = nodes::symlink;
        operations[FuseOpcode.MKNOD] = nodes::mknod;
        operations[FuseOpcode.MKDIR] = nodes::mkdir;
        operations[FuseOpcode.UNLINK] = nodes::unlink;
        operations[FuseOpcode.RMDIR] = nodes::rmdir;
        operations[FuseOpcode.RENAME] = nodes::rename;
        operations[FuseOpcode.RENAME2] = nodes::rename2;
        operations[FuseOpcode.LINK] = nodes::link;
        operations[FuseOpcode.OPEN] = files::open;
        operations[FuseOpcode.CREATE] = files::create;
        operations[FuseOpcode.TMPFILE] = files::tmpfile;
        operations[FuseOpcode.READ] = files::read;
        operations[FuseOpcode.WRITE] = files::write;
        operations[FuseOpcode.FLUSH] = files::flush;
        operations[FuseOpcode.RELEASE] = files::release;
        operations[FuseOpcode.FSYNC] = files::fsync;
        operations[FuseOpcode.FALLOCATE] = files::fallocate;
        operations[FuseOpcode.LSEEK] = files::lseek;
        operations[FuseOpcode.COPY_FILE_RANGE] = files::copyFileRange;
        operations[FuseOpcode.COPY_FILE_RANGE_64] = files::copyFileRange64;
        operations[FuseOpcode.SYNCFS] = files::syncfs;
        operations[FuseOpcode.OPENDIR] = directories::opendir;
        operations[FuseOpcode.READDIR] = request -> directories.readdir(request, false);
        operations[FuseOpcode.READDIRPLUS] = request -> directories.readdir(request, true);
        operations[FuseOpcode.RELEASEDIR] = directories::releasedir;
        operations[FuseOpcode.FSYNCDIR] = directories::fsyncdir;
        operations[FuseOpcode.GETLK] = locks::getlk;
        operations[FuseOpcode.SETLK] = request -> locks.setlk(request, false);
        operations[FuseOpcode.SETLKW] = request -> locks.setlk(request, true);
        operations[FuseOpcode.INTERRUPT] = locks::interrupt;
        operations[FuseOpcode.IOCTL] = ioctls::ioctl;
        return operations;
    }

    /** Serves requests of one opcode: answers as {@link #serve} does. */
    private interface Operation {
        long perform(ReceivedRequest request);
    }
}
