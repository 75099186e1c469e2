package dev.oriel.packagetests;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The archive, unpacked in a folder of a user, without any Java beside. */
@Tag("guest")
class ArchiveTest {
    private static Path built = Path.of("");

    @TempDir
    private Path folder = Path.of("");

    private Path home = Path.of("");

    @BeforeAll
    static void makeTheArchive() throws Exception {
        built = Run.packageOf("tar");
    }

    @BeforeEach
    void unpack() throws Exception {
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        Path place = Files.createDirectory(folder.resolve("a place"));
        Run.of(List.of("tar", "-xzf", built.toString(), "-C", place.toString(), "--no-same-owner"))
                .orThrow();
        try (Stream<Path> unpacked = Files.list(place)) {
            home = unpacked.findFirst().orElseThrow();
        }
    }

    /** A command of the archive, with no Java to be found, by this user or, of root, by one who may not write to it. */
    private List<String> command(boolean asNobody, String... words) {
        List<String> command = new ArrayList<>();
        if (asNobody) {
            command.addAll(List.of("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"));
        }
        command.addAll(List.of("env", "-i", "PATH=/usr/bin:/bin:/usr/sbin:/sbin"));
        command.add(home.resolve(words[0]).toString());
        command.addAll(List.of(words).subList(1, words.length));
        return command;
    }

    private void serveAndList(boolean asNobody) throws Exception {
        Path share = Files.createDirectory(folder.resolve("share" + asNobody));
        Path run = Files.createDirectory(folder.resolve("run" + asNobody));
        Files.writeString(share.resolve("file"), "content\n");
        if (asNobody) {
            Files.setPosixFilePermissions(share, PosixFilePermissions.fromString("rwxrwxrwx"));
            Files.setPosixFilePermissions(run, PosixFilePermissions.fromString("rwxrwxrwx"));
        }
        Path socket = run.resolve("s");
        List<String> serve = command(
                asNobody, "bin/oriel", "serve", "--shared-dir", share.toString(), "--socket-path", socket.toString());
        try (ListeningServer server = ListeningServer.start(serve)) {
            Path process = Path.of("/proc/" + server.process().pid());
            assertThat(process.resolve("status")).content().contains("Name:\tjava", "Seccomp:\t2", "NoNewPrivs:\t1");
            assertThat(process.resolve("mountinfo")).content().contains(" /share ");
            assertThat(Run.of(command(asNobody, "bin/oriel", "cat", "--socket", socket.toString(), "/file"))
                            .orThrow())
                    .isEqualTo("content\n");
        }
    }

    @Test
    void itServesInASandboxAsWhoeverStartsIt() throws Exception {
        assertThat(Run.of(command(false, "bin/oriel", "--version")).orThrow()).contains("oriel 0.1.0 (", "Java 25");
        assertThat(Run.of(command(false, "libexec/virtiofsd-oriel", "--version"))
                        .orThrow())
                .startsWith("virtiofsd 1.13.2 (Oriel 0.1.0, ");
        serveAndList(false);
        if ("root".equals(System.getProperty("user.name"))) {
            serveAndList(true);
        }
    }

    @Test
    void whatNeedsSourcesSaysSo() throws Exception {
        Run made = Run.of(command(false, "bin/oriel", "package", "tar"));
        assertThat(made.status()).isEqualTo(1);
        assertThat(made.said()).contains("in a clone of Oriel's sources");
        Run plugIn = Run.of(command(
                false, "bin/oriel", "serve", "--share", "sftp://user@host/", "--socket-path", folder + "/socket"));
        assertThat(plugIn.status()).isEqualTo(1);
        assertThat(plugIn.said()).contains("no part of this package", "mvn -pl sftp", "/plugins/sftp");
    }

    @Test
    void itHasAManualPageForEachCommandAndABillOfMaterials() {
        for (String page : List.of("oriel", "oriel-serve", "oriel-try", "oriel-ls", "virtiofsd-oriel")) {
            assertThat(home.resolve("share/man/man1/" + page + ".1.gz")).isNotEmptyFile();
        }
        assertThat(home.resolve("share/doc/oriel/oriel.cdx.json"))
                .content()
                .contains("\"bomFormat\": \"CycloneDX\"", "pkg:maven/info.picocli/picocli@", "\"OpenJDK\"");
        assertThat(home.resolve("lib/oriel/image/legal/java.base")).isNotEmptyDirectory();
    }
}
