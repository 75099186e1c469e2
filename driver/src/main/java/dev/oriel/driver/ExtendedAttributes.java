package dev.oriel.driver;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.oriel.fuse.FuseGetxattrIn;
import dev.oriel.fuse.FuseInitFlags;
import dev.oriel.fuse.FuseOpcode;
import dev.oriel.fuse.FuseSetxattrIn;
import dev.oriel.linux.Errno;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The operations on extended attributes (xattr(7)). Any thread. */
public final class ExtendedAttributes {
    /** Most bytes of a value, and of a list of names (XATTR_SIZE_MAX, XATTR_LIST_MAX). */
    public static final int SIZE_MAX = 64 * 1024;

    /** {@code struct fuse_setxattr_in} as it was before SETXATTR_EXT. */
    private static final int COMPAT_SETXATTR_SIZE = 8;

    private final DriverSession session;

    ExtendedAttributes(DriverSession session) {
        this.session = session;
    }

    /**
     * SETXATTR.
     *
     * @param name for example {@code user.comment}
     * @param flags of {@link dev.oriel.linux.XattrFlags}
     */
    public void set(long nodeid, byte[] name, byte[] value, int flags) throws FuseException {
        Names.attribute(name);
        if (value.length > SIZE_MAX) {
            throw new FuseException("set an extended attribute of " + value.length + " bytes", Errno.E2BIG);
        }
        try (DriverBuffer buffer = session.allocate(Math.max(1, value.length))) {
            ClientRequest request = session.queue().acquire().begin(FuseOpcode.SETXATTR, nodeid);
            if (session.has(FuseInitFlags.SETXATTR_EXT)) {
                request.argument(new FuseSetxattrIn()).size(value.length).flags(flags);
            } else {
                request.argument(new FuseSetxattrIn(), COMPAT_SETXATTR_SIZE)
                        .size(value.length)
                        .flags(flags);
            }
            MemorySegment.copy(value, 0, buffer.segment(), JAVA_BYTE, 0, value.length);
            FuseClient.call(request.name(name).payload(buffer, 0, value.length)).release();
        }
    }

    /** GETXATTR: fails with ENODATA if there is no attribute of the name. */
    public byte[] get(long nodeid, byte[] name) throws FuseException {
        return callBytes(FuseOpcode.GETXATTR, nodeid, Names.attribute(name));
    }

    /** LISTXATTR: the names. */
    public List<byte[]> list(long nodeid) throws FuseException {
        byte[] all = callBytes(FuseOpcode.LISTXATTR, nodeid, null);
        List<byte[]> names = new ArrayList<>();
        int start = 0;
        for (int i = 0; i < all.length; i++) {
            if (all[i] == 0) {
                names.add(Arrays.copyOfRange(all, start, i));
                start = i + 1;
            }
        }
        return names;
    }

    private byte[] callBytes(int opcode, long nodeid, byte @Nullable [] name) throws FuseException {
        // the buffer first: whoever waits for memory must not hold a request
        try (DriverBuffer buffer = session.allocate(SIZE_MAX)) {
            ClientRequest request = session.queue().acquire().begin(opcode, nodeid);
            request.argument(new FuseGetxattrIn()).size(SIZE_MAX);
            if (name != null) {
                request.name(name);
            }
            FuseClient.call(request.room(buffer, 0, SIZE_MAX));
            byte[] bytes = buffer.segment().asSlice(0, request.replyLength()).toArray(JAVA_BYTE);
            request.release();
            return bytes;
        }
    }

    /** REMOVEXATTR. */
    public void remove(long nodeid, byte[] name) throws FuseException {
        Names.attribute(name);
        FuseClient.call(session.queue()
                        .acquire()
                        .begin(FuseOpcode.REMOVEXATTR, nodeid)
                        .name(name))
                .release();
    }
}
