package dev.oriel.app;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.driver.FuseClient;
import dev.oriel.driver.FuseException;
import dev.oriel.driver.NodeEntry;
import dev.oriel.driver.OpenFile;
import dev.oriel.linux.Errno;
import dev.oriel.linux.OpenFlags;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real server with a small heap and few descriptors, one client that takes all it can get, and its neighbours. */
class NeighbourTest {
    private static final int FILES = 18_000;
    private static final int NEIGHBOURS_FILES = 100;
    private static final String LONG = "n".repeat(245);

    @TempDir
    @SuppressWarnings("NullAway.Init") // by JUnit
    private Path folder;

    private static byte[] greedyName(int i) {
        return (LONG + i).getBytes(UTF_8);
    }

    private void makeFiles() throws IOException {
        Path greedy = Files.createDirectories(folder.resolve("share/greedy"));
        for (int i = 0; i < FILES; i++) {
            Files.createFile(greedy.resolve(LONG + i));
        }
        Path modest = Files.createDirectories(folder.resolve("share/modest"));
        for (int i = 0; i < NEIGHBOURS_FILES; i++) {
            Files.writeString(modest.resolve("file" + i), "content " + i);
        }
    }

    @Test
    void aClientThatTakesAllLeavesItsNeighboursServed() throws Exception {
        makeFiles();
        Path socket = folder.resolve("socket");
        Process server = CommandRun.start(
                "oriel",
                Map.of("JDK_JAVA_OPTIONS", "-Xmx24m"),
                "serve",
                "--shared-dir=" + folder.resolve("share"),
                "--socket-path=" + socket,
                "--inode-file-handles=never",
                "--rlimit-nofile=1024");
        CompletableFuture<List<String>> log =
                CompletableFuture.supplyAsync(() -> server.errorReader().lines().toList());
        try {
            String line = server.inputReader().readLine();
            while (line != null && !line.startsWith(ServerProcess.LISTENING)) {
                line = server.inputReader().readLine();
            }
            assertThat(line).isNotNull();
            try (FuseClient modest = FuseClient.connect(socket);
                    FuseClient greedy = FuseClient.connect(socket)) {
                int known = takeNodes(greedy, modest);
                assertThat(known).isGreaterThan(FILES / 4);
                int opened = takeOpenFiles(greedy);
                assertThat(opened).isGreaterThan(127);
                serve(modest);
                try (FuseClient third = FuseClient.connect(socket)) {
                    serve(third);
                }
                assertThat(greedy.getattr(FuseClient.ROOT).ino()).isPositive();
            }
            // process.destroy() would close its output before it is read
            assertThat(server.toHandle().destroy()).isTrue();
            assertThat(server.waitFor()).isZero();
            assertThat(log.get().stream().filter(said -> said.contains("--node-memory")))
                    .hasSize(1);
            assertThat(log.get().stream().filter(said -> said.contains("--rlimit-nofile")))
                    .hasSize(1);
        } finally {
            server.destroyForcibly().waitFor();
        }
    }

    /** Looks up until there is no room, while the neighbour works. */
    private static int takeNodes(FuseClient greedy, FuseClient neighbour) throws FuseException {
        long directory =
                greedy.lookup(FuseClient.ROOT, "greedy".getBytes(UTF_8)).nodeid();
        for (int i = 0; i < FILES; i++) {
            try {
                greedy.lookup(directory, greedyName(i));
            } catch (FuseException refused) {
                assertThat(refused.errno()).isEqualTo(Errno.ENFILE);
                return i;
            }
            if (i % 5000 == 0) {
                serve(neighbour);
            }
        }
        return FILES;
    }

    private static int takeOpenFiles(FuseClient greedy) throws FuseException {
        for (int i = 0; i < 2000; i++) {
            try {
                greedy.files().opendir(FuseClient.ROOT, 0);
            } catch (FuseException refused) {
                assertThat(refused.errno()).isEqualTo(Errno.ENFILE);
                return i;
            }
        }
        return 2000;
    }

    private static void serve(FuseClient client) throws FuseException {
        long directory =
                client.lookup(FuseClient.ROOT, "modest".getBytes(UTF_8)).nodeid();
        List<Long> nodes = new ArrayList<>();
        for (int i = 0; i < NEIGHBOURS_FILES; i++) {
            NodeEntry entry = client.lookup(directory, ("file" + i).getBytes(UTF_8));
            nodes.add(entry.nodeid());
            OpenFile file = client.files().open(entry.nodeid(), OpenFlags.O_RDONLY);
            assertThat(client.getattr(file).size()).isEqualTo(("content " + i).length());
            client.files().release(file);
        }
        client.forgetAll(nodes);
    }
}
