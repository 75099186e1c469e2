package dev.oriel.hadoop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.driver.nio.VirtioFileSystemProvider;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.hdfs.DistributedFileSystem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * A server that is killed at some moment: a file that is changed in the middle is as it was synced last, or newer, and
 * never of both; one that is written at its end has all that was synced, and nothing else than what follows. Run it
 * with {@code -Doriel.soak=TIMES}.
 */
@EnabledIfSystemProperty(named = "oriel.soak", matches = "[1-9].*")
class KilledServerTest {
    private static final int TIMES = Integer.getInteger("oriel.soak", 0);
    private static final int SIZE = 400_000;
    private static final int PIECES = 4;
    private static final int LINE = 10_000;
    private static final int LONGEST_MILLIS = 1500;

    @TempDir
    @SuppressWarnings("NullAway.Init") // by JUnit
    private Path folder;

    /** The server: a process of its own. */
    static final class Server {
        private Server() {}

        /** Serves what the second argument names, in the folder that the first one is, until it is killed. */
        public static void main(String[] arguments) throws Exception {
            ServedShare share = ServedShare.of(Path.of(arguments[0]), URI.create(arguments[1]), Map.of());
            System.out.println(share.socket());
            Thread.sleep(Long.MAX_VALUE);
        }
    }

    private static ByteBuffer filled(int length, int generation) {
        ByteBuffer bytes = ByteBuffer.allocate(length);
        while (bytes.hasRemaining()) {
            bytes.putInt(generation);
        }
        return bytes.flip();
    }

    private static byte[] read(DistributedFileSystem hadoop, String path) throws IOException {
        try (InputStream in = hadoop.open(new org.apache.hadoop.fs.Path(path))) {
            return in.readAllBytes();
        }
    }

    /** What the writer knows: the last generation that it began to write, and the last that was synced. */
    private static final class Progress {
        volatile int begun;
        volatile int synced;
    }

    private interface Step {
        void write(int number) throws IOException;
    }

    /** Until the server is gone. */
    private static void advance(Progress progress, Step step) {
        try {
            while (true) {
                int next = progress.begun + 1;
                progress.begun = next;
                step.write(next);
                progress.synced = next;
            }
        } catch (IOException | IllegalStateException killed) {
            assertThat(killed).isNotNull();
        }
    }

    @Test
    void filesAreAsTheyWereSyncedLastOrNewer() throws Exception {
        Random random = new Random(TIMES);
        try (TestCluster cluster = TestCluster.start()) {
            DistributedFileSystem hadoop = cluster.client();
            try (FSDataOutputStream out = hadoop.create(new org.apache.hadoop.fs.Path("/changed"))) {
                out.write(filled(SIZE, 0).array());
            }
            Progress changed = new Progress();
            int lines = 0;
            for (int time = 0; time < TIMES; time++) {
                Progress appended = new Progress();
                String log = "/log-" + time;
                killWhileItWrites(cluster, log, changed, appended, random.nextInt(LONGEST_MILLIS));
                assertWhole(read(hadoop, "/changed"), changed);
                while (!hadoop.recoverLease(new org.apache.hadoop.fs.Path(log))) {
                    Thread.sleep(100);
                }
                assertBegins(read(hadoop, log), appended);
                lines += appended.synced;
            }
            assertThat(changed.synced).as("times that the file was changed").isGreaterThan(TIMES);
            assertThat(lines).as("lines that were appended").isGreaterThan(TIMES);
        }
    }

    private void killWhileItWrites(TestCluster cluster, String log, Progress changed, Progress appended, int millis)
            throws Exception {
        Process server = new ProcessBuilder(
                        ProcessHandle.current().info().command().orElseThrow(),
                        "--enable-native-access=ALL-UNNAMED",
                        "--sun-misc-unsafe-memory-access=allow",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Server.class.getName(),
                        folder.toString(),
                        cluster.share("hdfs", "/").toString())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        try {
            Path socket = Path.of(server.inputReader().readLine());
            try (java.nio.file.FileSystem mounted = FileSystems.newFileSystem(
                            socket, Map.of(VirtioFileSystemProvider.OPTIONS, ServedShare.PATIENT));
                    FileChannel middle = FileChannel.open(
                            mounted.getPath("/changed"), StandardOpenOption.READ, StandardOpenOption.WRITE);
                    FileChannel end = FileChannel.open(
                            mounted.getPath(log), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
                end.force(true);
                Thread one = Thread.ofPlatform()
                        .start(() -> advance(changed, number -> {
                            for (int piece = 0; piece < PIECES; piece++) {
                                int part = SIZE / PIECES;
                                middle.write(filled(part, number), (long) piece * part);
                            }
                            middle.force(true);
                        }));
                Thread two = Thread.ofPlatform()
                        .start(() -> advance(appended, number -> {
                            end.write(filled(LINE, number));
                            end.force(true);
                        }));
                Thread.sleep(millis);
                server.destroyForcibly().waitFor();
                one.join(TimeUnit.MINUTES.toMillis(2));
                two.join(TimeUnit.MINUTES.toMillis(2));
                assertThat(one.isAlive() || two.isAlive())
                        .as("somebody still waits")
                        .isFalse();
            } catch (IOException | IllegalStateException gone) {
                assertThat(server.isAlive()).as("the server lives: %s", gone).isFalse();
            }
        } finally {
            server.destroyForcibly().waitFor();
        }
    }

    private static void assertWhole(byte[] content, Progress progress) {
        assertThat(content).hasSize(SIZE);
        int generation = ByteBuffer.wrap(content).getInt();
        assertThat(generation).isBetween(progress.synced, progress.begun);
        assertThat(content).isEqualTo(filled(SIZE, generation).array());
    }

    private static void assertBegins(byte[] content, Progress progress) {
        assertThat(content.length).isBetween(progress.synced * LINE, progress.begun * LINE);
        for (int at = 0; at < content.length; at += LINE) {
            int length = Math.min(LINE, content.length - at);
            ByteBuffer expected = filled(LINE, at / LINE + 1);
            assertThat(ByteBuffer.wrap(content, at, length)).isEqualTo(expected.limit(length));
        }
    }
}
