package dev.oriel.app.serve;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.app.CommandRun;
import dev.oriel.app.tour.FrontEndProbe;
import dev.oriel.driver.AttributeChange;
import dev.oriel.driver.DaxDevice;
import dev.oriel.driver.FuseClient;
import dev.oriel.driver.OpenFile;
import dev.oriel.linux.OpenFlags;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A real server with a window by itself ({@code --dax}), and more than one who may write. */
@Timeout(120)
class SecondWriterTest {
    private static final int SIZE = 4 << 20;

    /** Far more than are logged at once, of which one in a second is added. */
    private static final int VISITS = 300;

    @TempDir
    @SuppressWarnings("NullAway.Init") // by JUnit
    private Path folder;

    @Test
    void theSecondIsStagedAndTheLogSaysSoAtARate() throws Exception {
        Path share = Files.createDirectory(folder.resolve("share"));
        byte[] content = new byte[SIZE];
        Arrays.fill(content, (byte) 7);
        Files.write(share.resolve("file"), content);
        Path socket = folder.resolve("socket");
        Process server = CommandRun.start(
                "oriel",
                Map.of(),
                "serve",
                "--shared-dir=" + share,
                "--socket-path=" + socket,
                "--dax",
                "--dax-window=64M");
        CompletableFuture<List<String>> log =
                CompletableFuture.supplyAsync(() -> server.errorReader().lines().toList());
        try {
            awaitListening(server);
            try (FuseClient first = FuseClient.connect(socket);
                    FuseClient second = FuseClient.connect(socket)) {
                aTruncationDoesNotReachTheWindowOf(second, first);
            }
            try (FrontEndProbe there = FrontEndProbe.connect(socket)) {
                there.ask();
                for (int i = 0; i < VISITS; i++) {
                    try (FrontEndProbe visitor = FrontEndProbe.connect(socket)) {
                        assertThat(visitor.protocolFeatures()).isNotZero();
                    }
                }
            }
            // process.destroy() would close its output before it is read
            assertThat(server.toHandle().destroy()).isTrue();
            assertThat(server.waitFor()).isZero();
        } finally {
            server.destroyForcibly().waitFor();
        }
        List<String> said = log.get().stream()
                .filter(line -> line.contains("its DAX window is staged"))
                .toList();
        assertThat(said.getFirst()).contains("connection 2:");
        assertThat(said).hasSizeLessThan(VISITS - 50);
    }

    private static void awaitListening(Process server) throws IOException {
        String line = server.inputReader().readLine();
        while (line != null && !line.startsWith(ServerProcess.LISTENING)) {
            line = server.inputReader().readLine();
        }
        assertThat(line).isNotNull();
    }

    /** Of a window of the file's own pages those that are cut off would be gone (SIGBUS). */
    private static void aTruncationDoesNotReachTheWindowOf(FuseClient owner, FuseClient other) throws IOException {
        byte[] name = "file".getBytes(UTF_8);
        OpenFile file = owner.files().open(owner.lookup(FuseClient.ROOT, name).nodeid(), OpenFlags.O_RDWR);
        try (DaxDevice.Pin pin = owner.dax().orElseThrow().map(file.nodeid(), 0, SIZE, false)) {
            MemorySegment window = pin.segment();
            assertThat(window.get(JAVA_BYTE, SIZE - 1)).isEqualTo((byte) 7);
            long theirs = other.lookup(FuseClient.ROOT, name).nodeid();
            other.setattr(theirs, new AttributeChange().size(0));
            assertThat(window.get(JAVA_BYTE, SIZE - 1)).isIn((byte) 0, (byte) 7);
        }
        owner.files().release(file);
    }
}
