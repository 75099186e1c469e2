package dev.oriel.app.share;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.app.CommandRun;
import dev.oriel.app.serve.ServerProcess;
import dev.oriel.driver.DaxDevice;
import dev.oriel.driver.FuseClient;
import dev.oriel.driver.FuseClientOptions;
import dev.oriel.driver.NodeEntry;
import dev.oriel.driver.OpenFile;
import dev.oriel.linux.OpenFlags;
import java.io.BufferedReader;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The driver and the commands that use it, on a real server process of our own. */
class ShareTest {
    private static final int SLOT = (int) DaxDevice.SLOT_SIZE;
    private static final int[] SIZES = {1, 4095, 4096, 4097, SLOT - 1, SLOT, SLOT + 1, 3 * SLOT + 5000};

    @TempDir
    @SuppressWarnings("NullAway.Init") // by JUnit
    private Path folder;

    @SuppressWarnings("NullAway.Init") // by start
    private Process process;

    private Path shared = Path.of("");
    private Path socket = Path.of("");

    @BeforeEach
    void choosePaths() throws IOException {
        shared = Files.createDirectory(folder.resolve("shared"));
        socket = folder.resolve("socket");
    }

    private void start(String... more) throws IOException {
        String[] arguments = new String[3 + more.length];
        arguments[0] = "serve";
        arguments[1] = "--shared-dir=" + shared;
        arguments[2] = "--socket-path=" + socket;
        System.arraycopy(more, 0, arguments, 3, more.length);
        process = CommandRun.start("oriel", Map.of(), arguments);
        BufferedReader output = process.inputReader();
        String line = output.readLine();
        while (line != null && !line.startsWith(ServerProcess.LISTENING)) {
            line = output.readLine();
        }
        assertThat(line).as("it listens").isNotNull();
    }

    @AfterEach
    void end() throws InterruptedException {
        if (process != null) {
            process.destroyForcibly().waitFor();
        }
    }

    private static byte[] content(int size) {
        byte[] content = new byte[size];
        new Random(size).nextBytes(content);
        return content;
    }

    private static byte[] name(int size) {
        return ("file-" + size).getBytes(UTF_8);
    }

    @ParameterizedTest
    @ValueSource(strings = {"direct", "staged"})
    void filesOfAllSizesAreReadAndWrittenThroughTheWindow(String mode) throws IOException {
        for (int size : SIZES) {
            Files.write(shared.resolve("file-" + size), content(size));
        }
        start("--dax=" + mode, "--dax-window=16M");
        try (FuseClient client = FuseClient.connect(socket)) {
            DaxDevice dax = client.dax().orElseThrow();
            for (int size : SIZES) {
                NodeEntry entry = client.lookup(FuseClient.ROOT, name(size));
                OpenFile file = client.files().open(entry.nodeid(), OpenFlags.O_RDWR);
                try (DaxDevice.Pin pin = dax.map(entry.nodeid(), 0, size, true)) {
                    assertThat(pin.segment().toArray(JAVA_BYTE))
                            .as("%d bytes", size)
                            .isEqualTo(content(size));
                    pin.segment().set(JAVA_BYTE, size - 1L, (byte) 42);
                }
                client.files().fsync(file, false);
                client.files().release(file);
                byte[] expected = content(size);
                expected[size - 1] = 42;
                assertThat(Files.readAllBytes(shared.resolve("file-" + size)))
                        .as("%d bytes on the host", size)
                        .isEqualTo(expected);
            }
        }
    }

    @Test
    void sessionsOfBothByteOrdersAndRingsOfBothKindsAreTheSame() throws IOException {
        byte[] content = content(1_500_000);
        Files.write(shared.resolve("data"), content);
        start();
        for (ByteOrder order : new ByteOrder[] {ByteOrder.LITTLE_ENDIAN, ByteOrder.BIG_ENDIAN}) {
            for (boolean packed : new boolean[] {false, true}) {
                FuseClientOptions options =
                        FuseClientOptions.DEFAULTS.withOrder(order).withPacked(packed);
                try (FuseClient client = FuseClient.connect(socket, options)) {
                    NodeEntry entry = client.lookup(FuseClient.ROOT, "data".getBytes(UTF_8));
                    OpenFile file = client.files().open(entry.nodeid(), OpenFlags.O_RDONLY);
                    byte[] read = new byte[content.length];
                    assertThat(client.files().read(file, 0, MemorySegment.ofArray(read)))
                            .isEqualTo(content.length);
                    client.files().release(file);
                    assertThat(read).isEqualTo(content);
                    assertThat(client.queueCount()).isEqualTo(4);
                    assertThat(client.minor()).isEqualTo(46);
                }
            }
        }
    }

    /** The flags of a Linux on Arm, as the driver of one would send them. */
    @Test
    void directIoOfAnotherArchitectureIsDirectIoOnTheHost() throws IOException {
        int armLargefile = 0x20000;
        int armDirect = 0x10000;
        Files.write(shared.resolve("data"), content(5000));
        start("--allow-direct-io");
        try (FuseClient client = FuseClient.connect(socket)) {
            long node = client.lookup(FuseClient.ROOT, "data".getBytes(UTF_8)).nodeid();
            OpenFile usual = client.files().open(node, OpenFlags.O_RDWR | armLargefile);
            assertThat(flagsOnTheHost("data") & OpenFlags.O_DIRECT).isZero();
            client.files().release(usual);
            OpenFile direct = client.files().open(node, OpenFlags.O_RDWR | armLargefile | armDirect);
            assertThat(flagsOnTheHost("data") & OpenFlags.O_DIRECT).isNotZero();
            client.files().release(direct);
        }
    }

    /** With which flags the server has a file open for reading and writing, see proc_pid_fdinfo(5). */
    private int flagsOnTheHost(String name) throws IOException {
        Path state = Path.of("/proc", Long.toString(process.pid()));
        try (Stream<Path> descriptors = Files.list(state.resolve("fd"))) {
            for (Path descriptor : descriptors.toList()) {
                if (!Files.isSymbolicLink(descriptor)
                        || !Files.readSymbolicLink(descriptor).equals(shared.resolve(name))) {
                    continue;
                }
                for (String line : Files.readAllLines(state.resolve("fdinfo").resolve(descriptor.getFileName()))) {
                    int flags = line.startsWith("flags:")
                            ? Integer.parseInt(line.substring(6).strip(), 8)
                            : 0;
                    if ((flags & OpenFlags.O_ACCMODE) == OpenFlags.O_RDWR) {
                        return flags;
                    }
                }
            }
        }
        throw new IOException("the server does not have " + name + " open");
    }

    @Test
    void commandsShowAndCopyWhatIsInAShare() throws Exception {
        Files.createDirectories(shared.resolve("dir/below"));
        Files.writeString(shared.resolve("dir/file"), "content\n");
        Files.createSymbolicLink(shared.resolve("dir/link"), Path.of("file"));
        start();
        String at = "--socket=" + socket;
        assertThat(CommandRun.oriel("ls", at, "/dir").out()).isEqualTo("below\nfile\nlink");
        assertThat(CommandRun.oriel("cat", at, "/dir/link").out()).isEqualTo("content");
        assertThat(CommandRun.oriel("stat", at, "--json", "/dir/file").out())
                .contains("\"type\": \"file\"", "\"size\": 8");
        assertThat(CommandRun.oriel("tree", at).out()).contains("└── dir", "link -> file", "2 directories, 2 files");
        assertThat(CommandRun.oriel("df", at).status()).isZero();

        Path copy = folder.resolve("copy");
        assertThat(CommandRun.oriel("cp", at, "-r", ":/dir", copy.toString()).status())
                .isZero();
        assertThat(copy.resolve("file")).hasContent("content\n");
        assertThat(Files.readSymbolicLink(copy.resolve("link"))).isEqualTo(Path.of("file"));
        assertThat(CommandRun.oriel("cp", at, copy.resolve("file").toString(), ":/new")
                        .status())
                .isZero();
        assertThat(shared.resolve("new")).hasContent("content\n");

        CommandRun missing = CommandRun.oriel("cat", at, "/none");
        assertThat(missing.status()).isEqualTo(1);
        assertThat(missing.err()).isEqualTo("oriel cat: read /none: /none: no such file or directory");
        for (String command : List.of("ls", "stat", "tree")) {
            CommandRun absent = CommandRun.oriel(command, at, "/none");
            assertThat(absent.status()).as(command).isEqualTo(1);
            assertThat(absent.err()).startsWith("oriel " + command + ": ").endsWith("/none: no such file or directory");
        }
        CommandRun directory = CommandRun.oriel("cp", at, ":/dir", copy.toString());
        assertThat(directory.err()).contains("is a directory; oriel cp -r copies it");
        assertThat(CommandRun.oriel("ls", "/").status()).isEqualTo(2);
        CommandRun nobody = CommandRun.oriel("ls", "--socket=" + folder.resolve("nobody"));
        assertThat(nobody.err()).startsWith("oriel ls: no device listens at");
    }
}
