package dev.oriel.device.operation;

import dev.oriel.fuse.FuseFlags;
import dev.oriel.fuse.FuseIoctlIn;
import dev.oriel.fuse.FuseIoctlOut;
import dev.oriel.linux.Errno;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * IOCTL: the protocol passes the arguments of an ioctl(2) as they lie in the client's memory, so only those whose
 * layout is known can be served: the inode flags, and the attributes that came from XFS.
 *
 * <pre>
 *   FS_IOC_GETFLAGS, FS_IOC_SETFLAGS       | u32 flags |   (the number says long)
 *   FS_IOC_FSGETXATTR, FS_IOC_FSSETXATTR   | u32 xflags | extsize | nextents | projid | cowextsize | 8 bytes padding |
 * </pre>
 *
 * <p>On PowerPC, and on Alpha, MIPS and SPARC, numbers of ioctls tell the direction by 3 other bits
 * (arch/powerpc/include/uapi/asm/ioctl.h). These mean nothing elsewhere, so all are known everywhere.
 *
 * <p>The numbers of 32-bit programs are known only with {@code FUSE_IOCTL_32BIT}. A 64-bit kernel passes them on from a
 * 64-bit program without the checks that it makes for its own numbers (vfs_fileattr_set), and ENOTTY is what a local
 * file system answers there.
 */
final class IoctlOperation {
    private static final int GETFLAGS = 0x8008_6601;
    private static final int SETFLAGS = 0x4008_6602;
    private static final int GETFLAGS_32 = 0x8004_6601;
    private static final int SETFLAGS_32 = 0x4004_6602;
    private static final int FSGETXATTR = 0x801c_581f;
    private static final int FSSETXATTR = 0x401c_5820;

    private static final int POWERPC_GETFLAGS = 0x4008_6601;
    private static final int POWERPC_SETFLAGS = 0x8008_6602;
    private static final int POWERPC_GETFLAGS_32 = 0x4004_6601;
    private static final int POWERPC_SETFLAGS_32 = 0x8004_6602;
    private static final int POWERPC_FSGETXATTR = 0x401c_581f;
    private static final int POWERPC_FSSETXATTR = 0x801c_5820;

    private static final int FSXATTR_SIZE = 28;

    /** How much of a struct fsxattr are numbers. */
    private static final int FSXATTR_WORDS = 20;

    private final Reply reply;
    private final FuseIoctlIn in = new FuseIoctlIn();
    private final FuseIoctlOut out = new FuseIoctlOut();
    private final MemorySegment argument = Arena.ofAuto().allocate(FSXATTR_SIZE + Integer.BYTES, Long.BYTES);

    IoctlOperation(Reply reply) {
        this.reply = reply;
    }

    /** Returns the length of the reply's body, or an errno: {@code -ENOTTY} for what is not known. */
    long ioctl(ReceivedRequest request) {
        int at = request.arguments(FuseIoctlIn.SIZE);
        if (at < 0) {
            return -Errno.EINVAL;
        }
        in.at(request.head(), at, request.order());
        boolean narrow = (in.flags() & FuseFlags.IOCTL_32BIT) != 0;
        return switch (in.cmd()) {
            case GETFLAGS, POWERPC_GETFLAGS -> get(request, GETFLAGS, Integer.BYTES, Integer.BYTES);
            case SETFLAGS, POWERPC_SETFLAGS -> set(request, SETFLAGS, Integer.BYTES, Integer.BYTES);
            case GETFLAGS_32, POWERPC_GETFLAGS_32 ->
                narrow ? get(request, GETFLAGS, Integer.BYTES, Integer.BYTES) : -Errno.ENOTTY;
            case SETFLAGS_32, POWERPC_SETFLAGS_32 ->
                narrow ? set(request, SETFLAGS, Integer.BYTES, Integer.BYTES) : -Errno.ENOTTY;
            case FSGETXATTR, POWERPC_FSGETXATTR -> get(request, FSGETXATTR, FSXATTR_SIZE, FSXATTR_WORDS);
            case FSSETXATTR, POWERPC_FSSETXATTR -> set(request, FSSETXATTR, FSXATTR_SIZE, FSXATTR_WORDS);
            default -> -Errno.ENOTTY;
        };
    }

    private long get(ReceivedRequest request, int command, int size, int words) {
        if (Integer.compareUnsigned(in.outSize(), size) < 0 || reply.room() - FuseIoctlOut.SIZE < size) {
            return -Errno.EINVAL;
        }
        argument.fill((byte) 0);
        int result = request.session()
                .fileSystem()
                .ioctl(request, request.nodeid(), in.fh(), in.flags(), command, argument, 0, size);
        if (result < 0) {
            return result;
        }
        MemorySegment body = reply.privateBody(FuseIoctlOut.SIZE + size);
        answer(body, result);
        translate(argument, 0, body, FuseIoctlOut.SIZE, words, request.order());
        MemorySegment.copy(argument, words, body, FuseIoctlOut.SIZE + (long) words, size - (long) words);
        return FuseIoctlOut.SIZE + (long) size;
    }

    private long set(ReceivedRequest request, int command, int size, int words) {
        int inSize = in.inSize();
        int value = inSize < size ? -1 : request.arguments(inSize);
        if (value < 0 || reply.room() < FuseIoctlOut.SIZE) {
            return -Errno.EINVAL;
        }
        argument.fill((byte) 0);
        translate(request.head(), value, argument, 0, words, request.order());
        int result = request.session()
                .fileSystem()
                .ioctl(request, request.nodeid(), in.fh(), in.flags(), command, argument, size, 0);
        if (result < 0) {
            return result;
        }
        answer(reply.privateBody(FuseIoctlOut.SIZE), result);
        return FuseIoctlOut.SIZE;
    }

    private void answer(MemorySegment body, int result) {
        out.at(body, 0, reply.order());
        out.clear();
        out.result(result);
    }

    /** Copies numbers of 32 bits from the client's byte order to the host's, or back. */
    private static void translate(
            MemorySegment from, long fromOffset, MemorySegment to, long toOffset, int length, ByteOrder order) {
        boolean swapped = order != ByteOrder.nativeOrder();
        for (int i = 0; i < length; i += Integer.BYTES) {
            int word = from.get(ValueLayout.JAVA_INT_UNALIGNED, fromOffset + i);
            to.set(ValueLayout.JAVA_INT_UNALIGNED, toOffset + i, swapped ? Integer.reverseBytes(word) : word);
        }
    }
}
