package dev.oriel.filesystem.local;

import static dev.oriel.filesystem.FileSystemSession.ROOT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.oriel.filesystem.Opened;
import dev.oriel.fuse.FuseFlags;
import dev.oriel.fuse.FuseInitFlags;
import dev.oriel.linux.DirentReader;
import dev.oriel.linux.Errno;
import dev.oriel.linux.FileMode;
import dev.oriel.linux.OpenFlags;
import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DirectoriesTest {
    private static final int ENTRIES = 1200;

    @TempDir
    Path directory;

    private Client client;

    @BeforeEach
    void fill() throws IOException {
        for (int i = 0; i < ENTRIES; i++) {
            Files.createFile(directory.resolve("entry-" + i));
        }
        client = Client.of(directory);
    }

    @AfterEach
    void unmount() {
        client.close();
    }

    private long opendir(long node) {
        client.opened.clear();
        assertThat(client.session.opendir(client.caller(), node, 0, client.opened))
                .isZero();
        return client.opened.fh;
    }

    private int read(long fh, long offset, boolean plus, Listing into) {
        return client.session.readdir(client.caller(), ROOT, fh, offset, plus, into);
    }

    private List<String> readAll(long fh, int room, boolean plus) {
        List<String> names = new ArrayList<>();
        long offset = 0;
        while (true) {
            Listing part = new Listing(room);
            assertThat(read(fh, offset, plus, part)).isZero();
            if (part.names.isEmpty()) {
                return names;
            }
            names.addAll(part.names);
            offset = part.next();
        }
    }

    @Test
    void everyEntryIsListedOnceInPartsOfAnySize() {
        long fh = opendir(ROOT);
        for (int room : new int[] {1, 7, 1000, 10_000}) {
            assertThat(readAll(fh, room, false))
                    .hasSize(ENTRIES + 2)
                    .doesNotHaveDuplicates()
                    .contains(".", "..", "entry-0", "entry-1199");
        }
    }

    @Test
    void aNewFileIsSeenAfterRewinding() throws IOException {
        long fh = opendir(ROOT);
        assertThat(readAll(fh, 100, false)).hasSize(ENTRIES + 2);
        Files.createFile(directory.resolve("late"));
        assertThat(readAll(fh, 100, false)).contains("late");
    }

    @Test
    void twoReadersOfOneHandleEachGoOnWhereTheyWere() {
        long fh = opendir(ROOT);
        Listing all = new Listing(ENTRIES + 2);
        assertThat(read(fh, 0, false, all)).isZero();
        long here = all.offsets.get(9);
        long there = all.offsets.get(999);
        for (int i = 0; i < 3; i++) {
            Listing one = new Listing(5);
            assertThat(read(fh, here, false, one)).isZero();
            assertThat(one.names).isEqualTo(all.names.subList(10 + 5 * i, 15 + 5 * i));
            here = one.next();
            Listing two = new Listing(5);
            assertThat(read(fh, there, false, two)).isZero();
            assertThat(two.names).isEqualTo(all.names.subList(1000 + 5 * i, 1005 + 5 * i));
            there = two.next();
        }
    }

    /** Each is left with entries that wait for the client, as many walks of trees leave them. */
    @Test
    void manyOpenDirectoriesAreReadToTheirEndsWithFewBuffers() {
        int open = 300;
        long before = directMemory();
        List<Long> handles = new ArrayList<>();
        List<Set<String>> names = new ArrayList<>();
        long[] offsets = new long[open];
        for (int i = 0; i < open; i++) {
            handles.add(opendir(ROOT));
            names.add(new HashSet<>());
        }
        for (int delivered = 0; delivered < ENTRIES + 2; delivered += 200) {
            for (int i = 0; i < open; i++) {
                Listing part = new Listing(200);
                assertThat(read(handles.get(i), offsets[i], false, part)).isZero();
                for (String name : part.names) {
                    assertThat(names.get(i).add(name)).as(name).isTrue();
                }
                offsets[i] = part.next();
            }
        }
        for (Set<String> listed : names) {
            assertThat(listed).hasSize(ENTRIES + 2);
        }
        assertThat(directMemory() - before).isLessThan((DirentBuffers.MOST + 8L) * DirentBuffers.SIZE);
    }

    private static long directMemory() {
        return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                .filter(pool -> pool.getName().equals("direct"))
                .mapToLong(BufferPoolMXBean::getMemoryUsed)
                .sum();
    }

    @Test
    void severalThreadsReadMoreDirectoriesThanThereAreBuffers() throws Exception {
        try (ExecutorService pool = Executors.newFixedThreadPool(4)) {
            List<Future<?>> done = new ArrayList<>();
            for (int t = 0; t < 4; t++) {
                done.add(pool.submit(this::walkTogether));
            }
            for (Future<?> future : done) {
                future.get();
            }
        }
    }

    private void walkTogether() {
        Opened out = new Opened();
        Caller caller = Caller.root();
        int open = DirentBuffers.MOST;
        long[] handles = new long[open];
        long[] offsets = new long[open];
        int[] counts = new int[open];
        for (int i = 0; i < open; i++) {
            assertThat(client.session.opendir(caller, ROOT, 0, out)).isZero();
            handles[i] = out.fh;
        }
        for (int delivered = 0; delivered < ENTRIES + 2; delivered += 100) {
            for (int i = 0; i < open; i++) {
                Listing part = new Listing(100);
                assertThat(client.session.readdir(caller, ROOT, handles[i], offsets[i], false, part))
                        .isZero();
                if (!part.names.isEmpty()) {
                    offsets[i] = part.next();
                    counts[i] += part.names.size();
                }
            }
        }
        for (int i = 0; i < open; i++) {
            assertThat(counts[i]).isEqualTo(ENTRIES + 2);
            assertThat(client.session.releasedir(caller, ROOT, handles[i], 0)).isZero();
        }
    }

    @Test
    void readdirplusCountsALookupForEachEntryItDelivers() {
        long fh = opendir(ROOT);
        Listing part = new Listing(50);
        assertThat(read(fh, 0, true, part)).isZero();
        for (int i = 0; i < part.names.size(); i++) {
            long node = part.nodes.get(i);
            if (part.names.get(i).startsWith(".")) {
                assertThat(node).isZero();
            } else {
                assertThat(part.types.get(i)).isEqualTo(DirentReader.DT_REG);
                assertThat(client.walk(part.names.get(i))).isEqualTo(node);
                client.session.forget(node, 2);
            }
        }
        assertThat(((LocalSession) client.session).nodeCount()).isZero();
    }

    @Test
    void aFileIsNoDirectoryAndADirectoryNoFile() {
        long file = client.walk("entry-0");
        assertThat(client.session.opendir(client.caller(), file, 0, client.opened))
                .isEqualTo(-Errno.ENOTDIR);
        assertThat(client.open(ROOT, OpenFlags.O_RDONLY)).isEqualTo(-Errno.EISDIR);
        long fh = opendir(ROOT);
        assertThat(client.write(ROOT, fh, 0, "x")).isEqualTo(-Errno.EBADF);
        assertThat(client.session.fsyncdir(client.caller(), ROOT, fh, false)).isZero();
        assertThat(client.session.releasedir(client.caller(), ROOT, fh, 0)).isZero();
        assertThat(read(fh, 0, false, new Listing(1))).isEqualTo(-Errno.EBADF);
    }

    @Test
    void aDirectoryThatTheHostHasRemovedIsLookedUpAgainAndIsEmptyToWhoWorksInIt() throws IOException {
        assumeThat(CallerIdentity.canChange())
                .as("runs as root, with file handles")
                .isTrue();
        for (boolean lookedInto : new boolean[] {true, false}) {
            Path removed = Files.createDirectory(directory.resolve("removed"));
            // what was looked into has a descriptor in the server's cache, and lives on there
            long node = client.walk("removed");
            if (lookedInto) {
                assertThat(client.getattr(node)).isZero();
            }
            Files.delete(removed);
            Files.createDirectory(removed);
            assertThat(client.session.opendir(client.caller(), node, 0, client.opened))
                    .as("the client means the new one, or will ask again")
                    .isEqualTo(-Errno.ESTALE);
            assertThat(client.getattr(node)).isZero();
            assertThat(client.attr.nlink).isZero();
            assertThat(client.attr.mode & FileMode.S_IFMT).isEqualTo(FileMode.S_IFDIR);
            assertThat(client.session.opendir(client.caller(), node, 0, client.opened))
                    .isZero();
            Listing nothing = new Listing(10);
            assertThat(client.session.readdir(client.caller(), node, client.opened.fh, 0, true, nothing))
                    .as("ENOENT is the end to readdir(3)")
                    .isIn(0, -Errno.ENOENT);
            assertThat(nothing.names).isEmpty();
            assertThat(client.session.fsyncdir(client.caller(), node, client.opened.fh, false))
                    .isZero();
            assertThat(client.session.releasedir(client.caller(), node, client.opened.fh, 0))
                    .isZero();
            assertThat(client.lookup(node, "x")).isIn(-Errno.ENOENT, -Errno.ESTALE);
            Files.delete(removed);
        }
    }

    /**
     * What the server has never opened it knows by its name only: it cannot tell a directory that was removed from one
     * that was moved, and "nothing" would be wrong of the second. Whoever has used it has had it opened.
     */
    @Test
    void withoutFileHandlesWhoHasUsedADirectoryThatTheHostRemovedFindsItEmpty() throws IOException {
        LocalOptions.Builder options = LocalOptions.of(directory).inodeFileHandles(FileHandlePolicy.NEVER);
        try (Client byName = Client.of(options)) {
            Files.createDirectory(directory.resolve("used"));
            Files.createDirectory(directory.resolve("moved"));
            Files.createFile(directory.resolve("moved/file"));
            long used = byName.walk("used");
            long moved = byName.walk("moved");
            assertThat(byName.lookup(used, "absent")).isEqualTo(-Errno.ENOENT);
            Files.delete(directory.resolve("used"));
            Files.move(directory.resolve("moved"), directory.resolve("elsewhere"));
            assertThat(byName.session.opendir(byName.caller(), used, 0, byName.opened))
                    .as("the client looks the name up again first")
                    .isEqualTo(-Errno.ESTALE);
            assertThat(byName.getattr(used)).isZero();
            assertThat(byName.session.opendir(byName.caller(), used, 0, byName.opened))
                    .isZero();
            Listing nothing = new Listing(10);
            assertThat(byName.session.readdir(byName.caller(), used, byName.opened.fh, 0, true, nothing))
                    .as("ENOENT is the end to readdir(3)")
                    .isIn(0, -Errno.ENOENT);
            assertThat(nothing.names).isEmpty();
            for (int i = 0; i < 2; i++) {
                assertThat(byName.session.opendir(byName.caller(), moved, 0, byName.opened))
                        .as("it has a file")
                        .isEqualTo(-Errno.ESTALE);
            }
            assertThat(byName.session.releasedir(byName.caller(), used, byName.opened.fh, 0))
                    .isZero();
        }
    }

    @Test
    void aMountPointIsAnnouncedIfTheClientWantsToKnow() throws IOException {
        // Every Linux has /proc mounted below its root.
        assertThat(Files.isDirectory(Path.of("/proc/self"))).isTrue();
        LocalOptions.Builder rootDirectory = LocalOptions.of(Path.of("/")).readOnly(true);
        try (Client whole = Client.of(rootDirectory)) {
            whole.walk("proc");
            assertThat(whole.entry.attributes.flags).isEqualTo(FuseFlags.ATTR_SUBMOUNT);
            assertThat(whole.entry.attributes.ino)
                    .as("seen in the file system above too")
                    .isNegative();
            whole.walk("proc/sys");
            assertThat(whole.entry.attributes.flags).isZero();
        }
        try (Client whole = Client.of(rootDirectory, Client.EVERYTHING & ~FuseInitFlags.SUBMOUNTS)) {
            whole.walk("proc");
            assertThat(whole.entry.attributes.flags).isZero();
            assertThat(whole.entry.attributes.ino)
                    .as("told apart from inode 1 of another device")
                    .isNegative();
        }
    }
}
