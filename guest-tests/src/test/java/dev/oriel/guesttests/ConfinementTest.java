package dev.oriel.guesttests;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.oriel.guests.PeerDaemon;
import dev.oriel.linux.credential.ThreadCredentials;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a server that was started as people start it can still see and do, told by the kernel. */
@Tag("guest")
class ConfinementTest {
    /** virtiofsd's: chown, dac_override, fowner, fsetid, setgid, setuid, mknod, setfcap. */
    private static final String KEPT = "00000000880000db";

    /** And dac_read_search. */
    private static final String KEPT_WITH_HANDLES = "00000000880000df";

    private static final int MOST_STARTS = 10;

    private static final List<String> NAMESPACES = List.of("mnt", "pid", "net", "ipc", "uts");

    private Path folder = Path.of("");
    private Path share = Path.of("");
    private Path state = Path.of("");

    @BeforeEach
    void makeFolders() throws IOException {
        folder = Folders.create("confined");
        share = Files.createDirectory(folder.resolve("a share"));
        state = Files.createDirectory(folder.resolve("run"));
        Files.writeString(folder.resolve("secret"), "of the host");
        Files.writeString(share.resolve("file"), "of the share");
    }

    @AfterEach
    void removeFolders() throws IOException {
        Folders.delete(folder);
    }

    private static void asRoot(String reason) {
        assumeThat(ThreadCredentials.geteuid()).as("root, " + reason).isZero();
    }

    private OrielServer start(String... options) throws IOException {
        return OrielServer.start(share, state, "confined", List.of(options));
    }

    private static Set<String> status(OrielServer server, String field) throws IOException {
        Set<String> values = new TreeSet<>();
        try (Stream<Path> threads = Files.list(Path.of("/proc/" + server.pid() + "/task"))) {
            for (Path thread : threads.toList()) {
                for (String line : Files.readAllLines(thread.resolve("status"))) {
                    if (line.startsWith(field + ":")) {
                        values.add(line.substring(field.length() + 1).strip());
                    }
                }
            }
        }
        return values;
    }

    /** What it runs in: the program is the host's, its namespaces and root are the server's. */
    private static String inside(OrielServer server, String... command) throws Exception {
        List<String> words = Stream.concat(
                        Stream.of("nsenter", "--mount", "--root", "--target", String.valueOf(server.pid())),
                        Stream.of(command))
                .toList();
        Process process = new ProcessBuilder(words).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String said = new String(process.getInputStream().readAllBytes(), UTF_8);
        process.waitFor();
        return said;
    }

    @Test
    void allItsThreadsAreFilteredAndCannotGainPrivileges() throws Exception {
        try (OrielServer server = start()) {
            assertThat(status(server, "Seccomp")).containsExactly("2");
            assertThat(status(server, "NoNewPrivs")).containsExactly("1");
            if (ThreadCredentials.geteuid() == 0) {
                assertThat(status(server, "CapBnd")).containsExactly(KEPT);
                assertThat(status(server, "CapEff")).containsExactly(KEPT);
            }
            assertThat(status(server, "CapAmb")).containsExactly("0000000000000000");
        }
    }

    @Test
    void itHasNamespacesOfItsOwn() throws Exception {
        try (OrielServer server = start()) {
            for (String namespace : List.of("mnt", "net", "ipc", "uts")) {
                assertThat(Files.readSymbolicLink(Path.of("/proc/" + server.pid() + "/ns/" + namespace)))
                        .as(namespace)
                        .isNotEqualTo(Files.readSymbolicLink(Path.of("/proc/self/ns/" + namespace)));
            }
            assertThat(Files.readAllLines(Path.of("/proc/" + server.pid() + "/net/dev")))
                    .noneMatch(line -> line.contains("eth") || line.contains("wl"));
        }
    }

    @Test
    void itSeesTheShareAndWhatItNeedsAndNothingElse() throws Exception {
        try (OrielServer server = start()) {
            Path root = Path.of("/proc/" + server.pid() + "/root");
            try (Stream<Path> top = Files.list(root)) {
                assertThat(top.map(path -> path.getFileName().toString()))
                        .contains("share", "socket", "proc", "dev")
                        .doesNotContain("home", "root", "run", "var", "boot", "sys");
            }
            assertThat(root.resolve("share/file")).hasContent("of the share");
            assertThat(root.resolve("." + folder.resolve("secret"))).doesNotExist();
            assertThat(root.resolve("etc/passwd")).doesNotExist();
            assertThat(root.resolve("usr/bin/sh")).doesNotExist();
            try (Stream<Path> old = Files.list(root.resolve("old"))) {
                assertThat(old).isEmpty();
            }
            for (String line : Files.readAllLines(Path.of("/proc/" + server.pid() + "/mountinfo"))) {
                String[] words = line.split(" ", -1);
                boolean laid = words[4].startsWith("/proc") || words[4].startsWith("/dev");
                assertThat(words[5]).as(line).satisfies(options -> {
                    assertThat(laid || options.contains("nosuid")).isTrue();
                    assertThat(laid || options.contains("nodev")).isTrue();
                });
                if (words[4].equals("/share") || words[4].equals("/socket")) {
                    assertThat(words[5]).as(line).contains("noexec");
                } else if (!laid) {
                    assertThat(words[5]).as(line).startsWith("ro");
                }
            }
        }
    }

    /** Each file of its root, against the table of docs/confinement.md. */
    @Test
    void noOtherFileIsInItsRoot() throws Exception {
        try (OrielServer server = start()) {
            Path root = Path.of("/proc/" + server.pid() + "/root/."); // and not the link
            Path program = Files.readSymbolicLink(Path.of("/proc/" + server.pid() + "/exe"));
            String java = program.resolveSibling("..").normalize() + "/";
            String oriel = Path.of(OrielServer.LAUNCHER.getFirst()).toRealPath().resolveSibling("app/target") + "/";
            List<Path> whole = List.of(root.resolve("share"), root.resolve("socket"), root.resolve("proc/self"));
            List<String> found = new ArrayList<>();
            Files.walkFileTree(root, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
                    return whole.contains(folder) ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                    found.add("/" + root.relativize(file));
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFileFailed(Path file, IOException failed) throws IOException {
                    if (!(failed instanceof NoSuchFileException)) {
                        throw failed;
                    }
                    return FileVisitResult.CONTINUE; // what the practice has made and removed
                }
            });
            assertThat(found)
                    .contains("/dev/null", "/mounts")
                    .filteredOn(file -> !file.startsWith(java) && !file.startsWith(oriel))
                    .allMatch(file -> file.matches("/dev/(null|random|urandom)"
                            + "|/etc/ld\\.so\\.cache|/usr/lib/locale/C\\.utf8(/.*)?|/mounts|/usr/bin/(setpriv|unshare)"
                            + "|/proc/sys/fs/nr_open|/proc/sys/vm/max_map_count"
                            + "|/etc/(ssl|java|jvm|pki)[^/]*/.*" // where a distribution keeps a part of its JDK
                            + "|/dev/shm/oriel-practice-.*"
                            + "|/(usr/)?lib(64|exec)?/.*\\.so[.0-9]*"));
        }
    }

    @Test
    void aProgramInItsNamespacesFindsNoOtherToRun() throws Exception {
        asRoot("who may enter the namespaces of another process");
        try (OrielServer server = start()) {
            assertThat(inside(server, "/usr/bin/setpriv", "--version")).contains("setpriv");
            assertThat(inside(server, "/bin/sh", "-c", "echo ran")).doesNotContain("ran\n");
        }
    }

    /** Where the host's mounts are shared, as systemd makes them. */
    @Test
    void whatIsMountedInTheShareLaterIsSeenAndCanBeUnmounted() throws Exception {
        asRoot("who may mount in the share");
        Path mounted = Files.createDirectory(share.resolve("mounted"));
        assertThat(run("mount", "--bind", "--make-shared", share.toString(), share.toString()))
                .isZero();
        try (OrielServer server = start()) {
            Path seen = Path.of("/proc/" + server.pid() + "/root/share/mounted/late");
            assertThat(run("mount", "-t", "tmpfs", "none", mounted.toString())).isZero();
            Files.writeString(mounted.resolve("late"), "");
            assertThat(seen).exists();
            assertThat(run("umount", mounted.toString())).isZero();
            assertThat(seen).doesNotExist();
        } finally {
            assertThat(run("umount", "--recursive", share.toString())).isZero();
        }
    }

    private static int run(String... command) throws Exception {
        return new ProcessBuilder(command).inheritIO().start().waitFor();
    }

    /** Behind all walls, where a system call too many would end it. */
    @Test
    void itPractisesBeforeAGuestComesAndLeavesNothing() throws Exception {
        try (Stream<Path> before = Files.list(share)) {
            assertThat(before).hasSize(1);
        }
        for (String handles : List.of("--inode-file-handles=never", "--inode-file-handles=prefer")) {
            boolean practised = false;
            // on a busy machine its second may be over before the first round is
            for (int i = 0; i < MOST_STARTS && !practised; i++) {
                practised = practisesARound(handles);
            }
            assertThat(practised).as("a whole round with " + handles).isTrue();
            try (Stream<Path> after = Files.list(share)) {
                assertThat(after).hasSize(1);
            }
        }
    }

    private boolean practisesARound(String handles) throws Exception {
        try (OrielServer server = start("--log-level=debug", handles)) {
            while (!server.log().contains("practised")) {
                assertThat(server.isAlive()).as(server.log()).isTrue();
                Thread.sleep(50);
            }
            assertThat(server.log()).doesNotContain("practice has failed");
            assertThat(Path.of("/proc/" + server.pid() + "/root/dev/shm")).isEmptyDirectory();
            return !server.log().contains("practised 0 rounds");
        }
    }

    @Test
    void chrootGivesTheSameRoot() throws Exception {
        asRoot("who may call chroot(2)");
        try (OrielServer server = start("--sandbox=chroot")) {
            Path root = Path.of("/proc/" + server.pid() + "/root");
            assertThat(root.resolve("share/file")).hasContent("of the share");
            assertThat(root.resolve("etc/passwd")).doesNotExist();
            assertThat(status(server, "CapBnd")).containsExactly(KEPT);
        }
    }

    @Test
    void itCanBeToldNotToBeConfined() throws Exception {
        try (OrielServer server = start("--sandbox=none", "--seccomp=none")) {
            assertThat(status(server, "Seccomp")).containsExactly("0");
            assertThat(Files.readSymbolicLink(Path.of("/proc/" + server.pid() + "/ns/mnt")))
                    .isEqualTo(Files.readSymbolicLink(Path.of("/proc/self/ns/mnt")));
            if (ThreadCredentials.geteuid() == 0) {
                assertThat(status(server, "CapEff")).containsExactly(KEPT_WITH_HANDLES);
            }
        }
    }

    @Test
    void capabilitiesCanBeKeptAndGivenUp() throws Exception {
        asRoot("who has capabilities to keep");
        try (OrielServer server = start("--modcaps=+sys_admin:-mknod", "--inode-file-handles=prefer")) {
            assertThat(status(server, "CapBnd")).containsExactly("00000000802000df");
        }
    }

    /**
     * The walls that the kernel tells of: "own" or "host" for a namespace, what the status says, what its root holds.
     */
    private static Map<String, String> walls(long pid) throws IOException {
        Map<String, String> walls = new TreeMap<>();
        for (String namespace : NAMESPACES) {
            boolean own = !Files.readSymbolicLink(Path.of("/proc/" + pid + "/ns/" + namespace))
                    .equals(Files.readSymbolicLink(Path.of("/proc/self/ns/" + namespace)));
            walls.put(namespace, own ? "own" : "host");
        }
        for (String line : Files.readAllLines(Path.of("/proc/" + pid + "/status"))) {
            String[] words = line.split(":\\s*", 2);
            if (List.of("Seccomp", "NoNewPrivs", "CapEff", "CapBnd").contains(words[0])) {
                walls.put(words[0], words[1]);
            }
        }
        try (Stream<Path> top = Files.list(Path.of("/proc/" + pid + "/root"))) {
            walls.put(
                    "root",
                    String.join(
                            " ",
                            new TreeSet<>(top.map(path -> path.getFileName().toString())
                                    .toList())));
        }
        return walls;
    }

    /** The table "virtiofsd beside it" of docs/confinement.md, as far as the kernel tells, with both defaults. */
    @Test
    void virtiofsdBesideItHoldsBackWhatTheTableSays() throws Exception {
        asRoot("who gives virtiofsd its namespaces");
        try (OrielServer server = start()) {
            assertThat(wallsOfVirtiofsd())
                    .containsAllEntriesOf(walls("own own own host host", KEPT, "0000000000000000", "1", "2"))
                    .containsEntry("root", "file");
            assertThat(walls(server.pid())).containsAllEntriesOf(walls("own host own own own", KEPT, KEPT, "1", "2"));
        }
    }

    /** The same with options; the columns: namespaces (mnt, pid, net, ipc, uts), CapEff, NoNewPrivs, Seccomp. */
    @ParameterizedTest
    @CsvSource({
        "--sandbox=chroot, host host host host host, 880000db, 1, 2, own host host host host, 880000db, 1, 2",
        "--sandbox=none, host host host host host, 880000db, 1, 2, host host host host host, 880000df, 1, 2",
        "--seccomp=none, own own own host host, 880000db, 0, 0, own host own own own, 880000db, 1, 0",
        "--seccomp=log, own own own host host, 880000db, 1, 2, own host own own own, 880000db, 1, 2",
        "--modcaps=+sys_admin, own own own host host, 882000db, 1, 2, own host own own own, 882000db, 1, 2",
        "--inode-file-handles=prefer, own own own host host, 880000df, 1, 2, own host own own own, 880000df, 1, 2",
    })
    void anOptionOfBothDoesWhatTheTableSays(
            String option,
            String theirNamespaces,
            String theirCapabilities,
            String theirPrivileges,
            String theirFilter,
            String namespaces,
            String capabilities,
            String privileges,
            String filter)
            throws Exception {
        asRoot("who gives virtiofsd its namespaces");
        String zeros = "00000000";
        try (OrielServer server = start(option)) {
            assertThat(wallsOfVirtiofsd(option))
                    .containsAllEntriesOf(walls(
                            theirNamespaces, zeros + theirCapabilities, zeros + zeros, theirPrivileges, theirFilter));
            assertThat(walls(server.pid()))
                    .containsAllEntriesOf(
                            walls(namespaces, zeros + capabilities, zeros + capabilities, privileges, filter));
        }
    }

    private static Map<String, String> walls(
            String namespaces, String effective, String bounding, String privileges, String filter) {
        Map<String, String> walls = new TreeMap<>(
                Map.of("CapEff", effective, "CapBnd", bounding, "NoNewPrivs", privileges, "Seccomp", filter));
        String[] each = namespaces.split(" ", -1);
        for (int i = 0; i < NAMESPACES.size(); i++) {
            walls.put(NAMESPACES.get(i), each[i]);
        }
        return walls;
    }

    /** Those of a virtiofsd that listens. */
    private Map<String, String> wallsOfVirtiofsd(String... options) throws Exception {
        List<String> words = PeerDaemon.command(SharedFolder.KIT);
        words.addAll(List.of("--socket-path=" + state.resolve("peer"), "--shared-dir=" + share));
        words.addAll(List.of(options));
        Process peer = new ProcessBuilder(words).redirectErrorStream(true).start();
        try (BufferedReader said = peer.inputReader()) {
            String line = said.readLine();
            while (line != null && !line.contains("Waiting for vhost-user socket connection")) {
                line = said.readLine();
            }
            assertThat(line).as("virtiofsd listens").isNotNull();
            // in namespaces it is a child of who was started
            return walls(peer.children().findFirst().orElse(peer.toHandle()).pid());
        } finally {
            peer.descendants().forEach(ProcessHandle::destroyForcibly);
            peer.destroyForcibly().waitFor();
        }
    }
}
