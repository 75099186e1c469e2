package dev.oriel.filesystem.layer;

import static dev.oriel.filesystem.FileSystemSession.NO_HANDLE;
import static dev.oriel.filesystem.FileSystemSession.ROOT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.sun.management.ThreadMXBean;
import dev.oriel.filesystem.Attributes;
import dev.oriel.filesystem.DirectoryEntries;
import dev.oriel.filesystem.Entry;
import dev.oriel.filesystem.local.Caller;
import dev.oriel.filesystem.local.Client;
import dev.oriel.filesystem.local.Listing;
import dev.oriel.filesystem.local.LocalFileSystem;
import dev.oriel.filesystem.local.LocalOptions;
import dev.oriel.fuse.FuseFlags;
import dev.oriel.fuse.FuseInitFlags;
import dev.oriel.linux.Errno;
import dev.oriel.linux.FileMode;
import dev.oriel.linux.OpenFlags;
import dev.oriel.linux.RenameFlags;
import dev.oriel.linux.credential.ThreadCredentials;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** As root: only who may be anybody can give files to others. */
class TranslatedIdsTest {
    private static final int ROUNDS = 10_000;
    private static final int MOST_RUNS = 100;

    @TempDir
    Path directory;

    @BeforeEach
    void assumeRoot() {
        assumeThat(ThreadCredentials.geteuid()).as("runs as root").isZero();
    }

    private Client share(String users, String groups) throws Exception {
        Files.setAttribute(directory, "unix:mode", 0777);
        return Client.of(new TranslatedIds(
                LocalFileSystem.open(
                        LocalOptions.of(directory).xattr(true).posixAcl(true).build()),
                IdTranslation.parse(List.of(users.split(" "))),
                IdTranslation.parse(List.of(groups.split(" ")))));
    }

    private String owner(String name) throws Exception {
        Path file = directory.resolve(name);
        return Files.getAttribute(file, "unix:uid", LinkOption.NOFOLLOW_LINKS) + ":"
                + Files.getAttribute(file, "unix:gid", LinkOption.NOFOLLOW_LINKS);
    }

    private static String owner(Attributes attributes) {
        return attributes.uid + ":" + attributes.gid;
    }

    @Test
    void whatACallerMakesIsTheTranslatedUsersAndIsShownAsTheCallers() throws Exception {
        try (Client client = share("map:500:30500:10", "map:600:30600:10")) {
            client.as(Caller.user(501, 602));
            assertThat(client.create(ROOT, "file", OpenFlags.O_RDWR, 0644)).isZero();
            assertThat(owner(client.entry.attributes)).isEqualTo("501:602");
            assertThat(client.mkdir(ROOT, "directory", 0755)).isZero();
            assertThat(owner(client.entry.attributes)).isEqualTo("501:602");
            assertThat(client.mknod(ROOT, "fifo", FileMode.S_IFIFO | 0600, 0)).isZero();
            assertThat(owner(client.entry.attributes)).isEqualTo("501:602");
            assertThat(client.symlink(ROOT, "link", "file")).isZero();
            assertThat(owner(client.entry.attributes)).isEqualTo("501:602");
            for (String name : List.of("file", "directory", "fifo", "link")) {
                assertThat(owner(name)).as(name).isEqualTo("30501:30602");
                assertThat(client.lookup(ROOT, name)).isZero();
                assertThat(owner(client.entry.attributes)).as(name).isEqualTo("501:602");
                assertThat(client.getattr(client.entry.nodeid)).isZero();
                assertThat(owner(client.attr)).as(name).isEqualTo("501:602");
                client.attr.clear();
                assertThat(client.session.statx(client.caller(), client.entry.nodeid, NO_HANDLE, 0, 0xfff, client.attr))
                        .isZero();
                assertThat(owner(client.attr)).as(name).isEqualTo("501:602");
            }
            assertThat(client.link(client.walk("file"), ROOT, "hard")).isZero();
            assertThat(owner(client.entry.attributes)).isEqualTo("501:602");
            client.entry.clear();
            assertThat(client.session.tmpfile(
                            client.caller(), ROOT, OpenFlags.O_RDWR, 0600, 0, 0, client.entry, client.opened))
                    .isZero();
            assertThat(owner(client.entry.attributes)).isEqualTo("501:602");
        }
    }

    @Test
    void anOwnerIsGivenAsTheClientCallsIt() throws Exception {
        try (Client client = share("map:500:30500:10", "map:600:30600:10")) {
            client.create(ROOT, "file", OpenFlags.O_RDWR, 0644);
            long node = client.entry.nodeid;
            client.change.valid = FuseFlags.FATTR_UID | FuseFlags.FATTR_GID;
            client.change.uid = 503;
            client.change.gid = 604;
            assertThat(client.setattr(node)).isZero();
            assertThat(owner(client.attr)).isEqualTo("503:604");
            assertThat(owner("file")).isEqualTo("30503:30604");
            client.change.valid = FuseFlags.FATTR_GID;
            client.change.gid = 5;
            assertThat(client.setattr(node)).isZero();
            assertThat(owner(client.attr)).isEqualTo("503:5");
            client.change.valid = FuseFlags.FATTR_MODE;
            client.change.mode = 0600;
            assertThat(client.setattr(node)).isZero();
            assertThat(owner(client.attr)).isEqualTo("503:5");
        }
    }

    @Test
    void entriesOfADirectoryHaveTheClientsOwners() throws Exception {
        try (Client client = share("map:500:30500:10", "squash-host:0:77:100000")) {
            client.as(Caller.user(501, 0));
            client.create(ROOT, "file", OpenFlags.O_RDWR, 0644);
            client.session.opendir(client.caller(), ROOT, 0, client.opened);
            Owners owners = new Owners();
            assertThat(client.session.readdir(client.caller(), ROOT, client.opened.fh, 0, true, owners))
                    .isZero();
            assertThat(owners.text).contains("file 501:77;");
        }
    }

    @Test
    void whoIsForbiddenMakesNothingAndIsGivenNothing() throws Exception {
        try (Client client = share("forbid-guest:500:10", "forbid-guest:600:10")) {
            client.create(ROOT, "file", OpenFlags.O_RDWR, 0644);
            long node = client.entry.nodeid;
            for (Caller caller : List.of(Caller.user(500, 0), Caller.user(0, 609))) {
                client.as(caller);
                assertThat(client.create(ROOT, "x", OpenFlags.O_RDWR, 0644)).isEqualTo(-Errno.EPERM);
                assertThat(client.mkdir(ROOT, "x", 0755)).isEqualTo(-Errno.EPERM);
                assertThat(client.mknod(ROOT, "x", FileMode.S_IFREG, 0)).isEqualTo(-Errno.EPERM);
                assertThat(client.symlink(ROOT, "x", "y")).isEqualTo(-Errno.EPERM);
                assertThat(client.session.tmpfile(
                                caller, ROOT, OpenFlags.O_RDWR, 0600, 0, 0, client.entry, client.opened))
                        .isEqualTo(-Errno.EPERM);
                assertThat(client.rename(ROOT, "file", ROOT, "y", RenameFlags.RENAME_WHITEOUT))
                        .isEqualTo(-Errno.EPERM);
                assertThat(client.getattr(node)).as("a look is nobody's").isZero();
                assertThat(client.read(node)).isEmpty();
            }
            client.as(Caller.root());
            client.change.valid = FuseFlags.FATTR_UID;
            client.change.uid = 505;
            assertThat(client.setattr(node)).isEqualTo(-Errno.EPERM);
            client.change.valid = FuseFlags.FATTR_GID;
            client.change.gid = 605;
            assertThat(client.setattr(node)).isEqualTo(-Errno.EPERM);
            assertThat(owner("file")).isEqualTo("0:0");
            try (var files = Files.list(directory)) {
                assertThat(files).hasSize(1);
            }
        }
    }

    @Test
    void aGroupThatIsSentAlongIsTranslatedToo() throws Exception {
        Path shared = Files.createDirectory(directory.resolve("shared"));
        Files.setAttribute(shared, "unix:gid", 30650);
        Files.setAttribute(shared, "unix:mode", 0770);
        try (Client client = share("map:500:30500:10", "map:600:30600:100")) {
            long node = client.walk("shared");
            client.as(Caller.user(501, 601));
            assertThat(client.create(node, "no", OpenFlags.O_RDWR, 0644)).isEqualTo(-Errno.EACCES);
            client.as(Caller.user(501, 601).alsoInGroup(650));
            assertThat(client.create(node, "yes", OpenFlags.O_RDWR, 0644)).isZero();
        }
    }

    @Test
    void thereAreNoAccessControlLists() throws Exception {
        try (Client client = share("map:500:30500:10", "map:600:30600:10")) {
            assertThat(client.session.flags() & FuseInitFlags.POSIX_ACL).isZero();
            assertThat(client.session.setxattr(
                            client.caller(), ROOT, client.name("system.posix_acl_access"), MemorySegment.NULL, 0, 0))
                    .isEqualTo(-Errno.EOPNOTSUPP);
        }
    }

    @Test
    void lookupAndGetattrAllocateNothing() throws Exception {
        try (Client client = share("map:500:30500:10 map:700:30700:10", "map:600:30600:10")) {
            client.create(ROOT, "file", OpenFlags.O_RDWR, 0644);
            long node = client.entry.nodeid;
            var name = client.name("file");
            Caller caller = Caller.user(501, 601).onQueueThread();
            ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
            long least = Long.MAX_VALUE;
            for (int i = 0; i < MOST_RUNS && least >= ROUNDS; i++) {
                long before = threads.getCurrentThreadAllocatedBytes();
                for (int j = 0; j < ROUNDS; j++) {
                    client.session.lookup(caller, ROOT, name, client.entry);
                    client.session.forget(node, 1);
                    client.session.getattr(caller, node, NO_HANDLE, client.attr);
                }
                least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
            }
            assertThat(least).as("bytes allocated by %d rounds", ROUNDS).isLessThan(ROUNDS);
        }
    }

    /** A listing that tells owners. */
    private static final class Owners implements DirectoryEntries {
        private final Listing names = new Listing(100);
        private final StringBuilder text = new StringBuilder();

        @Override
        public boolean fits(int nameLength) {
            return true;
        }

        @Override
        public boolean add(long ino, long next, int type, MemorySegment name, long nameOffset, int nameLength) {
            return names.add(ino, next, type, name, nameOffset, nameLength);
        }

        @Override
        public Entry entry() {
            return names.entry();
        }

        @Override
        public boolean add(Entry entry, long next, MemorySegment name, long nameOffset, int nameLength) {
            names.add(entry, next, name, nameOffset, nameLength);
            text.append(names.names.getLast())
                    .append(' ')
                    .append(owner(entry.attributes))
                    .append(';');
            return true;
        }
    }
}
