package dev.oriel.filesystem.local;

import static dev.oriel.filesystem.FileSystemSession.NO_HANDLE;
import static dev.oriel.filesystem.FileSystemSession.ROOT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.fuse.FuseFlags;
import dev.oriel.linux.At;
import dev.oriel.linux.CString;
import dev.oriel.linux.Errno;
import dev.oriel.linux.FallocateMode;
import dev.oriel.linux.FileCalls;
import dev.oriel.linux.FileMode;
import dev.oriel.linux.OpenFlags;
import dev.oriel.linux.RenameFlags;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Files as programs use them, with either way of remembering inodes. */
@ParameterizedClass
@EnumSource(
        value = FileHandlePolicy.class,
        names = {"NEVER", "PREFER"})
class FilesTest {
    private final FileHandlePolicy handles;

    @TempDir
    Path directory;

    private Client client;

    FilesTest(FileHandlePolicy handles) {
        this.handles = handles;
    }

    @BeforeEach
    void mount() {
        client = Client.of(LocalOptions.of(directory).inodeFileHandles(handles));
    }

    @AfterEach
    void unmount() {
        client.close();
    }

    @Test
    void aFileThatIsCreatedWrittenAndReadIsOnTheHost() throws IOException {
        assertThat(client.create(ROOT, "hello", OpenFlags.O_RDWR | OpenFlags.O_EXCL, 0640))
                .isZero();
        long node = client.entry.nodeid;
        long fh = client.opened.fh;
        assertThat(client.write(node, fh, 0, "hello world")).isEqualTo(11);
        assertThat(client.read(node, fh, 6, 100)).isEqualTo("world");
        assertThat(client.session.flush(client.caller(), node, fh, 1)).isZero();
        assertThat(client.release(node, fh)).isZero();
        assertThat(directory.resolve("hello")).hasContent("hello world");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(directory.resolve("hello"))))
                .isEqualTo("rw-r-----");
        assertThat(client.getattr(node, fh)).isEqualTo(-Errno.EBADF);
    }

    @Test
    void aNameThatIsNotThereIsENOENT() {
        assertThat(client.lookup(ROOT, "nothing")).isEqualTo(-Errno.ENOENT);
    }

    @Test
    void hardLinksAreOneNode() throws IOException {
        Files.writeString(directory.resolve("a"), "x");
        long node = client.walk("a");
        assertThat(client.link(node, ROOT, "b")).isZero();
        assertThat(client.entry.nodeid).isEqualTo(node);
        assertThat(client.entry.attributes.nlink).isEqualTo(2);
        assertThat(client.walk("b")).isEqualTo(node);
        assertThat(directory.resolve("b")).hasContent("x");
    }

    @Test
    void aFileMadeReadOnlyCanBeWrittenByItsMaker() {
        // What git does with its objects: O_EXCL, mode 0444, and then writes.
        assertThat(client.create(ROOT, "object", OpenFlags.O_WRONLY | OpenFlags.O_EXCL, 0444))
                .isZero();
        long node = client.entry.nodeid;
        assertThat(client.write(node, client.opened.fh, 0, "blob")).isEqualTo(4);
        assertThat(client.create(ROOT, "object", OpenFlags.O_WRONLY | OpenFlags.O_EXCL, 0444))
                .isEqualTo(-Errno.EEXIST);
    }

    @Test
    void aFileThatSomebodyElseMadeMeanwhileIsLookedUpAgainAndChecked() throws IOException {
        Files.writeString(directory.resolve("there"), "before");
        assertThat(client.create(ROOT, "there", OpenFlags.O_RDWR | OpenFlags.O_TRUNC, 0600))
                .isEqualTo(-Errno.ESTALE);
        assertThat(directory.resolve("there")).hasContent("before");
        assertThat(client.create(ROOT, "there", OpenFlags.O_RDWR | OpenFlags.O_EXCL, 0600))
                .isEqualTo(-Errno.EEXIST);
    }

    @Test
    void whatIsUnlinkedWhileOpenGoesOn() {
        assertThat(client.create(ROOT, "gone", OpenFlags.O_RDWR, 0600)).isZero();
        long node = client.entry.nodeid;
        long fh = client.opened.fh;
        client.write(node, fh, 0, "still here");
        assertThat(client.unlink(ROOT, "gone")).isZero();
        assertThat(client.getattr(node)).isZero();
        assertThat(client.attr.nlink).isZero();
        client.change.valid = FuseFlags.FATTR_MODE;
        client.change.mode = 0400;
        assertThat(client.setattr(node)).isZero();
        assertThat(client.attr.mode).isEqualTo(FileMode.S_IFREG | 0400);
        client.change.valid = FuseFlags.FATTR_SIZE | FuseFlags.FATTR_FH;
        client.change.fh = fh;
        client.change.size = 5;
        assertThat(client.setattr(node)).isZero();
        assertThat(client.read(node, fh, 0, 20)).isEqualTo("still");
        assertThat(client.release(node, fh)).isZero();
    }

    @Test
    void aFileRenamedOverAnOpenOneLeavesTheOpenOneAlone() throws IOException {
        assertThat(client.create(ROOT, "target", OpenFlags.O_RDWR, 0600)).isZero();
        long old = client.entry.nodeid;
        long fh = client.opened.fh;
        client.write(old, fh, 0, "old");
        Files.writeString(directory.resolve("source"), "new");
        assertThat(client.rename(ROOT, "source", ROOT, "target", 0)).isZero();
        assertThat(client.read(old, fh, 0, 10)).isEqualTo("old");
        assertThat(client.getattr(old, fh)).isZero();
        long now = client.walk("target");
        assertThat(now).isNotEqualTo(old);
        assertThat(client.open(now, OpenFlags.O_RDONLY)).isZero();
        assertThat(client.read(now, client.opened.fh, 0, 10)).isEqualTo("new");
    }

    @Test
    void aNodeFollowsItsFileThroughRenames() throws IOException {
        Files.createDirectories(directory.resolve("one/two"));
        Files.writeString(directory.resolve("one/two/file"), "x");
        long one = client.walk("one");
        long file = client.walk("one/two/file");
        assertThat(client.rename(ROOT, "one", ROOT, "eins", 0)).isZero();
        long two = client.walk("eins/two");
        assertThat(client.rename(two, "file", one, "datei", 0)).isZero();
        assertThat(client.open(file, OpenFlags.O_RDONLY)).isZero();
        assertThat(client.walk("eins/datei")).isEqualTo(file);
    }

    @Test
    void renameKnowsNoreplaceExchangeAndNothingUnheardOf() throws IOException {
        Files.writeString(directory.resolve("a"), "a");
        Files.writeString(directory.resolve("b"), "b");
        assertThat(client.rename(ROOT, "a", ROOT, "b", RenameFlags.RENAME_NOREPLACE))
                .isEqualTo(-Errno.EEXIST);
        assertThat(client.rename(ROOT, "a", ROOT, "b", RenameFlags.RENAME_EXCHANGE))
                .isZero();
        assertThat(directory.resolve("a")).hasContent("b");
        assertThat(client.rename(ROOT, "a", ROOT, "b", 64)).isEqualTo(-Errno.EINVAL);
    }

    @Test
    void aFileWithoutANameCanGetOne() {
        client.entry.clear();
        client.opened.clear();
        int result = client.session.tmpfile(
                client.caller(), ROOT, OpenFlags.O_RDWR, 0600, 0, 0, client.entry, client.opened);
        assertThat(result).isZero();
        long node = client.entry.nodeid;
        client.write(node, client.opened.fh, 0, "named");
        assertThat(client.getattr(node)).isZero();
        assertThat(client.link(node, ROOT, "name")).isZero();
        assertThat(client.entry.nodeid).isEqualTo(node);
        assertThat(directory.resolve("name")).hasContent("named");
    }

    @Test
    void appendingGoesByTheFlagsOfTheMoment() {
        assertThat(client.create(ROOT, "log", OpenFlags.O_WRONLY | OpenFlags.O_APPEND, 0600))
                .isZero();
        long node = client.entry.nodeid;
        long fh = client.opened.fh;
        int append = OpenFlags.O_WRONLY | OpenFlags.O_APPEND;
        client.write(node, fh, 0, append, 0, "one");
        client.write(node, fh, 0, append, 0, "two");
        assertThat(directory.resolve("log")).hasContent("onetwo");
        // After fcntl(F_SETFL), and from the page cache of a mapping, the place counts.
        client.write(node, fh, 0, OpenFlags.O_WRONLY, 0, "ONE");
        client.write(node, fh, 3, append, FuseFlags.WRITE_CACHE, "T");
        assertThat(directory.resolve("log")).hasContent("ONETwo");
    }

    @Test
    void truncatingAtOpenAndByPathAndByHandleWorks() throws IOException {
        Files.writeString(directory.resolve("f"), "0123456789");
        long node = client.walk("f");
        client.change.valid = FuseFlags.FATTR_SIZE;
        client.change.size = 7;
        assertThat(client.setattr(node)).isZero();
        assertThat(client.attr.size).isEqualTo(7);
        assertThat(client.open(node, OpenFlags.O_RDWR)).isZero();
        long fh = client.opened.fh;
        client.change.valid = FuseFlags.FATTR_SIZE | FuseFlags.FATTR_FH;
        client.change.fh = fh;
        client.change.size = 3;
        assertThat(client.setattr(node)).isZero();
        assertThat(directory.resolve("f")).hasContent("012");
        assertThat(client.open(node, OpenFlags.O_WRONLY | OpenFlags.O_TRUNC)).isZero();
        assertThat(directory.resolve("f")).isEmptyFile();
    }

    @Test
    void timesAreSetEachForItself() throws IOException {
        Files.writeString(directory.resolve("f"), "");
        long node = client.walk("f");
        client.change.valid = FuseFlags.FATTR_ATIME | FuseFlags.FATTR_MTIME;
        client.change.atime = 1000;
        client.change.atimensec = 1;
        client.change.mtime = 2000;
        client.change.mtimensec = 2;
        assertThat(client.setattr(node)).isZero();
        client.change.valid = FuseFlags.FATTR_ATIME | FuseFlags.FATTR_ATIME_NOW;
        assertThat(client.setattr(node)).isZero();
        assertThat(client.attr.mtime).isEqualTo(2000);
        assertThat(client.attr.mtimensec).isEqualTo(2);
        assertThat(client.attr.atime).isGreaterThan(1_700_000_000L);
        assertThat(Files.getLastModifiedTime(directory.resolve("f")))
                .isEqualTo(FileTime.from(Instant.ofEpochSecond(2000, 2)));
    }

    @Test
    void directoriesComeAndGo() {
        assertThat(client.mkdir(ROOT, "d", 0750)).isZero();
        long node = client.entry.nodeid;
        assertThat(client.entry.attributes.mode).isEqualTo(FileMode.S_IFDIR | 0750);
        assertThat(client.mkdir(ROOT, "d", 0750)).isEqualTo(-Errno.EEXIST);
        assertThat(client.mkdir(node, "inner", 0777)).isZero();
        assertThat(client.rmdir(ROOT, "d")).isEqualTo(-Errno.ENOTEMPTY);
        assertThat(client.unlink(ROOT, "d")).isEqualTo(-Errno.EISDIR);
        assertThat(client.rmdir(node, "inner")).isZero();
        assertThat(client.rmdir(ROOT, "d")).isZero();
        assertThat(directory.resolve("d")).doesNotExist();
    }

    /** It may be somebody's working directory, of which the client says nothing. */
    @Test
    void aDirectoryThatIsReplacedIsStillThere() throws IOException {
        client.mkdir(ROOT, "old", 0700);
        long old = client.entry.nodeid;
        client.mkdir(ROOT, "fresh", 0700);
        assertThat(client.rename(ROOT, "fresh", ROOT, "old", 0)).isZero();
        assertThat(client.getattr(old)).isZero();
        assertThat(client.attr.nlink).isZero();
    }

    @Test
    void aSymbolicLinkIsReadAndNeverFollowed() throws IOException {
        assertThat(client.symlink(ROOT, "link", "/etc/passwd")).isZero();
        long node = client.entry.nodeid;
        assertThat(client.entry.attributes.mode & FileMode.S_IFMT).isEqualTo(FileMode.S_IFLNK);
        var target = Arena.ofAuto().allocate(4096);
        assertThat(client.session.readlink(client.caller(), node, target)).isEqualTo(11);
        assertThat(client.open(node, OpenFlags.O_RDONLY)).isEqualTo(-Errno.ELOOP);
        assertThat(client.lookup(node, "x")).isEqualTo(-Errno.ENOTDIR);
        client.change.valid = FuseFlags.FATTR_MTIME;
        client.change.mtime = 5;
        assertThat(client.setattr(node)).isZero();
        assertThat(client.attr.mtime).isEqualTo(5);
        assertThat(Files.getLastModifiedTime(directory.resolve("link"), LinkOption.NOFOLLOW_LINKS))
                .isEqualTo(FileTime.fromMillis(5000));
        client.change.valid = FuseFlags.FATTR_SIZE;
        client.change.size = 0;
        assertThat(client.setattr(node)).isEqualTo(-Errno.EINVAL);
    }

    @Test
    void rangesAreTakenOutAndPutInAsFarAsTheHostsFileSystemCan() throws IOException {
        int[] modes = {FallocateMode.FALLOC_FL_COLLAPSE_RANGE, FallocateMode.FALLOC_FL_INSERT_RANGE};
        for (int mode : modes) {
            Path onHost = Files.writeString(directory.resolve("host-" + mode), "a".repeat(4096) + "b".repeat(4096));
            int host;
            try (Arena arena = Arena.ofConfined()) {
                int descriptor =
                        FileCalls.openat(At.AT_FDCWD, CString.of(onHost.toString(), arena), OpenFlags.O_RDWR, 0);
                host = FileCalls.fallocate(descriptor, mode, 0, 4096);
                FileCalls.close(descriptor);
            }
            Path shared = Files.writeString(directory.resolve("shared-" + mode), "a".repeat(4096) + "b".repeat(4096));
            long node = client.walk("shared-" + mode);
            assertThat(client.open(node, OpenFlags.O_RDWR)).isZero();
            assertThat(client.session.fallocate(client.caller(), node, client.opened.fh, 0, 4096, mode))
                    .isEqualTo(host);
            assertThat(shared).hasSameBinaryContentAs(onHost);
        }
    }

    @Test
    void aNameThatTheHostHasRemovedIsNotWrittenTo() throws IOException {
        Files.writeString(directory.resolve("log"), "before");
        long node = client.walk("log");
        assertThat(client.getattr(node)).isZero();
        Files.delete(directory.resolve("log"));
        for (int flags : new int[] {OpenFlags.O_WRONLY, OpenFlags.O_RDWR, OpenFlags.O_RDONLY | OpenFlags.O_TRUNC}) {
            assertThat(client.open(node, flags)).isEqualTo(-Errno.ESTALE);
        }
        assertThat(client.lookup(ROOT, "log")).isEqualTo(-Errno.ENOENT);
    }

    @Test
    void aFileWithoutANameIsOpenedAgainByWhoHasItOpen() {
        assertThat(client.create(ROOT, "gone", OpenFlags.O_RDWR, 0600)).isZero();
        long node = client.entry.nodeid;
        assertThat(client.unlink(ROOT, "gone")).isZero();
        assertThat(client.open(node, OpenFlags.O_RDWR | OpenFlags.O_TRUNC)).isZero();
        assertThat(client.write(node, client.opened.fh, 0, "x")).isEqualTo(1);
    }

    @Test
    void specialFilesAreMadeAndNeverOpened() {
        assertThat(client.mknod(ROOT, "fifo", FileMode.S_IFIFO | 0600, 0)).isZero();
        long fifo = client.entry.nodeid;
        assertThat(client.open(fifo, OpenFlags.O_RDONLY)).isEqualTo(-Errno.ENXIO);
        assertThat(client.mknod(ROOT, "socket", FileMode.S_IFSOCK | 0600, 0)).isZero();
        assertThat(client.open(client.entry.nodeid, OpenFlags.O_RDWR)).isEqualTo(-Errno.ENXIO);
        assertThat(client.create(ROOT, "fifo", OpenFlags.O_RDWR, 0600)).isEqualTo(-Errno.ESTALE);
        client.change.valid = FuseFlags.FATTR_SIZE;
        client.change.size = 0;
        assertThat(client.setattr(fifo)).isEqualTo(-Errno.EINVAL);
        assertThat(client.getattr(fifo)).isZero();
    }

    @Test
    void nodesAndHandlesNeverGivenOutAreErrors() {
        assertThat(client.create(ROOT, "f", OpenFlags.O_RDWR, 0600)).isZero();
        long node = client.entry.nodeid;
        long fh = client.opened.fh;
        for (long wrong :
                new long[] {0, 2L << 40, -1, -2, Long.MIN_VALUE, Integer.MAX_VALUE, node + 1, node + (1L << 32)}) {
            assertThat(client.getattr(wrong)).isEqualTo(-Errno.ENOENT);
            assertThat(client.lookup(wrong, "f")).isEqualTo(-Errno.ENOENT);
            assertThat(client.open(wrong, OpenFlags.O_RDONLY)).isEqualTo(-Errno.ENOENT);
            client.session.forget(wrong, 1);
        }
        for (long wrong : new long[] {0, 7, -2, Long.MIN_VALUE, Integer.MAX_VALUE, fh + 1, fh + (1L << 32)}) {
            assertThat(client.write(node, wrong, 0, "x")).isEqualTo(-Errno.EBADF);
            assertThat(client.release(node, wrong)).isEqualTo(-Errno.EBADF);
        }
        assertThat(client.write(ROOT, fh, 0, "x")).isEqualTo(-Errno.EBADF);
        assertThat(client.write(node, fh, -1, "x")).isEqualTo(-Errno.EINVAL);
    }

    @Test
    void aForgottenNodeIsGoneAndItsNumberIsNotGivenOutAgain() throws IOException {
        Files.writeString(directory.resolve("f"), "");
        long node = client.walk("f");
        assertThat(client.walk("f")).isEqualTo(node);
        client.session.forget(node, 1);
        assertThat(client.getattr(node)).isZero();
        client.session.forget(node, 1);
        assertThat(client.getattr(node)).isEqualTo(-Errno.ENOENT);
        assertThat(client.walk("f")).isNotEqualTo(node);
        client.session.forget(ROOT, 1000);
        assertThat(client.getattr(ROOT)).isZero();
    }

    @Test
    void aNewFileWithAnOldInodeNumberIsAnotherNode() throws IOException {
        Files.writeString(directory.resolve("f"), "old");
        long old = client.walk("f");
        long ino = client.entry.attributes.ino;
        // ext4 and tmpfs differ in how soon they use a number again: either way the nodes must differ.
        Files.delete(directory.resolve("f"));
        Files.writeString(directory.resolve("f"), "new");
        long now = client.walk("f");
        assertThat(now).isNotEqualTo(old);
        assertThat(client.open(now, OpenFlags.O_RDONLY)).isZero();
        assertThat(client.read(now, client.opened.fh, 0, 10)).isEqualTo("new");
        assertThat(client.open(old, OpenFlags.O_RDONLY)).isEqualTo(-Errno.ESTALE);
        assertThat(ino).isPositive();
    }

    @Test
    void namesThatWouldEscapeAreRefused() throws IOException {
        Path inner = Files.createDirectory(directory.resolve("inner"));
        Files.writeString(directory.resolve("secret"), "x");
        try (Client confined = Client.of(LocalOptions.of(inner).inodeFileHandles(handles))) {
            for (String name : new String[] {"..", ".", "../secret", "/etc", "a/b", "", "..\0", "\0"}) {
                assertThat(confined.lookup(ROOT, name)).as(name).isNegative();
                assertThat(confined.mkdir(ROOT, name, 0700)).as(name).isNegative();
                assertThat(confined.create(ROOT, name, OpenFlags.O_RDWR, 0600))
                        .as(name)
                        .isNegative();
                assertThat(confined.unlink(ROOT, name)).as(name).isNegative();
                assertThat(confined.rename(ROOT, name, ROOT, "y", 0)).as(name).isNegative();
                assertThat(confined.symlink(ROOT, name, "y")).as(name).isNegative();
            }
            assertThat(confined.lookup(ROOT, "x".repeat(256))).isEqualTo(-Errno.ENAMETOOLONG);
            assertThat(inner).isEmptyDirectory();
        }
    }

    @Test
    void whatIsMissingOnTheHostIsStaleToTheClient() throws IOException {
        Files.writeString(directory.resolve("f"), "");
        long node = client.walk("f");
        Files.delete(directory.resolve("f"));
        assertThat(client.getattr(node)).isIn(-Errno.ESTALE, -Errno.ENOENT);
    }

    @Test
    void whatMayWaitIsAskedForAgainElsewhere() {
        client.create(ROOT, "f", OpenFlags.O_RDWR, 0600);
        long node = client.entry.nodeid;
        long fh = client.opened.fh;
        client.as(Caller.root().onQueueThread());
        assertThat(client.session.fsync(client.caller(), node, fh, false)).isEqualTo(FileSystemSession.WOULD_BLOCK);
        assertThat(client.write(node, fh, 0, "inline")).isEqualTo(6);
        assertThat(client.read(node, fh, 0, 100)).isEqualTo("inline");
        assertThat(client.getattr(node, NO_HANDLE)).isZero();
    }
}
