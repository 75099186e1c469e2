package dev.oriel.filesystem.local;

import static dev.oriel.filesystem.FileSystemSession.ROOT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.oriel.filesystem.CachePolicy;
import dev.oriel.fuse.FuseFlags;
import dev.oriel.fuse.FuseInitFlags;
import dev.oriel.linux.Errno;
import dev.oriel.linux.FallocateMode;
import dev.oriel.linux.LinuxException;
import dev.oriel.linux.OpenFlags;
import dev.oriel.linux.Seek;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What options change, and the operations that have nothing to do with names. */
class SessionFlagsTest {
    @TempDir
    Path directory;

    @Test
    void onlyWhatIsOfferedIsAccepted() {
        try (Client client = Client.of(LocalOptions.of(directory).posixAcl(true).writeback(true), 0)) {
            assertThat(client.session.flags()).isZero();
        }
        long offered = FuseInitFlags.POSIX_ACL | FuseInitFlags.BIG_WRITES;
        try (Client client = Client.of(LocalOptions.of(directory).posixAcl(true), offered)) {
            assertThat(client.session.flags()).as("no ACLs without DONT_MASK").isEqualTo(FuseInitFlags.BIG_WRITES);
        }
    }

    @Test
    void locksAreTheClientsOwnUnlessTheHostIsToHaveThem() {
        long locks = FuseInitFlags.POSIX_LOCKS | FuseInitFlags.FLOCK_LOCKS;
        try (Client client = Client.of(LocalOptions.of(directory))) {
            assertThat(client.session.flags() & locks).isZero();
        }
        LocalOptions.Builder shared =
                LocalOptions.of(directory).cache(CachePolicy.ALWAYS).posixLock(true);
        try (Client client = Client.of(shared)) {
            assertThat(client.session.flags() & (locks | FuseInitFlags.NO_OPEN_SUPPORT))
                    .isEqualTo(FuseInitFlags.POSIX_LOCKS);
        }
        try (Client client = Client.of(shared.posixLock(false).flock(true))) {
            assertThat(client.session.flags() & (locks | FuseInitFlags.NO_OPEN_SUPPORT))
                    .isEqualTo(FuseInitFlags.FLOCK_LOCKS);
        }
    }

    @Test
    void theCachePolicyDecidesTimesAndOpenFlags() throws IOException {
        Files.writeString(directory.resolve("file"), "");
        for (CachePolicy policy : CachePolicy.values()) {
            try (Client client =
                    Client.of(LocalOptions.of(directory).cache(policy).zeroMessageOpen(false))) {
                long node = client.walk("file");
                assertThat(TimeUnit.NANOSECONDS.toSeconds(client.entry.validNanos))
                        .isEqualTo(
                                switch (policy) {
                                    case AUTO -> 1;
                                    case NEVER -> 0;
                                    case ALWAYS, METADATA -> 86400;
                                });
                boolean remembersAbsence = client.lookup(ROOT, "nothing") == 0;
                assertThat(remembersAbsence).isEqualTo(policy == CachePolicy.ALWAYS || policy == CachePolicy.METADATA);
                if (remembersAbsence) {
                    assertThat(client.entry.nodeid).isZero();
                    assertThat(TimeUnit.NANOSECONDS.toSeconds(client.entry.validNanos))
                            .isEqualTo(86400);
                }
                client.open(node, OpenFlags.O_RDONLY);
                boolean direct = (client.opened.openFlags & FuseFlags.FOPEN_DIRECT_IO) != 0;
                boolean kept = (client.opened.openFlags & FuseFlags.FOPEN_KEEP_CACHE) != 0;
                assertThat(direct).isEqualTo(policy == CachePolicy.NEVER || policy == CachePolicy.METADATA);
                assertThat(kept).isEqualTo(policy == CachePolicy.ALWAYS);
            }
        }
    }

    @Test
    void aReadOnlyShareChangesNothing() throws IOException {
        Files.writeString(directory.resolve("file"), "content");
        try (Client client = Client.of(LocalOptions.of(directory).readOnly(true).xattr(true))) {
            long node = client.walk("file");
            assertThat(client.open(node, OpenFlags.O_RDWR)).isEqualTo(-Errno.EROFS);
            assertThat(client.open(node, OpenFlags.O_RDONLY | OpenFlags.O_TRUNC))
                    .isEqualTo(-Errno.EROFS);
            assertThat(client.create(ROOT, "new", OpenFlags.O_RDWR, 0600)).isEqualTo(-Errno.EROFS);
            assertThat(client.mkdir(ROOT, "new", 0700)).isEqualTo(-Errno.EROFS);
            assertThat(client.symlink(ROOT, "new", "x")).isEqualTo(-Errno.EROFS);
            assertThat(client.link(node, ROOT, "new")).isEqualTo(-Errno.EROFS);
            assertThat(client.unlink(ROOT, "file")).isEqualTo(-Errno.EROFS);
            assertThat(client.rename(ROOT, "file", ROOT, "new", 0)).isEqualTo(-Errno.EROFS);
            client.change.valid = FuseFlags.FATTR_MODE;
            client.change.mode = 0;
            assertThat(client.setattr(node)).isEqualTo(-Errno.EROFS);
            assertThat(client.session.removexattr(client.caller(), node, client.name("user.a")))
                    .isEqualTo(-Errno.EROFS);
            assertThat(client.open(node, OpenFlags.O_RDONLY)).isZero();
            assertThat(client.read(node, client.opened.fh, 0, 10)).isEqualTo("content");
        }
        assertThat(directory.toFile().list()).containsExactly("file");
    }

    @Test
    void writebackReadsWhatWasOpenedForWriting() {
        try (Client client = Client.of(LocalOptions.of(directory).writeback(true))) {
            int flags = OpenFlags.O_WRONLY | OpenFlags.O_APPEND;
            assertThat(client.create(ROOT, "file", flags, 0600)).isZero();
            long node = client.entry.nodeid;
            long fh = client.opened.fh;
            client.write(node, fh, 0, flags, FuseFlags.WRITE_CACHE, "abc");
            client.write(node, fh, 1, flags, FuseFlags.WRITE_CACHE, "X");
            assertThat(client.read(node, fh, 0, 10)).isEqualTo("aXc");
        }
    }

    @Test
    void holesAreMadeFoundAndCopied() {
        try (Client client = Client.of(directory)) {
            client.create(ROOT, "file", OpenFlags.O_RDWR, 0600);
            long node = client.entry.nodeid;
            long fh = client.opened.fh;
            client.write(node, fh, 0, "x".repeat(65536));
            int punch = FallocateMode.FALLOC_FL_PUNCH_HOLE | FallocateMode.FALLOC_FL_KEEP_SIZE;
            assertThat(client.session.fallocate(client.caller(), node, fh, 0, 32768, punch))
                    .isZero();
            assertThat(client.session.lseek(client.caller(), node, fh, 0, Seek.SEEK_DATA))
                    .isEqualTo(32768);
            assertThat(client.session.lseek(client.caller(), node, fh, 0, Seek.SEEK_HOLE))
                    .isZero();
            assertThat(client.session.lseek(client.caller(), node, fh, 0, Seek.SEEK_END))
                    .isEqualTo(-Errno.EINVAL);
            assertThat(client.session.lseek(client.caller(), node, fh, 70000, Seek.SEEK_DATA))
                    .isEqualTo(-Errno.ENXIO);
            client.create(ROOT, "copy", OpenFlags.O_RDWR, 0600);
            long copy = client.entry.nodeid;
            long copyFh = client.opened.fh;
            assertThat(client.session.copyFileRange(client.caller(), node, fh, 32768, copy, copyFh, 0, 100, 0))
                    .isEqualTo(100);
            assertThat(client.read(copy, copyFh, 0, 200)).isEqualTo("x".repeat(100));
            assertThat(client.session.copyFileRange(client.caller(), node, fh, 0, copy, copyFh, 0, 100, 1))
                    .isEqualTo(-Errno.EINVAL);
        }
    }

    @Test
    void inodeFlagsAreReadAndSetAndOtherIoctlsAreUnknown() {
        try (Client client = Client.of(directory)) {
            client.create(ROOT, "file", OpenFlags.O_RDWR, 0600);
            long node = client.entry.nodeid;
            long fh = client.opened.fh;
            MemorySegment argument = Arena.ofAuto().allocate(32, 8);
            int noatime = 0x80; // FS_NOATIME_FL
            argument.set(ValueLayout.JAVA_INT, 0, noatime);
            assertThat(client.session.ioctl(client.caller(), node, fh, 0, 0x40086602, argument, 4, 0))
                    .isZero();
            argument.set(ValueLayout.JAVA_INT, 0, 0);
            assertThat(client.session.ioctl(client.caller(), node, fh, 0, 0x80086601, argument, 0, 4))
                    .isZero();
            assertThat(argument.get(ValueLayout.JAVA_INT, 0) & noatime).isEqualTo(noatime);
            assertThat(client.session.ioctl(client.caller(), node, fh, 0, 0x80086601, argument, 0, 3))
                    .isEqualTo(-Errno.EINVAL);
            assertThat(client.session.ioctl(client.caller(), node, fh, 0, 0x5401, argument, 32, 32))
                    .isEqualTo(-Errno.ENOTTY);
        }
    }

    @Test
    void whatCannotBeSharedIsSaidPlainly() throws IOException {
        Path file = Files.writeString(directory.resolve("file"), "");
        assertThatThrownBy(() -> LocalFileSystem.open(LocalOptions.of(file).build()))
                .isInstanceOf(LinuxException.class)
                .hasMessageContaining(file.toString())
                .hasMessageContaining("ENOTDIR");
        assertThatThrownBy(() -> LocalFileSystem.open(
                        LocalOptions.of(directory.resolve("missing")).build()))
                .isInstanceOf(LinuxException.class)
                .hasMessageContaining("ENOENT");
        assertThatThrownBy(() -> LocalOptions.of(directory).descriptors(5).build())
                .hasMessageContaining("at least 128");
    }
}
