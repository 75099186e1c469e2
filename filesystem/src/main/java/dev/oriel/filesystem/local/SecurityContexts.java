package dev.oriel.filesystem.local;

import dev.oriel.filesystem.Request;
import dev.oriel.filesystem.SecurityLabels;
import dev.oriel.fuse.FuseInitFlags;
import dev.oriel.linux.Errno;
import dev.oriel.linux.XattrCalls;
import java.lang.foreign.MemorySegment;

/**
 * The security contexts that a file gets as it is made ({@code FUSE_SECURITY_CTX}): before the client hears of the
 * file. They are set as the server, because the client's security module has chosen them and its caller could not: so
 * they are {@link SecurityLabels} only.
 */
final class SecurityContexts {
    private SecurityContexts() {}

    /**
     * Whether the contexts of a request may be set: before anything is made.
     *
     * @return 0; -EINVAL if they were not agreed upon, -EOPNOTSUPP if one is no label of a security module
     */
    static int check(Request request, SessionState state) {
        int count = request.securityContexts();
        if (count > 0 && !state.has(FuseInitFlags.SECURITY_CTX)) {
            return -Errno.EINVAL;
        }
        for (int i = 0; i < count; i++) {
            if (!SecurityLabels.contains(request.securityContextName(i))) {
                return -Errno.EOPNOTSUPP;
            }
        }
        return 0;
    }

    /**
     * Sets them, after {@link #check}.
     *
     * @param file any descriptor of the new file
     * @return 0 or an errno: the file should not stay then
     */
    static int set(Request request, int file, ThreadBuffers buffers) {
        int count = request.securityContexts();
        for (int i = 0; i < count; i++) {
            MemorySegment value = request.securityContextValue(i);
            int result = XattrCalls.setxattr(
                    buffers.procPath.set(file), request.securityContextName(i), value, value.byteSize(), 0);
            if (result < 0) {
                return result;
            }
        }
        return 0;
    }
}
