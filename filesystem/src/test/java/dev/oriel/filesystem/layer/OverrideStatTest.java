package dev.oriel.filesystem.layer;

import static dev.oriel.filesystem.FileSystemSession.NO_HANDLE;
import static dev.oriel.filesystem.FileSystemSession.ROOT;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.oriel.filesystem.Attributes;
import dev.oriel.filesystem.FileSystem;
import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.filesystem.ForwardingSession;
import dev.oriel.filesystem.Name;
import dev.oriel.filesystem.Request;
import dev.oriel.filesystem.local.Caller;
import dev.oriel.filesystem.local.Client;
import dev.oriel.filesystem.local.Listing;
import dev.oriel.filesystem.local.LocalFileSystem;
import dev.oriel.filesystem.local.LocalOptions;
import dev.oriel.fuse.FuseFlags;
import dev.oriel.fuse.FuseInitFlags;
import dev.oriel.linux.Errno;
import dev.oriel.linux.FileMode;
import dev.oriel.linux.LinuxException;
import dev.oriel.linux.OpenFlags;
import dev.oriel.linux.credential.ThreadCredentials;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OverrideStatTest {
    private static final String ATTRIBUTE = "containers.override_stat"; // without "user.", as Java names it
    private static final int ROUNDS = 10_000;
    private static final int MOST_RUNS = 100;

    @TempDir
    Path directory;

    private Path share;

    @BeforeEach
    void anEmptyShare() throws Exception {
        share = Files.createDirectory(directory.resolve("share"));
    }

    private LocalFileSystem local() throws LinuxException {
        return LocalFileSystem.open(LocalOptions.of(share)
                .xattr(true)
                .posixAcl(true)
                .killprivV2(true)
                .build());
    }

    private Client share() throws LinuxException {
        return Client.of(new OverrideStat(local()));
    }

    private String kept(String name) throws Exception {
        UserDefinedFileAttributeView view =
                Files.getFileAttributeView(share.resolve(name), UserDefinedFileAttributeView.class);
        byte[] value = new byte[view.size(ATTRIBUTE)];
        view.read(ATTRIBUTE, ByteBuffer.wrap(value));
        return new String(value, UTF_8);
    }

    private void keep(String name, String value) throws Exception {
        Files.getFileAttributeView(share.resolve(name), UserDefinedFileAttributeView.class)
                .write(ATTRIBUTE, UTF_8.encode(value));
    }

    /** Owner and mode on the host. */
    private String onHost(String name) throws Exception {
        Map<String, Object> all =
                Files.readAttributes(share.resolve(name), "unix:uid,gid,mode", LinkOption.NOFOLLOW_LINKS);
        int mode = Integer.parseInt(String.valueOf(all.get("mode")));
        return all.get("uid") + ":" + all.get("gid") + " " + Integer.toOctalString(mode);
    }

    private static String servers(String mode) {
        return ThreadCredentials.geteuid() + ":" + ThreadCredentials.getegid() + " " + mode;
    }

    private static String seen(Attributes attributes) {
        return attributes.uid + ":" + attributes.gid + " " + Integer.toOctalString(attributes.mode) + " "
                + attributes.rdevMajor + ":" + attributes.rdevMinor;
    }

    private static String seen(Client client, String name) {
        assertThat(client.lookup(ROOT, name)).isZero();
        return seen(client.entry.attributes);
    }

    private static String target(Client client, long node) {
        MemorySegment out = Arena.ofAuto().allocate(4096);
        int length = client.session.readlink(client.caller(), node, out);
        return length < 0
                ? Errno.name(-length)
                : new String(out.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE), UTF_8);
    }

    @Test
    void whatACallerMakesIsTheCallersThoughTheHostKnowsTheServerOnly() throws Exception {
        Map<String, String> expected = new TreeMap<>();
        try (Client client = share()) {
            client.as(Caller.user(1000, 100));
            assertThat(client.create(ROOT, "file", OpenFlags.O_RDWR, 04751)).isZero();
            expected.put("file", "1000:100 104751 0:0");
            assertThat(seen(client.entry.attributes)).isEqualTo(expected.get("file"));
            assertThat(client.mkdir(ROOT, "directory", 01777)).isZero();
            expected.put("directory", "1000:100 41777 0:0");
            assertThat(seen(client.entry.attributes)).isEqualTo(expected.get("directory"));
            client.mknod(ROOT, "regular", FileMode.S_IFREG | 0, 0);
            expected.put("regular", "1000:100 100000 0:0");
            client.mknod(ROOT, "pipe", FileMode.S_IFIFO | 0622, 0);
            expected.put("pipe", "1000:100 10622 0:0");
            client.mknod(ROOT, "socket", FileMode.S_IFSOCK | 0755, 0);
            expected.put("socket", "1000:100 140755 0:0");
            client.mknod(ROOT, "char", FileMode.S_IFCHR | 0666, 1 << 8 | 3);
            expected.put("char", "1000:100 20666 1:3");
            client.mknod(ROOT, "block", FileMode.S_IFBLK | 0660, 0x34 | 0xfff << 8 | 0x12 << 20);
            expected.put("block", "1000:100 60660 4095:" + 0x1234);
            assertThat(client.symlink(ROOT, "link", "where/it/leads")).isZero();
            expected.put("link", "1000:100 120777 0:0");
            assertThat(seen(client.entry.attributes)).isEqualTo(expected.get("link"));
            assertThat(client.entry.attributes.size).isEqualTo("where/it/leads".length());
            assertThat(client.lookup(ROOT, "absent")).isNegative();
        }
        try (Client again = share()) {
            for (Map.Entry<String, String> each : expected.entrySet()) {
                String name = each.getKey();
                assertThat(seen(again, name)).as(name).isEqualTo(each.getValue());
                long node = again.entry.nodeid;
                assertThat(again.getattr(node)).isZero();
                assertThat(seen(again.attr)).as(name).isEqualTo(each.getValue());
                again.attr.clear();
                assertThat(again.session.statx(again.caller(), node, NO_HANDLE, 0, 0xfff, again.attr))
                        .isZero();
                assertThat(seen(again.attr)).as(name).isEqualTo(each.getValue());
                assertThat(onHost(name)).isEqualTo(servers(name.equals("directory") ? "40700" : "100600"));
                assertThat(target(again, node)).isEqualTo(name.equals("link") ? "where/it/leads" : "EINVAL");
            }
            assertThat(kept("file")).isEqualTo("1000:100:04751:file");
            assertThat(kept("directory")).isEqualTo("1000:100:01777:dir");
            assertThat(kept("block")).isEqualTo("1000:100:0660:block-4095-4660");
            assertThat(kept("link")).isEqualTo("1000:100:0777:symlink");
            assertThat(share.resolve("link")).hasContent("where/it/leads");
        }
    }

    @Test
    void aNewFileIsOpenAndNamelessOnesAreTheCallersToo() throws Exception {
        try (Client client = share()) {
            client.as(Caller.user(1000, 100));
            assertThat(client.create(ROOT, "file", OpenFlags.O_RDWR, 0444)).isZero();
            assertThat(client.write(client.entry.nodeid, client.opened.fh, 0, "content"))
                    .isEqualTo(7);
            assertThat(client.read(client.entry.nodeid)).isEqualTo("content");
            client.entry.clear();
            assertThat(client.session.tmpfile(
                            client.caller(), ROOT, OpenFlags.O_RDWR, 0640, 0, 0, client.entry, client.opened))
                    .isZero();
            assertThat(seen(client.entry.attributes)).isEqualTo("1000:100 100640 0:0");
            assertThat(client.link(client.entry.nodeid, ROOT, "named")).isZero();
            assertThat(seen(client.entry.attributes)).isEqualTo("1000:100 100640 0:0");
            assertThat(client.create(ROOT, "file", OpenFlags.O_RDWR, 0600)).isEqualTo(-Errno.ESTALE);
            assertThat(client.create(ROOT, "file", OpenFlags.O_RDWR | OpenFlags.O_EXCL, 0600))
                    .isEqualTo(-Errno.EEXIST);
            assertThat(kept("file")).isEqualTo("1000:100:0444:file");
        }
    }

    @Test
    void ownerAndModeAreChangedInTheAttributeAlone() throws Exception {
        Files.writeString(share.resolve("hosts"), "12345678");
        Files.setAttribute(share.resolve("hosts"), "unix:mode", 0640);
        String before = onHost("hosts");
        try (Client client = share()) {
            long node = client.walk("hosts");
            client.change.valid = FuseFlags.FATTR_MODE;
            client.change.mode = FileMode.S_IFREG | 06000;
            assertThat(client.setattr(node)).isZero();
            assertThat(seen(client.attr)).isEqualTo(servers("106000 0:0"));
            client.change.valid = FuseFlags.FATTR_UID | FuseFlags.FATTR_SIZE;
            client.change.uid = 5;
            client.change.size = 3;
            assertThat(client.setattr(node)).isZero();
            assertThat(client.attr.size).isEqualTo(3);
            client.change.valid = FuseFlags.FATTR_GID | FuseFlags.FATTR_MODE;
            client.change.gid = 6;
            client.change.mode = 0;
            assertThat(client.setattr(node)).isZero();
            assertThat(seen(client.attr)).isEqualTo("5:6 100000 0:0");
            client.change.valid = FuseFlags.FATTR_MTIME;
            client.change.mtime = 77;
            assertThat(client.setattr(node)).isZero();
            assertThat(client.attr.mtime).isEqualTo(77);
            assertThat(seen(client.attr)).isEqualTo("5:6 100000 0:0");
            assertThat(kept("hosts")).isEqualTo("5:6:00:file");
            assertThat(onHost("hosts")).isEqualTo(before);
            assertThat(client.read(node)).isEqualTo("123");
            client.mknod(ROOT, "null", FileMode.S_IFCHR | 0600, 1 << 8 | 3);
            client.change.valid = FuseFlags.FATTR_MODE;
            client.change.mode = 0666;
            assertThat(client.setattr(client.entry.nodeid)).isZero();
            assertThat(seen(client.attr)).endsWith(" 20666 1:3");
            client.change.valid = FuseFlags.FATTR_UID;
            client.change.uid = -1;
            assertThat(client.setattr(node)).isEqualTo(-Errno.EINVAL);
        }
    }

    @Test
    void theTimeOfAChangeIsThatOfTheAttribute() throws Exception {
        try (Client client = share()) {
            client.create(ROOT, "file", OpenFlags.O_RDWR, 0600);
            long node = client.entry.nodeid;
            long seconds = client.entry.attributes.ctime;
            int nanos = client.entry.attributes.ctimensec;
            assertThat(client.getattr(node)).isZero();
            assertThat(client.attr.ctime).isEqualTo(seconds);
            assertThat(client.attr.ctimensec).isEqualTo(nanos);
        }
    }

    @Test
    void aFileWithoutTheAttributeShowsWhatTheHostSays() throws Exception {
        Files.writeString(share.resolve("file"), "x");
        Files.setAttribute(share.resolve("file"), "unix:mode", 0604);
        Files.createSymbolicLink(share.resolve("link"), Path.of("target"));
        Files.writeString(share.resolve("wrong"), "x");
        Files.setAttribute(share.resolve("wrong"), "unix:mode", 0604);
        keep("wrong", "0:0:04755:dir");
        Files.writeString(share.resolve("long"), "x");
        Files.setAttribute(share.resolve("long"), "unix:mode", 0604);
        keep("long", "0:0:04755:file" + " ".repeat(1000));
        try (Client client = share()) {
            assertThat(seen(client, "file")).isEqualTo(servers("100604 0:0"));
            assertThat(seen(client, "wrong")).isEqualTo(servers("100604 0:0"));
            assertThat(seen(client, "long")).isEqualTo(servers("100604 0:0"));
            assertThat(seen(client, "link")).isEqualTo(servers("120777 0:0"));
            assertThat(target(client, client.entry.nodeid)).isEqualTo("target");
            assertThat(client.getattr(ROOT)).isZero();
            assertThat(client.attr.uid).isEqualTo(ThreadCredentials.geteuid());
        }
    }

    @Test
    void theAttributeIsHidden() throws Exception {
        try (Client client = share()) {
            client.create(ROOT, "file", OpenFlags.O_RDWR, 0600);
            long node = client.entry.nodeid;
            Caller caller = client.caller();
            MemorySegment out = Arena.ofAuto().allocate(100);
            Name name = client.name("user.containers.override_stat");
            assertThat(client.session.getxattr(caller, node, name, out)).isEqualTo(-Errno.ENODATA);
            assertThat(client.session.setxattr(caller, node, name, out, 0, 0)).isEqualTo(-Errno.EPERM);
            assertThat(client.session.removexattr(caller, node, name)).isEqualTo(-Errno.ENODATA);
            assertThat(client.session.listxattr(caller, node, out)).isZero();
            Name other = client.name("user.containers.override");
            assertThat(client.session.setxattr(caller, node, other, out.asSlice(0, 1), 0, 0))
                    .isZero();
            assertThat(client.session.getxattr(caller, node, other, out)).isEqualTo(1);
            int size = "user.containers.override?".length();
            assertThat(client.session.listxattr(caller, node, MemorySegment.NULL))
                    .isEqualTo(size);
            assertThat(client.session.listxattr(caller, node, out)).isEqualTo(size);
            assertThat(client.session.removexattr(caller, node, client.name("user.containers.override")))
                    .isZero();
            assertThat(kept("file")).isEqualTo("0:0:0600:file");
        }
    }

    @Test
    void aDirectoryIsListedWithTheTypesOfItsFiles() throws Exception {
        try (Client client = share()) {
            client.symlink(ROOT, "link", "target");
            client.mkdir(ROOT, "directory", 0755);
            client.create(ROOT, "file", OpenFlags.O_RDWR, 0600);
            assertThat(types(client, true))
                    .containsEntry("link", 10)
                    .containsEntry("directory", 4)
                    .containsEntry("file", 8);
            assertThat(types(client, false))
                    .containsEntry("link", 0)
                    .containsEntry("directory", 4)
                    .containsEntry("file", 0);
        }
    }

    private static Map<String, Integer> types(Client client, boolean plus) {
        Listing listing = new Listing(100);
        assertThat(client.session.opendir(client.caller(), ROOT, 0, client.opened))
                .isZero();
        assertThat(client.session.readdir(client.caller(), ROOT, client.opened.fh, 0, plus, listing))
                .isZero();
        Map<String, Integer> types = new TreeMap<>();
        for (int i = 0; i < listing.names.size(); i++) {
            types.put(listing.names.get(i), listing.types.get(i));
        }
        return types;
    }

    @Test
    void aSetGroupIdDirectoryGivesItsGroup() throws Exception {
        try (Client client = share()) {
            client.as(Caller.user(1000, 100));
            client.mkdir(ROOT, "shared", 02775);
            long shared = client.entry.nodeid;
            client.as(Caller.user(1001, 101));
            client.create(shared, "file", OpenFlags.O_RDWR, 0664);
            assertThat(seen(client.entry.attributes)).isEqualTo("1001:100 100664 0:0");
            client.mkdir(shared, "directory", 0755);
            assertThat(seen(client.entry.attributes)).isEqualTo("1001:100 42755 0:0");
        }
    }

    @Test
    void whatTheClientMustDoItselfIsNotOffered() throws Exception {
        try (Client client = share()) {
            long absent = FuseInitFlags.HANDLE_KILLPRIV_V2 | FuseInitFlags.POSIX_ACL | FuseInitFlags.DONT_MASK;
            assertThat(client.session.flags() & absent).isZero();
            assertThat(client.session.access(client.caller(), ROOT, 7)).isEqualTo(-Errno.ENOSYS);
            client.as(Caller.user(-1, 0));
            assertThat(client.mkdir(ROOT, "x", 0755)).isEqualTo(-Errno.EOVERFLOW);
            client.as(Caller.root());
            assertThat(client.mknod(ROOT, "x", FileMode.S_IFDIR | 0755, 0)).isEqualTo(-Errno.EPERM);
            assertThat(client.mknod(ROOT, "x", FileMode.S_IFLNK | 0755, 0)).isEqualTo(-Errno.EINVAL);
            assertThat(client.symlink(ROOT, "x", "")).isEqualTo(-Errno.ENOENT);
            assertThat(client.symlink(ROOT, "x", "y".repeat(4096))).isEqualTo(-Errno.ENAMETOOLONG);
            assertThat(client.symlink(ROOT, "x", "y".repeat(4095))).isZero();
            assertThat(target(client, client.entry.nodeid)).hasSize(4095);
        }
    }

    @Test
    void whatCannotHaveTheAttributeIsNotMade() throws Exception {
        LocalFileSystem local = local();
        FileSystem full = new FileSystem() {
            @Override
            public FileSystemSession begin(long offered) {
                return new FullSession(local.begin(offered));
            }

            @Override
            public void close() {
                local.close();
            }
        };
        try (Client client = Client.of(new OverrideStat(full))) {
            assertThat(client.create(ROOT, "x", OpenFlags.O_RDWR, 0600)).isEqualTo(-Errno.ENOSPC);
            assertThat(client.mkdir(ROOT, "x", 0755)).isEqualTo(-Errno.ENOSPC);
            assertThat(client.mknod(ROOT, "x", FileMode.S_IFIFO | 0600, 0)).isEqualTo(-Errno.ENOSPC);
            assertThat(client.symlink(ROOT, "x", "y")).isEqualTo(-Errno.ENOSPC);
            assertThat(client.session.tmpfile(
                            client.caller(), ROOT, OpenFlags.O_RDWR, 0600, 0, 0, client.entry, client.opened))
                    .isEqualTo(-Errno.ENOSPC);
            try (var files = Files.list(share)) {
                assertThat(files).isEmpty();
            }
        }
    }

    /** There is no room for another attribute. */
    private static final class FullSession extends ForwardingSession {
        private final FileSystemSession behind;

        FullSession(FileSystemSession behind) {
            this.behind = behind;
        }

        @Override
        protected FileSystemSession delegate() {
            return behind;
        }

        @Override
        public int setxattr(Request request, long nodeid, Name name, MemorySegment value, int flags, int more) {
            return -Errno.ENOSPC;
        }
    }

    @Test
    void twoClientsThatChangeOneFileBothDo() throws Exception {
        try (Client one = share()) {
            one.create(ROOT, "file", OpenFlags.O_RDWR, 0600);
            try (Client other = one.neighbour()) {
                AtomicInteger lost = new AtomicInteger();
                Thread users = new Thread(() -> change(one, FuseFlags.FATTR_UID, lost));
                Thread groups = new Thread(() -> change(other, FuseFlags.FATTR_GID, lost));
                users.start();
                groups.start();
                users.join();
                groups.join();
                assertThat(lost).hasValue(0);
                assertThat(kept("file")).isEqualTo("999:999:0600:file");
            }
        }
    }

    /** Changes what nobody else changes, and looks whether it stays so. */
    private static void change(Client client, int valid, AtomicInteger lost) {
        long node = client.walk("file");
        for (int id = 0; id < 1000; id++) {
            client.change.valid = valid;
            client.change.uid = id;
            client.change.gid = id;
            client.setattr(node);
            client.getattr(node);
            if ((valid == FuseFlags.FATTR_UID ? client.attr.uid : client.attr.gid) != id) {
                lost.incrementAndGet();
            }
        }
    }

    @Test
    void lookupAndGetattrAllocateNothing() throws Exception {
        try (Client client = share()) {
            client.as(Caller.user(1000, 100));
            client.create(ROOT, "file", OpenFlags.O_RDWR, 0644);
            long node = client.entry.nodeid;
            Name name = client.name("file");
            ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
            long least = Long.MAX_VALUE;
            for (int i = 0; i < MOST_RUNS && least >= ROUNDS; i++) {
                long before = threads.getCurrentThreadAllocatedBytes();
                for (int j = 0; j < ROUNDS; j++) {
                    client.session.lookup(client.caller(), ROOT, name, client.entry);
                    client.session.forget(node, 1);
                    client.session.getattr(client.caller(), node, NO_HANDLE, client.attr);
                }
                least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
            }
            assertThat(least).as("bytes allocated by %d rounds", ROUNDS).isLessThan(ROUNDS);
        }
    }

    @Test
    void aFileOfTheHostThatHasTheAttributeIsWhatItSays() throws Exception {
        Files.writeString(share.resolve("zero"), "");
        keep("zero", "0:0:0666:char-1-5");
        Files.createDirectory(share.resolve("home"));
        keep("home", "1000:1000:0700:dir");
        Files.writeString(share.resolve("old"), "");
        keep("old", "33:33:0644");
        try (Client client = share()) {
            assertThat(seen(client, "zero")).isEqualTo("0:0 20666 1:5");
            assertThat(seen(client, "home")).isEqualTo("1000:1000 40700 0:0");
            assertThat(seen(client, "old")).isEqualTo("33:33 100644 0:0");
            for (String name : List.of("zero", "old")) {
                assertThat(client.rename(ROOT, name, ROOT, name + "2", 0)).isZero();
                assertThat(client.unlink(ROOT, name + "2")).isZero();
            }
            assertThat(client.rmdir(ROOT, "home")).isZero();
        }
    }
}
