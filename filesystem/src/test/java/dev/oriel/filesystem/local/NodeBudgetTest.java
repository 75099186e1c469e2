package dev.oriel.filesystem.local;

import static dev.oriel.filesystem.FileSystemSession.ROOT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.filesystem.node.Allowance;
import dev.oriel.filesystem.node.Budget;
import dev.oriel.filesystem.node.InodeTable;
import dev.oriel.linux.Errno;
import dev.oriel.linux.OpenFlags;
import dev.oriel.linux.credential.ThreadCredentials;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** A client knows only so many files, is told so before anything is done for it, and takes no room from others. */
@ParameterizedClass
@EnumSource(
        value = FileHandlePolicy.class,
        names = {"NEVER", "PREFER"})
class NodeBudgetTest {
    /** In the smallest budget, of which one client can have three quarters, there is room for not as many. */
    private static final int FILES = 2500;

    private final FileHandlePolicy handles;

    @TempDir
    Path directory;

    NodeBudgetTest(FileHandlePolicy handles) {
        this.handles = handles;
    }

    private LocalOptions.Builder options() {
        return LocalOptions.of(directory)
                .inodeFileHandles(handles)
                .nodeMemory(LocalOptions.MIN_NODE_MEMORY)
                .sessions(2);
    }

    /** Only root may open file handles. */
    private boolean nodesAreKeptByName() {
        return handles == FileHandlePolicy.NEVER || ThreadCredentials.geteuid() != 0;
    }

    private void makeFiles() throws IOException {
        for (int i = 0; i < FILES; i++) {
            Files.createFile(directory.resolve(name(i)));
        }
    }

    private static String name(int i) {
        return "file-" + i;
    }

    /** Looks files up until it is refused; what it knows then. */
    private static List<Long> fill(Client client) {
        List<Long> known = new ArrayList<>();
        int result = 0;
        for (int i = 0; i < FILES && result == 0; i++) {
            result = client.lookup(ROOT, name(i));
            if (result == 0) {
                known.add(client.entry.nodeid);
            }
        }
        assertThat(result).isEqualTo(-Errno.ENFILE);
        return known;
    }

    @Test
    void aClientThatKnowsTooManyFilesIsRefusedOthersUntilItForgetsSome() throws IOException {
        makeFiles();
        try (Client client = Client.of(options())) {
            List<Long> known = fill(client);
            assertThat(client.lookup(ROOT, name(0))).as("one that it knows").isZero();
            assertThat(client.getattr(known.getLast())).isZero();
            String next = name(known.size());
            assertThat(client.lookup(ROOT, next)).isEqualTo(-Errno.ENFILE);
            client.session.forget(known.getLast(), 1);
            assertThat(client.lookup(ROOT, next)).isZero();
            client.session.forget(client.entry.nodeid, 1);
            for (long node : known.subList(1, known.size() - 1)) {
                client.session.forget(node, 1);
            }
            assertThat(fill(client)).as("known after all was forgotten").hasSize(known.size());
        }
    }

    @Test
    void nothingIsDoneOnTheHostForWhichThereIsNoNode() throws IOException {
        makeFiles();
        try (Client client = Client.of(options())) {
            long file = fill(client).getFirst();
            assertThat(client.mkdir(ROOT, "new", 0700)).isEqualTo(-Errno.ENFILE);
            assertThat(client.mknod(ROOT, "new", 0100600, 0)).isEqualTo(-Errno.ENFILE);
            assertThat(client.symlink(ROOT, "new", "target")).isEqualTo(-Errno.ENFILE);
            assertThat(client.create(ROOT, "new", OpenFlags.O_RDWR, 0600)).isEqualTo(-Errno.ENFILE);
            assertThat(client.link(file, ROOT, "new")).isEqualTo(-Errno.ENFILE);
            assertThat(directory.resolve("new")).doesNotExist();
            assertThat(client.rename(ROOT, name(0), ROOT, "renamed", 0))
                    .isEqualTo(nodesAreKeptByName() ? -Errno.ENFILE : 0);
            assertThat(client.getattr(file)).isZero();
            assertThat(client.unlink(ROOT, name(FILES - 1))).isZero();
        }
    }

    @Test
    void aListingLeavesRoomForThoseWhoLookUp() throws IOException {
        makeFiles();
        try (Client client = Client.of(options())) {
            Map<String, Long> listed = new HashMap<>();
            client.opened.clear();
            assertThat(client.session.opendir(client.caller(), ROOT, 0, client.opened))
                    .isZero();
            long fh = client.opened.fh;
            Listing all = new Listing(FILES + 2);
            assertThat(client.session.readdir(client.caller(), ROOT, fh, 0, true, all))
                    .isZero();
            for (int i = 0; i < all.names.size(); i++) {
                listed.put(all.names.get(i), all.nodes.get(i));
            }
            assertThat(listed).hasSize(FILES + 2);
            List<String> without = listed.entrySet().stream()
                    .filter(entry -> entry.getKey().startsWith("file-") && entry.getValue() == 0)
                    .map(Map.Entry::getKey)
                    .toList();
            assertThat(without).hasSizeBetween(400, FILES - 400);
            for (String name : without.subList(0, 50)) {
                assertThat(client.lookup(ROOT, name)).isZero();
            }
        }
    }

    @Test
    void oneClientLeavesTheOtherItsPartAndAtItsEndAll() throws IOException {
        makeFiles();
        try (Client modest = Client.of(options())) {
            int most;
            List<Long> guaranteed;
            try (Client greedy = modest.neighbour()) {
                most = fill(greedy).size();
                guaranteed = fill(modest);
                assertThat(guaranteed).hasSizeBetween(most / 4, most / 2);
            }
            try (Client next = modest.neighbour()) {
                assertThat(fill(next)).hasSize(most);
            }
        }
    }

    @Test
    void whatIsCountedIsNoLessThanTheHeapHolds() {
        int count = 50_000;
        Budget budget = new Budget(Long.MAX_VALUE, 1, 0, "spent");
        Allowance memory = budget.open();
        long before = usedMemory();
        InodeTable table = new InodeTable(memory, LocalInode.TRANSIENT_WORDS, LocalInode.HANDLE_WORDS);
        for (int i = 0; i < count; i++) {
            LocalInode.Location location = new LocalInode.Location(ROOT, new byte[251]);
            assertThat(memory.take(location.heapBytes())).isTrue();
            table.insert(LocalInode.kind(0, 0, 0, 0100644), i + 1, 7, new long[4], location, table.allocate());
        }
        assertThat(table.size()).isEqualTo(count);
        assertThat(usedMemory() - before).isLessThan(memory.taken() + memory.taken() / 10);
        for (int slot = InodeTable.ROOT_SLOT + 1; slot <= count + 1; slot++) {
            table.forget(slot, 1);
        }
        assertThat(memory.taken())
                .as("but for records")
                .isLessThan((count + 1)
                        * (long) InodeTable.nodeBytes(LocalInode.TRANSIENT_WORDS + LocalInode.HANDLE_WORDS));
    }

    private static long usedMemory() {
        System.gc();
        Runtime runtime = Runtime.getRuntime();
        return runtime.totalMemory() - runtime.freeMemory();
    }
}
