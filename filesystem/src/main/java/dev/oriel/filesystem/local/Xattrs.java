package dev.oriel.filesystem.local;

import dev.oriel.filesystem.Name;
import dev.oriel.fuse.FuseFlags;
import dev.oriel.fuse.FuseInitFlags;
import dev.oriel.linux.Errno;
import dev.oriel.linux.XattrCalls;
import dev.oriel.linux.XattrFlags;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/**
 * SETXATTR, GETXATTR, LISTXATTR, REMOVEXATTR.
 *
 * <p>All go through {@code /proc/self/fd/N}: fgetxattr(2) refuses O_PATH descriptors, and the link of /proc is followed
 * to the file itself and no further, so that a symbolic link's own attributes are reached and never those of its
 * target. Values are passed as they are: that of a POSIX ACL is little endian on every machine.
 *
 * <p>All is done as the server. The client's kernel has checked the caller ({@code xattr_permission} of Linux, and its
 * security modules for {@code security.*}), but not for names of {@code system.*}: of these only access control lists
 * pass, where they were agreed upon. {@code trusted.*} needs CAP_SYS_ADMIN of the server too, which {@code oriel serve}
 * drops unless told otherwise.
 */
final class Xattrs {
    private static final byte[] SYSTEM_PREFIX = "system.".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] ACL_PREFIX = "system.posix_acl_".getBytes(StandardCharsets.US_ASCII);

    private final SessionState state;

    Xattrs(SessionState state) {
        this.state = state;
    }

    /** What stands against the attribute, or 0. */
    private int policy(Name name) {
        if (!state.options.xattr()) {
            return -Errno.ENOSYS;
        }
        if (name.length() > XattrFlags.XATTR_NAME_MAX) {
            return -Errno.ERANGE;
        }
        if (!startsWith(name, SYSTEM_PREFIX)) {
            return 0;
        }
        // A client's kernel checks access control lists only if they were agreed upon, and other names of "system."
        // never.
        boolean checked = startsWith(name, ACL_PREFIX) && state.has(FuseInitFlags.POSIX_ACL);
        return checked ? 0 : -Errno.EOPNOTSUPP;
    }

    private static boolean startsWith(Name name, byte[] prefix) {
        if (name.length() < prefix.length) {
            return false;
        }
        for (int i = 0; i < prefix.length; i++) {
            if (name.at(i) != prefix[i]) {
                return false;
            }
        }
        return true;
    }

    int set(long nodeid, Name name, MemorySegment value, int flags, int setxattrFlags) {
        int refused = policy(name);
        if (refused < 0) {
            return refused;
        }
        if (state.isReadOnly()) {
            return -Errno.EROFS;
        }
        ThreadBuffers buffers = ThreadBuffers.current();
        long node = state.nodes.acquire(nodeid, buffers);
        if (node < 0) {
            return (int) node;
        }
        state.killSuidgid((setxattrFlags & FuseFlags.SETXATTR_ACL_KILL_SGID) != 0, buffers);
        int result;
        int resumed;
        try {
            result = XattrCalls.setxattr(
                    buffers.procPath.set((int) node), name.segment(), value, value.byteSize(), flags);
        } finally {
            resumed = buffers.identity.resume();
        }
        state.nodes.release(nodeid, node);
        return resumed < 0 ? resumed : result;
    }

    int get(long nodeid, Name name, MemorySegment out) {
        int refused = policy(name);
        if (refused < 0) {
            return refused;
        }
        ThreadBuffers buffers = ThreadBuffers.current();
        long node = state.nodes.acquire(nodeid, buffers);
        if (node < 0) {
            return (int) node;
        }
        long result = XattrCalls.getxattr(
                buffers.procPath.set((int) node),
                name.segment(),
                out,
                Math.min(out.byteSize(), XattrFlags.XATTR_SIZE_MAX));
        state.nodes.release(nodeid, node);
        return (int) result;
    }

    int list(long nodeid, MemorySegment out) {
        if (!state.options.xattr()) {
            return -Errno.ENOSYS;
        }
        ThreadBuffers buffers = ThreadBuffers.current();
        long node = state.nodes.acquire(nodeid, buffers);
        if (node < 0) {
            return (int) node;
        }
        long result = XattrCalls.listxattr(
                buffers.procPath.set((int) node), out, Math.min(out.byteSize(), XattrFlags.XATTR_LIST_MAX));
        state.nodes.release(nodeid, node);
        return (int) result;
    }

    int remove(long nodeid, Name name) {
        int refused = policy(name);
        if (refused < 0) {
            return refused;
        }
        if (state.isReadOnly()) {
            return -Errno.EROFS;
        }
        ThreadBuffers buffers = ThreadBuffers.current();
        long node = state.nodes.acquire(nodeid, buffers);
        if (node < 0) {
            return (int) node;
        }
        int result = XattrCalls.removexattr(buffers.procPath.set((int) node), name.segment());
        state.nodes.release(nodeid, node);
        return result;
    }
}
