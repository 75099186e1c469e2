package dev.oriel.packagetests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The libraries, taken from a repository by a project that knows nothing else of ours, and its programs. */
@Tag("guest")
class LibrariesTest {
    private static final Path EXAMPLES = Path.of("../examples");

    @TempDir
    private static Path repositories = Path.of("");

    private static Path libraries = Path.of("");

    @TempDir
    private Path folder = Path.of("");

    /** What is not ours is taken from this user's repository, and nothing is put there. */
    @BeforeAll
    static void buildTheExamples() throws Exception {
        libraries = Run.packageOf("libraries");
        Path settings = repositories.resolve("settings.xml");
        Files.writeString(
                settings, """
                <settings>
                  <localRepository>%s</localRepository>
                  <mirrors>
                    <mirror>
                      <id>here</id>
                      <mirrorOf>central</mirrorOf>
                      <url>file://%s</url>
                    </mirror>
                  </mirrors>
                </settings>
                """.formatted(repositories.resolve("local"), System.getProperty("oriel.maven.repository")));
        Run.of(List.of(
                        "mvn",
                        "-B",
                        "-ntp",
                        "-q",
                        "-s",
                        settings.toString(),
                        "-f",
                        EXAMPLES.toString(),
                        "clean",
                        "compile"))
                .orThrow();
    }

    private static List<String> example(String... words) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                EXAMPLES + "/target/classes:" + EXAMPLES + "/target/libraries/*"));
        command.addAll(List.of(words));
        return command;
    }

    /** Starts a server, and waits until it listens. */
    private static Process listening(List<String> command) throws IOException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        BufferedReader output = process.inputReader();
        String line = output.readLine();
        while (line != null && !line.startsWith("Listening on ")) {
            line = output.readLine();
        }
        assertThat(line).isNotNull();
        return process;
    }

    private Process oriel(Path share, Path socket) throws IOException {
        return listening(List.of(
                "../oriel",
                "serve",
                "--shared-dir",
                share.toString(),
                "--socket-path",
                socket.toString(),
                "--dax",
                "--dax-window=64M"));
    }

    @Test
    void eachLibraryHasItsSourcesAndItsDocumentation() throws Exception {
        for (String library : List.of(
                "linux",
                "socket",
                "virtio",
                "fuse",
                "vhostuser",
                "bus",
                "vfiouser",
                "filesystem",
                "device",
                "driver")) {
            try (Stream<Path> files = Files.list(libraries.resolve("dev/oriel/oriel-" + library + "/0.1.0-SNAPSHOT"))) {
                List<String> names =
                        files.map(file -> file.getFileName().toString()).toList();
                assertThat(names)
                        .as(library)
                        .anyMatch(name -> name.endsWith("-sources.jar"))
                        .anyMatch(name -> name.endsWith("-javadoc.jar"))
                        .anyMatch(name -> name.endsWith(".pom"));
            }
        }
    }

    @Test
    void aShareIsReadInTenLines() throws Exception {
        assertThat(Files.readString(EXAMPLES.resolve("src/main/java/ReadAShare.java"))
                        .lines())
                .hasSizeLessThanOrEqualTo(10);
        Path share = folder.resolve("share");
        Files.createDirectories(share.resolve("below"));
        Files.writeString(share.resolve("below/file"), "x");
        Path socket = Files.createDirectory(folder.resolve("run")).resolve("s");
        Process server = oriel(share, socket);
        try {
            assertThat(Run.of(example("ReadAShare", socket.toString()))
                            .orThrow()
                            .lines())
                    .containsExactlyInAnyOrder("/", "/below", "/below/file");
        } finally {
            server.destroyForcibly().waitFor();
        }
    }

    @Test
    void aFileSystemOfOnesOwnIsServed() throws Exception {
        Path socket = folder.resolve("s");
        Process server = listening(example("ServeWords", socket.toString(), "one", "two"));
        try {
            assertThat(Run.of(List.of("../oriel", "ls", "--socket", socket.toString()))
                            .orThrow()
                            .lines())
                    .contains("one", "two");
            assertThat(Run.of(List.of("../oriel", "cat", "--socket", socket.toString(), "/two"))
                            .orThrow())
                    .isEqualTo("two\n");
        } finally {
            server.destroyForcibly().waitFor();
        }
    }

    @Test
    void aModelIsUsedAsMemory() throws Exception {
        Path share = Files.createDirectory(folder.resolve("share"));
        ByteBuffer weights = ByteBuffer.allocate(4 << 20).order(ByteOrder.nativeOrder());
        while (weights.hasRemaining()) {
            weights.putFloat(weights.position() % 8 == 0 ? 1f : 2f);
        }
        Files.write(share.resolve("model"), weights.array());
        Path socket = Files.createDirectory(folder.resolve("run")).resolve("s");
        Process server = oriel(share, socket);
        try {
            assertThat(Run.of(example("PinAModel", socket.toString(), "/model")).orThrow())
                    .isEqualTo("1048576 weights, mean 1.500000\n");
        } finally {
            server.destroyForcibly().waitFor();
        }
    }
}
