package dev.oriel.filesystem.local;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.oriel.filesystem.Request;
import dev.oriel.fuse.FuseInitFlags;
import dev.oriel.linux.Errno;
import dev.oriel.linux.XattrCalls;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;

/**
 * The security contexts that a file gets as it is made ({@code FUSE_SECURITY_CTX}): before the client hears of the
 * file.
 *
 * <p>They are set as the server, because the client's security module has chosen them and its caller could not. So only
 * labels of security modules are: any other name would be an extended attribute that the client's kernel has not
 * checked ({@code xattr_permission}).
 */
final class SecurityContexts {
    private static final List<byte[]> LABELS = Stream.of(
                    "security.selinux",
                    "security.SMACK64",
                    "security.SMACK64EXEC",
                    "security.SMACK64MMAP",
                    "security.SMACK64TRANSMUTE",
                    "security.apparmor")
            .map(label -> (label + "\0").getBytes(StandardCharsets.US_ASCII))
            .toList();

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
            if (!isLabel(request.securityContextName(i))) {
                return -Errno.EOPNOTSUPP;
            }
        }
        return 0;
    }

    private static boolean isLabel(MemorySegment name) {
        for (int i = 0; i < LABELS.size(); i++) {
            if (isEqual(name, LABELS.get(i))) {
                return true;
            }
        }
        return false;
    }

    private static boolean isEqual(MemorySegment name, byte[] label) {
        for (int i = 0; i < label.length; i++) {
            if (i >= name.byteSize() || name.get(JAVA_BYTE, i) != label[i]) {
                return false;
            }
        }
        return true;
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
