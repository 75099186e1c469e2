package dev.oriel.linux;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class XattrCallsTest {
    private final Arena arena = Arena.ofAuto();

    @TempDir
    Path folder;

    @Test
    void attributesOfAnOpenPathAreKeptReadListedAndRemoved() throws Exception {
        MemorySegment file =
                arena.allocateFrom(Files.createFile(folder.resolve("file")).toString());
        int fd = FileCalls.openat(At.AT_FDCWD, file, OpenFlags.O_PATH, 0);
        MemorySegment path = ProcSelfFd.path(fd);
        MemorySegment user = arena.allocateFrom("user.oriel");
        MemorySegment value = arena.allocateFrom("value");
        MemorySegment read = arena.allocate(64);
        assertThat(XattrCalls.getxattr(path, user, read, 64)).isEqualTo(-Errno.ENODATA);
        assertThat(XattrCalls.setxattr(path, user, value, 5, XattrFlags.XATTR_REPLACE))
                .isEqualTo(-Errno.ENODATA);
        assertThat(XattrCalls.setxattr(path, user, value, 5, XattrFlags.XATTR_CREATE))
                .isZero();
        assertThat(XattrCalls.setxattr(path, user, value, 5, XattrFlags.XATTR_CREATE))
                .isEqualTo(-Errno.EEXIST);
        assertThat(XattrCalls.getxattr(path, user, MemorySegment.NULL, 0)).isEqualTo(5);
        assertThat(XattrCalls.getxattr(path, user, read, 4)).isEqualTo(-Errno.ERANGE);
        assertThat(XattrCalls.getxattr(path, user, read, 64)).isEqualTo(5);
        assertThat(CString.text(read, 0, 5)).isEqualTo("value");
        assertThat(Files.getAttribute(folder.resolve("file"), "user:oriel")).isEqualTo("value".getBytes(US_ASCII));
        int listed = (int) XattrCalls.listxattr(path, read, 64);
        assertThat(CString.text(read, 0, listed)).contains("user.oriel\0");
        assertThat(XattrCalls.removexattr(path, user)).isZero();
        assertThat(XattrCalls.removexattr(path, user)).isEqualTo(-Errno.ENODATA);
        FileCalls.close(fd);
    }
}
