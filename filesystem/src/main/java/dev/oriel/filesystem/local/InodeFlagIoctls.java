package dev.oriel.filesystem.local;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;

import dev.oriel.filesystem.Request;
import dev.oriel.linux.Errno;
import dev.oriel.linux.FileCalls;
import java.lang.foreign.MemorySegment;

/**
 * The ioctls that chattr(1), lsattr(1) and project quotas use: the flags of an inode ({@code linux/fs.h}). Nothing else
 * is passed on: an ioctl that is not known here could do anything.
 *
 * <p>A descriptor for reading is enough for them, and the host's kernel asks who calls: the owner may change flags,
 * CAP_LINUX_IMMUTABLE is needed to make a file immutable. So a change is made as the caller. A client with ALLOW_IDMAP
 * does not tell who that is; its kernel has asked the same already (vfs_fileattr_set, Linux 5.13), and the change is
 * made as the server.
 *
 * <p>The owner of a file may change its project to the kernel's mind, and so leave the quota that bounds the share: the
 * project, and whether new files inherit it, stay as they are unless the options say otherwise.
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

    private static final int FSX_PROJECT_OFFSET = 12;
    private static final int FS_XFLAG_PROJINHERIT = 0x200;
    private static final int FS_PROJINHERIT_FL = 0x2000_0000;
    private static final int NOBODY_KNOWS = -1;

    private final SessionState state;

    InodeFlagIoctls(SessionState state) {
        this.state = state;
    }

    int call(Request request, long nodeid, long fh, int command, MemorySegment argument, int inSize, int outSize) {
        return switch (command) {
            case FS_IOC_GETFLAGS -> get(nodeid, fh, command, argument, outSize, FLAGS_SIZE);
            case FS_IOC_FSGETXATTR -> get(nodeid, fh, command, argument, outSize, FSXATTR_SIZE);
            case FS_IOC_SETFLAGS -> set(request, nodeid, fh, command, argument, inSize, FLAGS_SIZE);
            case FS_IOC_FSSETXATTR -> set(request, nodeid, fh, command, argument, inSize, FSXATTR_SIZE);
            default -> -Errno.ENOTTY;
        };
    }

    private int get(long nodeid, long fh, int command, MemorySegment argument, int outSize, int size) {
        if (outSize < size || argument.byteSize() < size) {
            return -Errno.EINVAL;
        }
        OpenHandle handle = state.enter(fh, nodeid);
        if (handle == null) {
            return state.notEntered(fh);
        }
        MemorySegment plain = ThreadBuffers.current().ioctl;
        plain.fill((byte) 0);
        int result = call(handle, command, plain);
        handle.leave();
        if (result >= 0) {
            MemorySegment.copy(plain, 0, argument, 0, size);
        }
        return result;
    }

    private int set(Request request, long nodeid, long fh, int command, MemorySegment argument, int inSize, int size) {
        if (inSize < size || argument.byteSize() < size) {
            return -Errno.EINVAL;
        }
        if (state.isReadOnly()) {
            return -Errno.EROFS;
        }
        OpenHandle handle = state.enter(fh, nodeid);
        if (handle == null) {
            return state.notEntered(fh);
        }
        ThreadBuffers buffers = ThreadBuffers.current();
        int result = state.options.allowProjectIds() ? 0 : keepsProject(handle, command, argument, buffers.ioctl);
        if (result == 0) {
            buffers.ioctl.fill((byte) 0);
            MemorySegment.copy(argument, 0, buffers.ioctl, 0, size);
            result = setAs(request, handle, command, buffers);
        }
        handle.leave();
        return result;
    }

    private int setAs(Request request, OpenHandle handle, int command, ThreadBuffers buffers) {
        boolean known = request.uid() != NOBODY_KNOWS && request.gid() != NOBODY_KNOWS;
        int assumed = known ? state.assume(request, 0, buffers) : 0;
        if (assumed < 0) {
            return assumed;
        }
        int result;
        int resumed;
        try {
            result = call(handle, command, buffers.ioctl);
        } finally {
            resumed = buffers.identity.resume();
        }
        return resumed < 0 ? resumed : result;
    }

    /**
     * Whether a change leaves the project and its inheritance as they are.
     *
     * @param scratch is overwritten
     * @return 0; -EPERM if it does not, or an errno
     */
    private static int keepsProject(OpenHandle handle, int command, MemorySegment wanted, MemorySegment scratch) {
        boolean flagsOnly = command == FS_IOC_SETFLAGS;
        scratch.fill((byte) 0);
        int result = call(handle, flagsOnly ? FS_IOC_GETFLAGS : FS_IOC_FSGETXATTR, scratch);
        if (result < 0) {
            return result;
        }
        int inherits = flagsOnly ? FS_PROJINHERIT_FL : FS_XFLAG_PROJINHERIT;
        boolean kept = ((wanted.get(JAVA_INT_UNALIGNED, 0) ^ scratch.get(JAVA_INT_UNALIGNED, 0)) & inherits) == 0
                && (flagsOnly
                        || wanted.get(JAVA_INT_UNALIGNED, FSX_PROJECT_OFFSET)
                                == scratch.get(JAVA_INT_UNALIGNED, FSX_PROJECT_OFFSET));
        return kept ? 0 : -Errno.EPERM;
    }

    private static int call(OpenHandle handle, int command, MemorySegment plain) {
        return FileCalls.ioctl(handle.descriptor(), Integer.toUnsignedLong(command), plain);
    }
}
