package dev.oriel.filesystem.local;

import dev.oriel.linux.Errno;
import dev.oriel.linux.FileCalls;
import java.lang.foreign.MemorySegment;

/**
 * The ioctls that chattr(1), lsattr(1) and project quotas use: the flags of an inode ({@code linux/fs.h}). Nothing else is passed
 * on: an ioctl that is not known here could do anything.
 */
final class InodeFlagIoctls {
    private static final int FS_IOC_GETFLAGS = 0x8008_6601;
    private static final int FS_IOC_SETFLAGS = 0x4008_6602;
    private static final int FS_IOC_FSGETXATTR = 0x801c_581f;
    private static final int FS_IOC_FSSETXATTR = 0x401c_5820;

    /** The kernel reads and writes an int, though the number of the ioctl says long. */
    private static final int FLAGS_SIZE = Integer.BYTES;

    /** {@code struct fsxattr}. */
    private static final int FSXATTR_SIZE = 28;

    private final Share share;

    InodeFlagIoctls(Share share) {
        this.share = share;
    }

    int call(long nodeid, long fh, int command, MemorySegment argument, int inSize, int outSize) {
        return switch (command) {
            case FS_IOC_GETFLAGS -> get(nodeid, fh, command, argument, outSize, FLAGS_SIZE);
            case FS_IOC_FSGETXATTR -> get(nodeid, fh, command, argument, outSize, FSXATTR_SIZE);
            case FS_IOC_SETFLAGS -> set(nodeid, fh, command, argument, inSize, FLAGS_SIZE);
            case FS_IOC_FSSETXATTR -> set(nodeid, fh, command, argument, inSize, FSXATTR_SIZE);
            default -> -Errno.ENOTTY;
        };
    }

    private int get(long nodeid, long fh, int command, MemorySegment argument, int outSize, int size) {
        if (outSize < size || argument.byteSize() < size) {
            return -Errno.EINVAL;
        }
        MemorySegment plain = ThreadBuffers.current().ioctl;
        plain.fill((byte) 0);
        int result = call(nodeid, fh, command, plain);
        if (result >= 0) {
            MemorySegment.copy(plain, 0, argument, 0, size);
        }
        return result;
    }

    private int set(long nodeid, long fh, int command, MemorySegment argument, int inSize, int size) {
        if (inSize < size || argument.byteSize() < size) {
            return -Errno.EINVAL;
        }
        if (share.isReadOnly()) {
            return -Errno.EROFS;
        }
        MemorySegment plain = ThreadBuffers.current().ioctl;
        plain.fill((byte) 0);
        MemorySegment.copy(argument, 0, plain, 0, size);
        return call(nodeid, fh, command, plain);
    }

    private int call(long nodeid, long fh, int command, MemorySegment plain) {
        OpenHandle handle = share.enter(fh, nodeid);
        if (handle == null) {
            return share.notEntered(fh);
        }
        int result = FileCalls.ioctl(handle.descriptor(), Integer.toUnsignedLong(command), plain);
        handle.leave();
        return result;
    }
}
