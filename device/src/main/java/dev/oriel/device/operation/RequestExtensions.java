package dev.oriel.device.operation;

import dev.oriel.fuse.FuseExtHeader;
import dev.oriel.fuse.FuseFlags;
import dev.oriel.fuse.FuseInitFlags;
import dev.oriel.fuse.FuseSecctx;
import dev.oriel.fuse.FuseSuppGroups;
import dev.oriel.linux.Errno;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Reads the extensions of a request that creates (FUSE 7.38, {@code fuse_ext_header}).
 *
 * <pre>
 *   +----------+-------------+   +------+---------+--------+-------+---------+
 *   | size u32 | type u32    | + | size | padding | name\0 | value | padding |  x type, security contexts
 *   |          | 0..31       |   +------+---------+--------+-------+---------+
 *   +----------+-------------+   +----------+--------+
 *   | size u32 | 32 (groups) | + | nr_groups| gids   |
 *   +----------+-------------+   +----------+--------+
 * </pre>
 *
 * Every block and every context begins at a multiple of 8 bytes from the first. A block that was not agreed upon at
 * INIT (SECURITY_CTX, CREATE_SUPP_GROUP) is refused: the file system would act on what no kernel has decided. For one
 * thread.
 */
final class RequestExtensions {
    /** {@code XATTR_NAME_MAX}. */
    private static final int NAME_MAX = 255;

    /** {@code XATTR_SIZE_MAX}. */
    private static final int VALUE_MAX = 64 << 10;

    private final FuseExtHeader block = new FuseExtHeader();
    private final FuseSecctx context = new FuseSecctx();
    private final FuseSuppGroups groups = new FuseSuppGroups();

    /**
     * Reads the blocks in {@code [from, to)} of the request's head into the request.
     *
     * @return 0 or {@code -EINVAL}
     */
    int parse(ReceivedRequest request, int from, int to) {
        int at = from;
        while (at < to) {
            if (to - at < FuseExtHeader.SIZE) {
                return -Errno.EINVAL;
            }
            block.at(request.head(), at, request.order());
            int size = block.size();
            int type = block.type();
            if (size < FuseExtHeader.SIZE || size > to - at) {
                return -Errno.EINVAL;
            }
            int body = at + FuseExtHeader.SIZE;
            boolean good = true;
            if (type == FuseFlags.EXT_GROUPS) {
                good = request.session().has(FuseInitFlags.CREATE_SUPP_GROUP) && groups(request, body, at + size);
            } else if (type >= 0 && type < FuseFlags.EXT_GROUPS) {
                good = request.session().has(FuseInitFlags.SECURITY_CTX) && contexts(request, body, at + size, type);
            }
            // A type that is not known is passed over, as the protocol wants it.
            if (!good) {
                return -Errno.EINVAL;
            }
            at += padded(size);
        }
        return 0;
    }

    private boolean contexts(ReceivedRequest request, int from, int to, int count) {
        MemorySegment head = request.head();
        int at = from;
        for (int i = 0; i < count; i++) {
            if (to - at < FuseSecctx.SIZE) {
                return false;
            }
            context.at(head, at, request.order());
            int valueLength = context.size();
            int name = at + FuseSecctx.SIZE;
            int terminator = name;
            while (terminator < to && head.get(ValueLayout.JAVA_BYTE, terminator) != 0) {
                terminator++;
            }
            int nameLength = terminator - name;
            int value = terminator + 1;
            if (terminator == to
                    || nameLength == 0
                    || nameLength > NAME_MAX
                    || valueLength < 0
                    || valueLength > VALUE_MAX
                    || valueLength > to - value
                    || !request.addSecurityContext(name, nameLength, value, valueLength)) {
                return false;
            }
            at += padded(value + valueLength - at);
        }
        return true;
    }

    private boolean groups(ReceivedRequest request, int from, int to) {
        if (to - from < FuseSuppGroups.SIZE) {
            return false;
        }
        groups.at(request.head(), from, request.order());
        int count = groups.nrGroups();
        if (count < 0 || count > (to - from - FuseSuppGroups.SIZE) / Integer.BYTES) {
            return false;
        }
        // Linux sends the one group that matters: that of the parent directory, if the caller is in it.
        if (count > 0) {
            request.supplementaryGid(groups.group(0));
        }
        return true;
    }

    private static int padded(int size) {
        return (size + Long.BYTES - 1) & -Long.BYTES;
    }
}
