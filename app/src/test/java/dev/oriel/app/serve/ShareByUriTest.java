package dev.oriel.app.serve;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.app.CommandRun;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Map;
import java.util.Random;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code --share URI}: what it opens, what it refuses, and a share of a share. */
class ShareByUriTest {
    @TempDir
    @SuppressWarnings("NullAway.Init") // by JUnit
    private Path folder;

    private final Deque<Process> processes = new ArrayDeque<>();

    @AfterEach
    void end() throws Exception {
        for (Process process : processes) {
            process.destroyForcibly().waitFor();
        }
    }

    /** Serves in a process of its own, on a socket of this name. */
    private Path serve(String name, String... options) throws IOException {
        Path socket = Files.createDirectories(folder.resolve("run-" + name)).resolve("socket");
        String[] arguments = Arrays.copyOf(options, options.length + 2);
        System.arraycopy(arguments, 0, arguments, 1, options.length);
        arguments[0] = "serve";
        arguments[options.length + 1] = "--socket-path=" + socket;
        Process process = CommandRun.start("oriel", Map.of(), arguments);
        processes.push(process);
        BufferedReader output = process.inputReader();
        String line = output.readLine();
        while (line != null && !line.startsWith(ServerProcess.LISTENING)) {
            line = output.readLine();
        }
        assertThat(line).as("it listens; it says: " + (line == null ? errors(process) : "")).isNotNull();
        return socket;
    }

    private static String errors(Process process) throws IOException {
        return new String(process.getErrorStream().readAllBytes(), UTF_8);
    }

    private void stop() throws Exception {
        Process process = processes.pop();
        process.destroy();
        assertThat(process.waitFor()).isZero();
    }

    private CommandRun refused(String... options) throws Exception {
        String[] arguments = Arrays.copyOf(options, options.length + 2);
        System.arraycopy(arguments, 0, arguments, 1, options.length);
        arguments[0] = "serve";
        arguments[options.length + 1] = "--socket-path=" + folder.resolve("socket");
        CommandRun run = CommandRun.oriel(arguments);
        assertThat(run.err()).doesNotContain("\tat ");
        return run;
    }

    private Path archive() throws IOException {
        Path archive = Files.createDirectories(folder.resolve("archives")).resolve("some.zip");
        try (OutputStream file = Files.newOutputStream(archive);
                ZipOutputStream out = new ZipOutputStream(file)) {
            out.putNextEntry(new ZipEntry("dir/greeting"));
            out.write("hello\n".getBytes(UTF_8));
        }
        return archive;
    }

    @Test
    void anUnknownSchemeIsToldWithThoseThatThereAreAndHowAPlugInGetsIn() throws Exception {
        CommandRun run = refused("--share=nonsense://host/");
        assertThat(run.status()).isEqualTo(2);
        assertThat(run.err())
                .contains("nothing opens 'nonsense:'", "file", "jar", "virtiofs", "ORIEL_PLUGINS", "docs/serving.md");
        assertThat(refused("--share=/some/path").err()).contains("--shared-dir");
        assertThat(refused("--share=x://user:secret@host/").err()).doesNotContain("secret");
    }

    @Test
    void exactlyOneThingIsShared() throws Exception {
        assertThat(refused("--share=file:///tmp", "--shared-dir=/tmp").err()).contains("exclude each other");
        assertThat(refused().err()).contains("--shared-dir DIR", "--share URI");
        assertThat(refused("--shared-dir=/tmp", "--share-option=a=b").err()).contains("--share-option");
    }

    @Test
    void optionsThatOnlyADirectoryCanHaveAreRefused() throws Exception {
        CommandRun run = refused("--share=jar:" + archive().toUri() + "!/", "--posix-acl", "--inode-file-handles=never");
        assertThat(run.status()).isEqualTo(2);
        assertThat(run.err()).contains("--inode-file-handles, --posix-acl", "only a directory");
        assertThat(refused("--share=jar:" + archive().toUri() + "!/", "--dax=direct").err())
                .contains("--dax=staged");
        assertThat(refused("--share=jar:" + archive().toUri() + "!/", "--share-option=colour=green")
                        .err())
                .contains("unknown option 'colour'", "encoding");
        assertThat(refused("--share=jar:" + archive().toUri() + "!/", "--share-option=oriel.colour=green")
                        .err())
                .contains("oriel.staging-folder");
    }

    @Test
    void whatIsNotThereIsToldInOneLine() throws Exception {
        CommandRun run = refused("--share=jar:" + folder.resolve("absent.zip").toUri() + "!/");
        assertThat(run.status()).isEqualTo(1);
        assertThat(run.err().strip().lines()).hasSize(1);
        assertThat(run.err()).contains("absent.zip");
    }

    @Test
    void aFileUriIsADirectory() throws Exception {
        Path shared = Files.createDirectory(folder.resolve("a folder"));
        Files.writeString(shared.resolve("file"), "text");
        Path socket = serve("file", "--share=" + shared.toUri());
        try (FileSystem share = FileSystems.newFileSystem(socket)) {
            assertThat(Files.readString(share.getPath("/file"))).isEqualTo("text");
        }
    }

    @Test
    void anArchiveIsReadAndWritten() throws Exception {
        Path archive = archive();
        Path socket = serve("archive", "--share=jar:" + archive.toUri() + "!/");
        try (FileSystem share = FileSystems.newFileSystem(socket)) {
            assertThat(Files.readString(share.getPath("/dir/greeting"))).isEqualTo("hello\n");
            Files.writeString(share.getPath("/dir/new"), "made by a client");
        }
        stop();
        try (FileSystem files = FileSystems.newFileSystem(archive)) {
            assertThat(Files.readString(files.getPath("/dir/new"))).isEqualTo("made by a client");
        }
        Path readOnly = serve("read-only", "--share=jar:" + archive.toUri() + "!/", "--readonly");
        try (FileSystem share = FileSystems.newFileSystem(readOnly)) {
            assertThat(Files.readString(share.getPath("/dir/new"))).isEqualTo("made by a client");
            assertThat(writeError(share.getPath("/dir/more"))).contains("Read-only file system");
        }
    }

    private static String writeError(Path file) {
        try {
            Files.writeString(file, "x");
            return "none";
        } catch (IOException | RuntimeException refused) {
            return String.valueOf(refused.getMessage()) + refused;
        }
    }

    @Test
    void aShareOfAShareHasItsFilesAndItsWindow() throws Exception {
        Path shared = Files.createDirectory(folder.resolve("shared"));
        byte[] content = new byte[3_000_000];
        new Random(1).nextBytes(content);
        Files.write(shared.resolve("large"), content);
        Path first = serve("first", "--shared-dir=" + shared);
        URI uri = URI.create("virtiofs://" + first + "!/");
        Path second = serve("second", "--share=" + uri, "--dax", "--dax-window=16M");
        try (FileSystem share = FileSystems.newFileSystem(second)) {
            assertThat(Files.readAllBytes(share.getPath("/large"))).isEqualTo(content);
            Files.createDirectory(share.getPath("/made"));
            Files.writeString(share.getPath("/made/here"), "through two servers");
            Files.move(share.getPath("/made/here"), share.getPath("/made/there"));
            assertThat(Files.readString(shared.resolve("made/there"))).isEqualTo("through two servers");
            try (FileChannel channel = FileChannel.open(
                    share.getPath("/large"), StandardOpenOption.READ, StandardOpenOption.WRITE)) {
                MappedByteBuffer mapped = channel.map(FileChannel.MapMode.READ_WRITE, 0, content.length);
                byte[] seen = new byte[content.length];
                mapped.get(0, seen);
                assertThat(seen).as("by memory").isEqualTo(content);
                mapped.put(1_000_000, (byte) 42);
                mapped.force();
                channel.write(ByteBuffer.wrap(new byte[] {43}), 2_000_000);
                channel.force(true);
            }
            content[1_000_000] = 42;
            content[2_000_000] = 43;
            assertThat(Files.readAllBytes(shared.resolve("large"))).isEqualTo(content);
        }
    }
}
