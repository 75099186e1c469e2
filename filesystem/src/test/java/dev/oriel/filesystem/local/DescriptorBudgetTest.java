package dev.oriel.filesystem.local;

import static dev.oriel.filesystem.FileSystemSession.ROOT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.filesystem.Attributes;
import dev.oriel.filesystem.Entry;
import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.filesystem.Name;
import dev.oriel.linux.Errno;
import dev.oriel.linux.OpenFlags;
import dev.oriel.linux.ResourceLimits;
import java.io.File;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** However many files the client knows and opens, only so many descriptors are open, and none is left at the end. */
@ParameterizedClass
@EnumSource(
        value = FileHandlePolicy.class,
        names = {"NEVER", "PREFER"})
class DescriptorBudgetTest {
    private static final int BUDGET = LocalOptions.MIN_DESCRIPTORS;
    private static final int FILES = 400;

    private final FileHandlePolicy handles;

    @TempDir
    Path directory;

    DescriptorBudgetTest(FileHandlePolicy handles) {
        this.handles = handles;
    }

    @BeforeEach
    void makeFiles() throws IOException {
        for (int i = 0; i < FILES; i++) {
            Path parent = directory.resolve("d" + i % 10);
            Files.createDirectories(parent);
            Files.writeString(parent.resolve("f" + i), "content " + i);
        }
    }

    private LocalOptions.Builder options() {
        return LocalOptions.of(directory).inodeFileHandles(handles).descriptors(BUDGET);
    }

    private static int openDescriptors() {
        String[] open = new File("/proc/self/fd").list();
        return open == null ? -1 : open.length;
    }

    @Test
    void knownFilesDoNotHoldDescriptors() {
        int before = openDescriptors();
        try (Client client = Client.of(options())) {
            List<Long> nodes = new ArrayList<>();
            for (int i = 0; i < FILES; i++) {
                nodes.add(client.walk("d" + i % 10 + "/f" + i));
            }
            for (int round = 0; round < 2; round++) {
                for (int i = 0; i < FILES; i++) {
                    long node = nodes.get(i);
                    assertThat(client.getattr(node)).isZero();
                    assertThat(client.open(node, OpenFlags.O_RDONLY)).isZero();
                    assertThat(client.read(node, client.opened.fh, 0, 20)).isEqualTo("content " + i);
                    client.release(node, client.opened.fh);
                }
                assertThat(openDescriptors() - before).isLessThanOrEqualTo(BUDGET);
            }
        }
        assertThat(openDescriptors()).isEqualTo(before);
    }

    @Test
    void openingTooManyFilesIsAnErrorAndClosingSomeHelps() {
        int before = openDescriptors();
        try (Client client = Client.of(options())) {
            List<long[]> open = new ArrayList<>();
            int result = 0;
            for (int i = 0; i < FILES && result == 0; i++) {
                long node = client.walk("d" + i % 10 + "/f" + i);
                result = client.open(node, OpenFlags.O_RDONLY);
                if (result == 0) {
                    open.add(new long[] {node, client.opened.fh});
                }
            }
            assertThat(result).isEqualTo(-Errno.ENFILE);
            assertThat(openDescriptors() - before).isLessThanOrEqualTo(BUDGET + 3);
            long[] first = open.getFirst();
            assertThat(client.release(first[0], first[1])).isZero();
            assertThat(client.open(first[0], OpenFlags.O_RDONLY)).isZero();
        }
        assertThat(openDescriptors()).isEqualTo(before);
    }

    private static int openAll(Client client) {
        int opened = 0;
        int result = 0;
        while (result == 0 && opened < FILES) {
            long node = client.walk("d" + opened % 10 + "/f" + opened);
            result = client.open(node, OpenFlags.O_RDONLY);
            opened += result == 0 ? 1 : 0;
        }
        assertThat(result).isEqualTo(-Errno.ENFILE);
        return opened;
    }

    @Test
    void oneClientLeavesTheOtherItsPartAndAtItsEndAll() {
        int before = openDescriptors();
        try (Client modest = Client.of(options().sessions(2))) {
            int most;
            try (Client greedy = modest.neighbour()) {
                most = openAll(greedy);
                assertThat(most).isEqualTo(BUDGET / 2 * 3 / 4);
                assertThat(openAll(modest)).isEqualTo(BUDGET / 2 / 4);
                for (int i = 0; i < FILES; i++) {
                    assertThat(modest.getattr(modest.walk("d" + i % 10 + "/f" + i)))
                            .as("what needs a descriptor for a moment only")
                            .isZero();
                }
            }
            try (Client next = modest.neighbour()) {
                assertThat(openAll(next)).isEqualTo(most);
            }
        }
        assertThat(openDescriptors()).isEqualTo(before);
    }

    @Test
    void aProcessOutOfDescriptorsGivesUpCachedOnes() throws IOException {
        try (Client client = Client.of(options().descriptors(10 * FILES))) {
            List<Long> nodes = new ArrayList<>();
            for (int i = 0; i < FILES; i++) {
                nodes.add(client.walk("d" + i % 10 + "/f" + i));
            }
            assertThat(client.getattr(nodes.getFirst())).isZero();
            ResourceLimits.Limit limit = ResourceLimits.openFiles();
            List<Integer> results = new ArrayList<>();
            ResourceLimits.setOpenFiles(new ResourceLimits.Limit(openDescriptors() + 100L, limit.hard()));
            try {
                for (long node : nodes) {
                    results.add(client.getattr(node));
                }
            } finally {
                ResourceLimits.setOpenFiles(limit);
            }
            assertThat(results).containsOnly(0);
        }
    }

    @Test
    void threadsThatLookUpUseAndForgetLeaveNothing() throws Exception {
        int before = openDescriptors();
        try (Client client = Client.of(options())) {
            try (ExecutorService pool = Executors.newFixedThreadPool(4)) {
                List<Future<?>> done = new ArrayList<>();
                for (int t = 0; t < 4; t++) {
                    SplittableRandom random = new SplittableRandom(t);
                    done.add(pool.submit(() -> churn(client.session, random)));
                }
                for (Future<?> future : done) {
                    future.get();
                }
            }
            assertThat(((LocalSession) client.session).nodeCount()).isZero();
        }
        assertThat(openDescriptors()).isEqualTo(before);
    }

    private static void churn(FileSystemSession session, SplittableRandom random) {
        Entry entry = new Entry();
        Attributes attr = new Attributes();
        Name name = new Name(Arena.ofAuto().allocate(256));
        Caller caller = Caller.root();
        for (int round = 0; round < 20_000; round++) {
            int i = random.nextInt(50);
            assertThat(session.lookup(caller, ROOT, Client.name(name, "d" + i % 10), entry))
                    .isZero();
            long parent = entry.nodeid;
            assertThat(session.lookup(caller, parent, Client.name(name, "f" + i), entry))
                    .isZero();
            long node = entry.nodeid;
            long ino = entry.attributes.ino;
            assertThat(session.getattr(caller, node, FileSystemSession.NO_HANDLE, attr))
                    .isZero();
            assertThat(attr.ino).isEqualTo(ino);
            session.forget(node, 1);
            session.forget(parent, 1);
        }
    }
}
