package dev.oriel.guesttests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.oriel.linux.credential.ThreadCredentials;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The command lines by which other programs start a virtiofsd, as their sources type them, but for the paths: each is
 * served, behind the walls that it asks for, once the line is logged that such programs wait for.
 */
@Tag("guest")
class NamesakeTest {
    private static final Path VIRTIOFSD =
            Path.of(OrielServer.LAUNCHER.getFirst()).toAbsolutePath().resolveSibling("virtiofsd");

    private static final String WAITING = "Waiting for vhost-user socket connection";

    private Path folder = Path.of("");
    private Path share = Path.of("");
    private Path run = Path.of("");

    @BeforeEach
    void makeFolders() throws IOException {
        folder = Folders.create("namesake");
        share = Files.createDirectory(folder.resolve("share"));
        run = Files.createDirectory(folder.resolve("run"));
        Files.writeString(share.resolve("file"), "");
    }

    @AfterEach
    void removeFolders() throws IOException {
        Folders.delete(folder);
    }

    private List<String> command(String line) {
        List<String> command = new ArrayList<>(List.of(VIRTIOFSD.toString()));
        command.addAll(List.of(line.replace("DIR", share.toString())
                .replace("SOCKET", run.resolve("socket").toString())
                .split(" +", -1)));
        return command;
    }

    private ManagedServer start(String line, Map<String, String> environment) throws IOException {
        List<String> manager = new ArrayList<>();
        if (line.contains("--fd")) {
            manager.addAll(List.of("--fd", run.resolve("socket").toString()));
        }
        if (line.contains("--syslog")) {
            assumeThat(ThreadCredentials.geteuid())
                    .as("root, who can have a /dev of his own")
                    .isZero();
            manager.add("--syslog");
        }
        return ManagedServer.start(folder, share, environment, manager, command(line));
    }

    /** Whether a process has a namespace of its own. */
    private static boolean hasOwn(String namespace, long process) throws IOException {
        return !Files.readSymbolicLink(Path.of("/proc/" + process + "/ns/" + namespace))
                .equals(Files.readSymbolicLink(Path.of("/proc/self/ns/" + namespace)));
    }

    private static void assertWalls(ManagedServer server, String line) throws IOException {
        long process = server.handle().pid();
        boolean open = line.contains("sandbox none");
        assertThat(hasOwn("mnt", process)).isEqualTo(!open);
        assertThat(hasOwn("net", process)).isEqualTo(!open && !line.contains("sandbox=chroot"));
        String filter = line.contains("seccomp none") || line.contains("seccomp=none") ? "0" : "2";
        assertThat(Path.of("/proc/" + process + "/status")).content().contains("Seccomp:\t" + filter + "\n");
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "libvirt|--fd=3 -o source=DIR",
                "libvirt, all options|--fd=3 -o source=DIR,cache=always,sandbox=chroot,xattr,flock,no_posix_lock -d"
                        + " --thread-pool-size=4 --readonly",
                "libvirt, older|--fd=3 -o source=DIR,xattr --rlimit-nofile=8192 --syslog",
                "Kata, Go|--syslog --cache=auto --shared-dir=DIR --fd=3 --thread-pool-size=1 --announce-submounts",
                "Kata, Go, newer|--syslog --cache=auto --shared-dir=DIR --fd=3 --inode-file-handles=prefer"
                        + " --thread-pool-size=1 --announce-submounts",
                "Kata, older|--syslog -o cache=auto -o no_posix_lock -o source=DIR --fd=3 -f --thread-pool-size=1"
                        + " -o announce_submounts",
                "Kata, Rust|--socket-path SOCKET --shared-dir DIR --cache auto --sandbox none --seccomp none"
                        + " --inode-file-handles never --thread-pool-size=1 -o announce_submounts --xattr",
                "cloud-hypervisor|--log-level debug --socket-path=SOCKET --shared-dir=DIR --cache=never"
                        + " --thread-pool-size=4",
                "Lima|--socket-path SOCKET --shared-dir DIR",
                "Lima, other groups|--socket-path SOCKET --shared-dir DIR --translate-gid map:1000:100:1",
                "Podman machine|--sandbox none --socket-path SOCKET --shared-dir . --seccomp=none",
                "runcvm|-o modcaps=+sys_admin -o cache=always -o announce_submounts -o xattr --socket-path=SOCKET"
                        + " -o source=DIR -o sandbox=chroot",
            })
    void isServedAsTyped(String program, String line) throws Exception {
        assumeThat(line.contains("chroot") ? ThreadCredentials.geteuid() : 0)
                .as("who may call chroot(2) for " + program)
                .isZero();
        try (ManagedServer server = start(line, Map.of("RUST_LOG", "ERROR"))) {
            server.awaitLine(WAITING);
            assertWalls(server, line);
            assertThat(server.stop()).as(program).isZero();
        }
    }

    /** Who asks for errors alone gets no line to wait for, here as there: the socket is what tells. */
    @Test
    void aQuietServerListensAllTheSame() throws Exception {
        String line = "--log-level error --seccomp none --cache=never --shared-dir=DIR --socket-path=SOCKET";
        try (ManagedServer server = start(line, Map.of())) {
            while (!Files.exists(run.resolve("socket"))) {
                assertThat(server.isAlive()).isTrue();
                Thread.sleep(20);
            }
            // with its last connection it ends, as its namesake does
            Process client = new ProcessBuilder(
                            OrielServer.LAUNCHER.getFirst(),
                            "ls",
                            "--socket",
                            run.resolve("socket").toString())
                    .start();
            assertThat(client.waitFor()).isZero();
            assertThat(server.end()).isZero();
        }
    }

    /** Programs read the number behind the name to know what they may type. */
    @Test
    void itsVersionIsThatOfTheOptionsThatItTakes() throws Exception {
        Process process = new ProcessBuilder(VIRTIOFSD.toString(), "--version").start();
        try (Stream<String> lines = process.inputReader().lines()) {
            assertThat(lines.findFirst().orElseThrow()).matches("virtiofsd 1\\.13\\.\\d+ \\(Oriel .*");
        }
    }
}
