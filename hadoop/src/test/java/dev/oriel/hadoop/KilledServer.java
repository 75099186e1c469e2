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
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileSystem;

/**
 * A server that is killed at some moment: a file that is changed in the middle is as it was synced last, or newer, and
 * never of both; one that is written at its end has all that was synced, and nothing else than what follows.
 */
final class KilledServer {
    private static final int SIZE = 400_000;
    private static final int PIECES = 4;
    private static final int LINE = 10_000;

    /** It is killed when so many changes have begun at most, */
    private static final int MOST_CHANGES = 5;

    /** and so much later at most. */
    private static final int LONGEST_MILLIS = 500;

    private final Path folder;
    private final URI share;
    private final Map<String, String> options;
    private final FileSystem hadoop;
    private final Settled settled;

    /** Waits until a file that nobody writes any more can be read to its end. */
    @FunctionalInterface
    interface Settled {
        void await(org.apache.hadoop.fs.Path file) throws Exception;
    }

    private interface Step {
        void write(int number) throws IOException;
    }

    /** What the writer knows: the last generation that it began to write, and the last that was synced. */
    private static final class Progress {
        volatile int begun;
        volatile int synced;
    }

    /** The server: a process of its own. */
    static final class Server {
        private Server() {}

        /** Serves what the second argument names, in the folder that the first one is; options follow as KEY=VALUE. */
        public static void main(String[] arguments) throws Exception {
            Map<String, String> options = new TreeMap<>();
            for (String option : List.of(arguments).subList(2, arguments.length)) {
                int end = option.indexOf('=');
                options.put(option.substring(0, end), option.substring(end + 1));
            }
            ServedShare share = ServedShare.of(Path.of(arguments[0]), URI.create(arguments[1]), options);
            System.out.println(share.socket());
            Thread.sleep(Long.MAX_VALUE);
        }
    }

    /**
     * @param folder for its sockets
     * @param share the root of what it serves
     * @param hadoop Hadoop's own client there
     */
    KilledServer(Path folder, URI share, Map<String, String> options, FileSystem hadoop, Settled settled) {
        this.folder = folder;
        this.share = share;
        this.options = options;
        this.hadoop = hadoop;
        this.settled = settled;
    }

    /** Starts it, has it write and kills it, so many times. */
    void run(int times) throws Exception {
        Random random = new Random(times);
        org.apache.hadoop.fs.Path file = new org.apache.hadoop.fs.Path("/changed");
        try (FSDataOutputStream out = hadoop.create(file)) {
            out.write(filled(SIZE, 0).array());
        }
        Progress changed = new Progress();
        int lines = 0;
        for (int time = 0; time < times; time++) {
            Progress appended = new Progress();
            org.apache.hadoop.fs.Path log = new org.apache.hadoop.fs.Path("/log-" + time);
            killWhileItWrites(log.toString(), changed, appended, random);
            assertWhole(read(file), changed);
            settled.await(log);
            assertBegins(read(log), appended);
            lines += appended.synced;
        }
        assertThat(changed.synced).as("times that the file was changed").isPositive();
        assertThat(lines).as("lines that were appended").isPositive();
    }

    private static ByteBuffer filled(int length, int generation) {
        ByteBuffer bytes = ByteBuffer.allocate(length);
        while (bytes.hasRemaining()) {
            bytes.putInt(generation);
        }
        return bytes.flip();
    }

    private byte[] read(org.apache.hadoop.fs.Path path) throws IOException {
        try (InputStream in = hadoop.open(path)) {
            return in.readAllBytes();
        }
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

    private Process start() throws IOException {
        List<String> command = new ArrayList<>(List.of(
                ProcessHandle.current().info().command().orElseThrow(),
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-cp",
                System.getProperty("java.class.path"),
                Server.class.getName(),
                folder.toString(),
                share.toString()));
        options.forEach((key, value) -> command.add(key + "=" + value));
        return new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
    }

    private void killWhileItWrites(String log, Progress changed, Progress appended, Random random) throws Exception {
        Process server = start();
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
                int last = changed.begun + random.nextInt(MOST_CHANGES);
                while (changed.begun < last && one.isAlive()) {
                    Thread.sleep(1);
                }
                Thread.sleep(random.nextInt(LONGEST_MILLIS));
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
