package dev.oriel.filesystem.local;

import dev.oriel.filesystem.Request;
import dev.oriel.linux.XattrCalls;
import java.lang.foreign.MemorySegment;

/** The security contexts that a file gets as it is made ({@code FUSE_SECURITY_CTX}): before the client hears of the file. */
final class SecurityContexts {
    private SecurityContexts() {}

    /**
     * Sets them.
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
