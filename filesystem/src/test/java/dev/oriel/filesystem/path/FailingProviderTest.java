package dev.oriel.filesystem.path;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.filesystem.Opened;
import dev.oriel.filesystem.Status;
import dev.oriel.filesystem.local.Client;
import dev.oriel.filesystem.local.Listing;
import dev.oriel.fuse.FuseFlags;
import dev.oriel.linux.Errno;
import dev.oriel.linux.OpenFlags;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Each call of a provider fails once, in each way: an errno each, and nothing left behind. */
class FailingProviderTest {
    private static final long ROOT = FileSystemSession.ROOT;

    private static final List<Supplier<Throwable>> WAYS = List.of(
            () -> new IOException("broken"),
            () -> new IllegalStateException("broken"),
            () -> new StackOverflowError("broken"),
            () -> new UnsupportedOperationException("broken"));

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aProviderMayFailAtEveryCall(boolean hasChannels) throws IOException {
        for (Supplier<Throwable> way : WAYS) {
            int calls = Integer.MAX_VALUE;
            for (int failing = 1; failing <= calls; failing++) {
                try {
                    calls = failAt(failing, way, hasChannels);
                } catch (AssertionError failed) {
                    throw new AssertionError(way.get() + " at call " + failing, failed);
                }
            }
            assertThat(calls).isGreaterThan(100);
        }
    }

    private static int failAt(int failing, Supplier<Throwable> way, boolean hasChannels) throws IOException {
        try (FileSystem real = Jimfs.newFileSystem(Configuration.unix().toBuilder()
                .setAttributeViews("basic", "owner", "posix", "unix", "user")
                .build())) {
            FailingFiles files = new FailingFiles(real, hasChannels);
            Path raw = real.getPath("/work");
            PathFileSystem share = PathFileSystem.of(files.path(raw));
            files.failAt(failing, way);
            int calls;
            try (Client client = Client.of(share)) {
                new Script(client, raw).run();
                calls = files.calls();
            }
            files.failAt(0, null);
            assertThat(files.open).as("channels and streams that are open").isZero();
            try (Stream<Path> all = Files.walk(raw)) {
                assertThat(all.map(Path::toString)).noneMatch(name -> name.contains(".oriel-"));
            }
            // all is well again
            try (Client client = Client.of(PathFileSystem.of(files.path(raw)))) {
                assertThat(client.create(ROOT, "after", OpenFlags.O_RDWR, 0644)).isZero();
                assertThat(client.write(client.entry.nodeid, client.opened.fh, 0, "all"))
                        .isEqualTo(3);
                assertThat(client.release(client.entry.nodeid, client.opened.fh))
                        .isZero();
            }
            assertThat(Files.readString(raw.resolve("after"))).isEqualTo("all");
            return calls;
        }
    }

    /** What a client does, whatever it is answered. */
    private record Script(Client client, Path raw) {
        private static int errno(long result) {
            assertThat(result).isGreaterThan(-4096);
            return (int) Math.min(0, result);
        }

        private boolean exists(String name) {
            return Files.exists(raw.resolve(name), LinkOption.NOFOLLOW_LINKS);
        }

        /** What is refused has not happened. */
        private boolean made(int result, String name) {
            assertThat(errno(result) == 0).as("%s: %s", name, result).isEqualTo(exists(name));
            return result == 0;
        }

        void run() throws IOException {
            if (made(client.mkdir(ROOT, "directory", 0700), "directory")) {
                long directory = client.entry.nodeid;
                int _ = errno(client.getattr(directory));
                int _ = errno(client.mknod(directory, "in it", 0100644, 0));
                list(directory);
                int _ = errno(client.unlink(directory, "in it"));
            }
            if (made(client.symlink(ROOT, "symlink", "target"), "symlink")) {
                int _ = errno(client.session.readlink(
                        client.caller(), client.entry.nodeid, Arena.ofAuto().allocate(100)));
            }
            if (made(client.create(ROOT, "file", OpenFlags.O_RDWR, 0640), "file")) {
                use(client.entry.nodeid, client.opened.fh);
            }
            int _ = errno(client.session.statfs(client.caller(), ROOT, new Status()));
            remove();
        }

        private void use(long node, long fh) throws IOException {
            long written = client.write(node, fh, 0, "some text");
            int flushed = errno(client.session.flush(client.caller(), node, fh, 0));
            int synced = errno(client.session.fsync(client.caller(), node, fh, false));
            if (written == 9 && synced == 0) {
                assertThat(Files.readString(raw.resolve("file")))
                        .as("flush said %s", flushed)
                        .isEqualTo("some text");
            }
            MemorySegment memory = client.room(100);
            int _ = errno(client.session.read(client.caller(), node, fh, 0, 0, client.vector));
            int _ = errno(client.session.fallocate(client.caller(), node, fh, 0, 20, 0));
            int _ = errno(client.release(node, fh));
            assertThat(client.release(node, fh)).isEqualTo(-Errno.EBADF);
            client.change.valid =
                    FuseFlags.FATTR_SIZE | FuseFlags.FATTR_MODE | FuseFlags.FATTR_UID | FuseFlags.FATTR_MTIME;
            client.change.size = 3;
            client.change.mode = 0600;
            client.change.uid = 7;
            int _ = errno(client.setattr(node));
            MemorySegment value = MemorySegment.ofArray("value".getBytes(StandardCharsets.UTF_8));
            int _ = errno(client.session.setxattr(client.caller(), node, client.name("user.x"), value, 0, 0));
            int _ = errno(client.session.getxattr(client.caller(), node, client.name("user.x"), memory));
            int _ = errno(client.session.listxattr(client.caller(), node, memory));
            int _ = errno(client.session.removexattr(client.caller(), node, client.name("user.x")));
            boolean _ = made(client.link(node, ROOT, "link"), "link");
            int renamed = client.rename(ROOT, "file", ROOT, "renamed", 0);
            assertThat(exists("renamed")).isEqualTo(renamed == 0);
            assertThat(exists("file")).isEqualTo(renamed != 0);
            if (errno(client.open(node, OpenFlags.O_RDWR | OpenFlags.O_TRUNC)) == 0) {
                long again = client.opened.fh;
                int _ = errno(client.write(node, again, 1, "more"));
                int _ = errno(client.unlink(ROOT, renamed == 0 ? "renamed" : "file"));
                int _ = errno(client.getattr(node));
                int _ = errno(client.session.read(client.caller(), node, again, 0, 0, client.vector));
                int _ = errno(client.release(node, again));
            }
        }

        private void list(long directory) {
            Opened opened = new Opened();
            if (errno(client.session.opendir(client.caller(), directory, 0, opened)) == 0) {
                for (boolean plus : new boolean[] {true, false}) {
                    int _ = errno(
                            client.session.readdir(client.caller(), directory, opened.fh, 0, plus, new Listing(100)));
                }
                assertThat(client.session.releasedir(client.caller(), directory, opened.fh, 0))
                        .isZero();
            }
        }

        private void remove() {
            for (String name : List.of("symlink", "link", "file", "renamed")) {
                boolean there = exists(name);
                int result = errno(client.unlink(ROOT, name));
                assertThat(exists(name)).isEqualTo(there && result != 0);
            }
            int _ = errno(client.rmdir(ROOT, "directory"));
            client.session.forget(client.entry.nodeid, Long.MAX_VALUE);
        }
    }
}
