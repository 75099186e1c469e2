package dev.oriel.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.oriel.linux.credential.ThreadCredentials;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileCallsTest {
    private final Arena arena = Arena.ofConfined();
    private final StatxBuffer attributes = new StatxBuffer();

    @TempDir
    Path folder;

    private int directory;

    @BeforeEach
    void openFolder() throws IOException {
        directory = LinuxException.check(
                FileCalls.openat(At.AT_FDCWD, name(folder.toString()), OpenFlags.O_DIRECTORY, 0), "open the folder");
    }

    @AfterEach
    void closeFolder() {
        FileCalls.close(directory);
        arena.close();
    }

    private MemorySegment name(String text) {
        return CString.of(text, arena);
    }

    private MemorySegment bytes(String text) {
        return arena.allocateFrom(text).asSlice(0, text.length());
    }

    private int open(String name, int flags) {
        int fd = FileCalls.openat(directory, name(name), flags, 0644);
        assertThat(fd).as("open %s", name).isNotNegative();
        return fd;
    }

    private int statx(String name) {
        return FileCalls.statx(
                directory,
                name(name),
                At.AT_SYMLINK_NOFOLLOW,
                StatxBuffer.STATX_BASIC_STATS | StatxBuffer.STATX_BTIME | StatxBuffer.STATX_MNT_ID,
                attributes);
    }

    @Test
    void whatIsWrittenCanBeRead() throws IOException {
        int fd = open("file", OpenFlags.O_CREAT | OpenFlags.O_RDWR);
        MemorySegment buffer = arena.allocate(16);

        assertThat(FileCalls.write(fd, bytes("hello"), 5)).isEqualTo(5);
        assertThat(Transfers.pwrite(fd, bytes("y!"), 2, 4)).isEqualTo(2);
        assertThat(Transfers.pread(fd, buffer, 16, 1)).isEqualTo(5);
        assertThat(CString.text(buffer, 0, 5)).isEqualTo("elly!");
        assertThat(FileCalls.lseek(fd, 2, Seek.SEEK_SET)).isEqualTo(2);
        assertThat(Transfers.read(fd, buffer, 2)).isEqualTo(2);
        assertThat(CString.text(buffer, 0, 2)).isEqualTo("ll");
        assertThat(FileCalls.fsync(fd)).isZero();
        assertThat(FileCalls.fdatasync(fd)).isZero();
        assertThat(FileCalls.syncfs(fd)).isZero();
        assertThat(FileCalls.close(fd)).isZero();
        assertThat(Files.readString(folder.resolve("file"))).isEqualTo("helly!");
    }

    @Test
    void aFailureAnswersItsErrorNumber() {
        assertThat(FileCalls.openat(directory, name("absent"), OpenFlags.O_RDONLY, 0))
                .isEqualTo(-Errno.ENOENT);
        assertThat(FileCalls.openat(-1, name("absent"), OpenFlags.O_RDONLY, 0)).isEqualTo(-Errno.EBADF);
        assertThat(FileCalls.openat(directory, name("x".repeat(256)), OpenFlags.O_RDONLY, 0))
                .isEqualTo(-Errno.ENAMETOOLONG);
        assertThat(FileCalls.close(-1)).isEqualTo(-Errno.EBADF);
        assertThat(Transfers.pread(directory, arena.allocate(1), 1, 0)).isEqualTo(-Errno.EISDIR);
        assertThat(FileCalls.lseek(-1, 0, Seek.SEEK_SET)).isEqualTo(-Errno.EBADF);
        assertThat(statx("absent")).isEqualTo(-Errno.ENOENT);
    }

    @Test
    void descriptorsAreClosedOnExec() {
        int fd = open("file", OpenFlags.O_CREAT | OpenFlags.O_RDWR);
        int second = FileCalls.dup(fd);
        assertThat(FileCalls.fcntl(fd, FcntlCommand.F_GETFD, 0)).isEqualTo(FcntlCommand.FD_CLOEXEC);
        assertThat(FileCalls.fcntl(second, FcntlCommand.F_GETFD, 0)).isEqualTo(FcntlCommand.FD_CLOEXEC);
        FileCalls.close(fd);
        FileCalls.close(second);
    }

    @Test
    void flagsOfAnOpenFileCanBeChanged() {
        int fd = open("file", OpenFlags.O_CREAT | OpenFlags.O_RDWR);
        int flags = FileCalls.fcntl(fd, FcntlCommand.F_GETFL, 0);
        assertThat(flags & OpenFlags.O_ACCMODE).isEqualTo(OpenFlags.O_RDWR);
        assertThat(FileCalls.fcntl(fd, FcntlCommand.F_SETFL, flags | OpenFlags.O_APPEND))
                .isZero();
        assertThat(FileCalls.fcntl(fd, FcntlCommand.F_GETFL, 0) & OpenFlags.O_APPEND)
                .isEqualTo(OpenFlags.O_APPEND);
        FileCalls.close(fd);
    }

    @Test
    void memoryTheKernelCannotUseIsRefusedBeforeTheCall() {
        MemorySegment small = arena.allocate(4);
        Arena closed = Arena.ofConfined();
        MemorySegment gone = closed.allocate(4);
        closed.close();
        assertThatThrownBy(() -> NameCalls.getdents64(directory, MemorySegment.ofArray(new byte[4]), 4))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> NameCalls.getdents64(directory, small, 5))
                .isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> NameCalls.getdents64(directory, small, -1))
                .isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> NameCalls.getdents64(directory, gone, 4)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void vectorsAreReadAndWrittenInOrder() throws IOException {
        int fd = open("file", OpenFlags.O_CREAT | OpenFlags.O_RDWR);
        MemorySegment out = bytes("abcdef");
        IoVector vector = new IoVector(4);
        vector.add(out.address() + 3, 3);
        vector.add(out.address(), 3);
        assertThat(FileCalls.pwritev2(fd, vector, 0, 0)).isEqualTo(6);
        assertThat(Files.readString(folder.resolve("file"))).isEqualTo("defabc");

        MemorySegment in = arena.allocate(6);
        vector.clear();
        vector.add(in.address() + 4, 2);
        vector.add(in.address(), 4);
        assertThat(FileCalls.preadv2(fd, vector.address(), vector.count(), 0, TransferFlags.RWF_NOWAIT))
                .isIn(6L, (long) -Errno.EAGAIN, (long) -Errno.EOPNOTSUPP);
        assertThat(FileCalls.preadv2(fd, vector, 0, 0)).isEqualTo(6);
        assertThat(CString.text(in, 0, 6)).isEqualTo("fabcde");
        vector.clear();
        vector.add(0, 4096);
        assertThat(FileCalls.preadv2(fd, vector, 0, 0)).isEqualTo(-Errno.EFAULT);
        FileCalls.close(fd);
    }

    @Test
    void statxTellsWhatJavaSees() throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "x".repeat(5000));
        assertThat(statx("file")).isZero();
        assertThat(attributes.mask() & StatxBuffer.STATX_BASIC_STATS).isEqualTo(StatxBuffer.STATX_BASIC_STATS);
        assertThat(attributes.size()).isEqualTo(5000);
        assertThat(attributes.type()).isEqualTo(FileMode.S_IFREG);
        assertThat(attributes.mode()).isEqualTo(Files.getAttribute(file, "unix:mode"));
        assertThat(attributes.ino()).isEqualTo(Files.getAttribute(file, "unix:ino"));
        assertThat(attributes.nlink()).isEqualTo(Files.getAttribute(file, "unix:nlink"));
        assertThat(attributes.uid()).isEqualTo(Files.getAttribute(file, "unix:uid"));
        assertThat(attributes.gid()).isEqualTo(Files.getAttribute(file, "unix:gid"));
        assertThat(Instant.ofEpochSecond(attributes.mtimeSeconds(), attributes.mtimeNanos()))
                .isEqualTo(Files.getLastModifiedTime(file).toInstant());
        assertThat(FileMode.device(attributes.devMajor(), attributes.devMinor()))
                .isEqualTo(Files.getAttribute(file, "unix:dev"));
        assertThat(attributes.blksize()).isPositive();
        assertThat(attributes.blocks()).isNotNegative();
        FileCalls.statx(At.AT_FDCWD, name("/dev/null"), 0, StatxBuffer.STATX_BASIC_STATS, attributes);
        assertThat(attributes.type()).isEqualTo(FileMode.S_IFCHR);
        assertThat(attributes.rdevMajor()).isEqualTo(1);
        assertThat(attributes.rdevMinor()).isEqualTo(3);
    }

    @Test
    void statxOfADescriptorNeedsNoPath() {
        int fd = open("file", OpenFlags.O_CREAT | OpenFlags.O_RDWR);
        int byPath = statx("file");
        long inode = attributes.ino();
        assertThat(byPath).isZero();
        assertThat(FileCalls.statx(fd, CString.EMPTY, At.AT_EMPTY_PATH, StatxBuffer.STATX_BASIC_STATS, attributes))
                .isZero();
        assertThat(attributes.ino()).isEqualTo(inode);
        FileCalls.close(fd);
    }

    @Test
    void theFileSystemIsDescribed() throws IOException {
        StatfsBuffer byDescriptor = new StatfsBuffer();
        assertThat(FileCalls.fstatfs(directory, byDescriptor)).isZero();
        assertThat(byDescriptor.type()).isNotZero();
        assertThat(byDescriptor.blocks() * byDescriptor.frsize())
                .isEqualTo(Files.getFileStore(folder).getTotalSpace());
        assertThat(byDescriptor.namelen()).isEqualTo(255);
        assertThat(byDescriptor.bfree()).isBetween(byDescriptor.bavail(), byDescriptor.blocks());
        assertThat(byDescriptor.bsize()).isPositive();
        assertThat(byDescriptor.ffree()).isLessThanOrEqualTo(byDescriptor.files());
    }

    @Test
    void namesAreMadeReadMovedAndRemoved() throws IOException {
        assertThat(NameCalls.mkdirat(directory, name("d"), 0755)).isZero();
        assertThat(NameCalls.mkdirat(directory, name("d"), 0755)).isEqualTo(-Errno.EEXIST);
        assertThat(NameCalls.mknodat(directory, name("fifo"), FileMode.S_IFIFO | 0600, 0))
                .isZero();
        assertThat(NameCalls.symlinkat(name("../target"), directory, name("link")))
                .isZero();
        MemorySegment target = arena.allocate(64);
        assertThat(NameCalls.readlinkat(directory, name("link"), target, 64)).isEqualTo(9);
        assertThat(CString.text(target, 0, 9)).isEqualTo("../target");
        assertThat(NameCalls.linkat(directory, name("fifo"), directory, name("fifo2"), 0))
                .isZero();
        assertThat(NameCalls.renameat2(directory, name("fifo"), directory, name("fifo2"), RenameFlags.RENAME_NOREPLACE))
                .isEqualTo(-Errno.EEXIST);
        assertThat(NameCalls.renameat2(directory, name("link"), directory, name("d"), RenameFlags.RENAME_EXCHANGE))
                .isZero();
        assertThat(folder.resolve("d")).isSymbolicLink();
        assertThat(NameCalls.unlinkat(directory, name("link"), 0)).isEqualTo(-Errno.EISDIR);
        assertThat(NameCalls.unlinkat(directory, name("link"), At.AT_REMOVEDIR)).isZero();
        assertThat(NameCalls.unlinkat(directory, name("fifo"), 0)).isZero();
        try (var entries = Files.list(folder)) {
            assertThat(entries.map(Path::getFileName).map(Path::toString)).containsExactlyInAnyOrder("d", "fifo2");
        }
    }

    @Test
    void aDirectoryIsReadEntryByEntry() throws IOException {
        List<String> expected = new ArrayList<>(List.of(".", ".."));
        for (int i = 0; i < 300; i++) {
            expected.add("entry-" + i + "é".repeat(i % 40));
            Files.createFile(folder.resolve(expected.getLast()));
        }
        MemorySegment buffer = arena.allocate(4096);
        DirentReader reader = new DirentReader(buffer);
        List<String> seen = new ArrayList<>();
        int length;
        while ((length = NameCalls.getdents64(directory, buffer, 4096)) > 0) {
            reader.reset(length);
            while (reader.next()) {
                String name = new String(reader.name(), UTF_8);
                seen.add(name);
                assertThat(reader.isDotOrDotDot()).isEqualTo(name.equals(".") || name.equals(".."));
                assertThat(reader.type()).isIn(DirentReader.DT_REG, DirentReader.DT_DIR, DirentReader.DT_UNKNOWN);
                assertThat(reader.off()).isNotZero();
                if (!reader.isDotOrDotDot() && statx(name) == 0) {
                    assertThat(reader.ino()).isEqualTo(attributes.ino());
                }
            }
        }
        assertThat(length).isZero();
        assertThat(seen).containsExactlyInAnyOrderElementsOf(expected);
    }

    @Test
    void aCookieOfAnEntryLeadsToTheNextOne() throws IOException {
        for (int i = 0; i < 20; i++) {
            Files.createFile(folder.resolve("entry-" + i));
        }
        MemorySegment buffer = arena.allocate(4096);
        DirentReader reader = new DirentReader(buffer);
        reader.reset(NameCalls.getdents64(directory, buffer, 4096));
        for (int i = 0; i < 10; i++) {
            assertThat(reader.next()).isTrue();
        }
        long cookie = reader.off();
        assertThat(reader.next()).isTrue();
        byte[] next = reader.name();
        assertThat(FileCalls.lseek(directory, cookie, Seek.SEEK_SET)).isNotNegative();
        reader.reset(NameCalls.getdents64(directory, buffer, 4096));
        assertThat(reader.next()).isTrue();
        assertThat(reader.name()).isEqualTo(next);
    }

    @Test
    void aTruncatedOrLyingEntryEndsTheWalk() {
        MemorySegment buffer = arena.allocate(64);
        DirentReader reader = new DirentReader(buffer);
        reader.reset(19);
        assertThat(reader.next()).isFalse();
        buffer.set(JAVA_SHORT, 16, (short) 80);
        reader.reset(64);
        assertThat(reader.next()).isFalse();
        buffer.set(JAVA_SHORT, 16, (short) 0);
        reader.reset(64);
        assertThat(reader.next()).isFalse();
        buffer.set(JAVA_SHORT, 16, (short) 24);
        buffer.asSlice(19, 45).fill((byte) 'x');
        assertThat(reader.next()).as("a name without NUL").isFalse();
        buffer.set(JAVA_BYTE, 23, (byte) 0);
        assertThat(reader.next()).isTrue();
        assertThat(reader.nameLength()).isEqualTo(4);
    }

    @Test
    void anOpenCanRefuseALinkAndClosesAtExec() throws IOException {
        Files.createSymbolicLink(folder.resolve("link"), Path.of("in"));
        Files.createDirectory(folder.resolve("in"));
        assertThat(FileCalls.openat(directory, name("link"), OpenFlags.O_RDONLY | OpenFlags.O_NOFOLLOW, 0))
                .isEqualTo(-Errno.ELOOP);
        int fd = open("in", OpenFlags.O_PATH);
        assertThat(FileCalls.fcntl(fd, FcntlCommand.F_GETFD, 0)).isEqualTo(FcntlCommand.FD_CLOEXEC);
        FileCalls.close(fd);
    }

    @Test
    void attributesOfAPathDescriptorCanBeChanged() throws IOException {
        Files.createFile(folder.resolve("file"));
        int fd = open("file", OpenFlags.O_PATH | OpenFlags.O_NOFOLLOW);
        assertThat(FileCalls.chmod(ProcSelfFd.path(fd), 0444)).isZero();
        assertThat(modeOf("file")).isEqualTo(0444);
        assertThat(FileCalls.faccessat2(fd, CString.EMPTY, At.R_OK, At.AT_EMPTY_PATH))
                .isZero();
        assertThat(FileCalls.faccessat2(directory, name("file"), At.X_OK, 0)).isEqualTo(-Errno.EACCES);
        assertThat(FileCalls.fchownat(
                        fd,
                        CString.EMPTY,
                        ThreadCredentials.geteuid(),
                        ThreadCredentials.getegid(),
                        At.AT_EMPTY_PATH | At.AT_SYMLINK_NOFOLLOW))
                .isZero();
        FileCalls.close(fd);
    }

    private int modeOf(String name) {
        assertThat(statx(name)).isZero();
        return attributes.mode() & 07777;
    }

    @Test
    void timesAreSetToTheNanosecond() throws IOException {
        Path file = Files.createFile(folder.resolve("file"));
        TimesBuffer times = new TimesBuffer();
        times.setAccess(0, TimesBuffer.UTIME_OMIT);
        times.setModification(1_000_000_000L, 123_456_789);
        assertThat(FileCalls.utimensat(directory, name("file"), times, At.AT_SYMLINK_NOFOLLOW))
                .isZero();
        assertThat(Files.getLastModifiedTime(file).toInstant()).hasToString("2001-09-09T01:46:40.123456789Z");
        int fd = open("file", OpenFlags.O_PATH);
        times.setAccess(-1, 5);
        times.setModification(0, TimesBuffer.UTIME_OMIT);
        assertThat(FileCalls.utimensat(At.AT_FDCWD, ProcSelfFd.path(fd), times, 0))
                .isZero();
        assertThat(statx("file")).isZero();
        assertThat(attributes.mtimeSeconds()).isEqualTo(1_000_000_000L);
        assertThat(attributes.atimeNanos()).isEqualTo(5);
        FileCalls.close(fd);
    }

    @Test
    void contentIsCutPunchedAndCopied() throws IOException {
        Files.write(folder.resolve("file"), new byte[256 * 1024]);
        int fd = open("file", OpenFlags.O_RDWR);
        int copy = open("copy", OpenFlags.O_CREAT | OpenFlags.O_RDWR);
        assertThat(Transfers.pwrite(fd, bytes("tail"), 4, 128 * 1024)).isEqualTo(4);
        assertThat(FileCalls.fallocate(
                        fd, FallocateMode.FALLOC_FL_PUNCH_HOLE | FallocateMode.FALLOC_FL_KEEP_SIZE, 0, 128 * 1024))
                .isIn(0, -Errno.EOPNOTSUPP);
        assertThat(FileCalls.lseek(fd, 0, Seek.SEEK_DATA)).isIn(0L, 128 * 1024L);
        assertThat(FileCalls.copy_file_range(fd, 128 * 1024, copy, 3, 4, 0)).isEqualTo(4);
        assertThat(Files.readAllBytes(folder.resolve("copy")))
                .endsWith("tail".getBytes(UTF_8))
                .hasSize(7);
        assertThat(FileCalls.ftruncate(copy, 5)).isZero();
        assertThat(Files.size(folder.resolve("copy"))).isEqualTo(5);
        assertThat(FileCalls.ftruncate(copy, -1)).isEqualTo(-Errno.EINVAL);
        FileCalls.close(fd);
        FileCalls.close(copy);
    }

    @Test
    void aLockOfOneOpenFileIsInTheWayOfAnother() {
        int first = open("file", OpenFlags.O_CREAT | OpenFlags.O_RDWR);
        int second = open("file", OpenFlags.O_RDWR);
        FlockBuffer lock = new FlockBuffer();
        lock.set(FlockBuffer.F_WRLCK, 10, 20);
        assertThat(FileCalls.fcntl(first, FcntlCommand.F_OFD_SETLK, lock)).isZero();
        lock.set(FlockBuffer.F_RDLCK, 0, 0);
        assertThat(FileCalls.fcntl(second, FcntlCommand.F_OFD_SETLK, lock)).isEqualTo(-Errno.EAGAIN);
        assertThat(FileCalls.fcntl(second, FcntlCommand.F_OFD_GETLK, lock)).isZero();
        assertThat(lock.type()).isEqualTo(FlockBuffer.F_WRLCK);
        assertThat(lock.start()).isEqualTo(10);
        assertThat(lock.length()).isEqualTo(20);
        assertThat(lock.pid()).isEqualTo(-1);
        lock.set(FlockBuffer.F_UNLCK, 0, 0);
        assertThat(FileCalls.fcntl(first, FcntlCommand.F_OFD_SETLK, lock)).isZero();
        lock.set(FlockBuffer.F_RDLCK, 0, 0);
        assertThat(FileCalls.fcntl(second, FcntlCommand.F_OFD_GETLK, lock)).isZero();
        assertThat(lock.type()).isEqualTo(FlockBuffer.F_UNLCK);

        assertThat(FileCalls.flock(first, FcntlCommand.LOCK_EX)).isZero();
        assertThat(FileCalls.flock(second, FcntlCommand.LOCK_SH | FcntlCommand.LOCK_NB))
                .isEqualTo(-Errno.EAGAIN);
        FileCalls.close(first);
        assertThat(FileCalls.flock(second, FcntlCommand.LOCK_SH | FcntlCommand.LOCK_NB))
                .isZero();
        FileCalls.close(second);
    }

    @Test
    void aFileIsFoundAgainByItsHandle() {
        int fd = open("file", OpenFlags.O_CREAT | OpenFlags.O_RDWR);
        Transfers.pwrite(fd, bytes("found"), 5, 0);
        FileHandleBuffer handle = new FileHandleBuffer();
        MemorySegment mountId = arena.allocate(8, 8);
        int taken = FileCalls.name_to_handle_at(fd, CString.EMPTY, handle, mountId, At.AT_EMPTY_PATH);
        if (taken == -Errno.EOPNOTSUPP) {
            FileCalls.close(fd);
            return;
        }
        assertThat(taken).isZero();
        assertThat(handle.length()).isBetween(1, FileHandleBuffer.MAX_LENGTH);
        FileHandleBuffer restored = new FileHandleBuffer();
        restored.set(handle.type(), handle.bytes());
        int again = FileCalls.open_by_handle_at(directory, restored, OpenFlags.O_RDONLY);
        if (ThreadCredentials.hasCapability(ThreadCredentials.CAP_DAC_READ_SEARCH)) {
            MemorySegment content = arena.allocate(8);
            assertThat(Transfers.read(again, content, 8)).isEqualTo(5);
            assertThat(CString.text(content, 0, 5)).isEqualTo("found");
            FileCalls.close(again);
        } else {
            assertThat(again).isEqualTo(-Errno.EPERM);
        }
        FileCalls.close(fd);
    }

    @Test
    void anIoctlWritesItsArgument() throws IOException {
        long fionread = 0x541b;
        MemorySegment waiting = arena.allocate(4, 4);
        try (UnixSocket.Pair pair = UnixSocket.pair()) {
            assertThat(pair.first().send(bytes("12345"), 0, 5, new int[0], 0)).isEqualTo(5);
            assertThat(FileCalls.ioctl(pair.second().number(), fionread, waiting))
                    .isZero();
            assertThat(waiting.get(JAVA_INT, 0)).isEqualTo(5);
        }
        assertThat(FileCalls.ioctl(directory, 0x12345678, arena.allocate(8))).isEqualTo(-Errno.ENOTTY);
    }
}
