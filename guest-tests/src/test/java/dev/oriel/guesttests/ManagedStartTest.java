package dev.oriel.guesttests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.oriel.linux.credential.ThreadCredentials;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a confined server still does for those who manage it, and where it is refused for what its host lacks. */
@Tag("guest")
class ManagedStartTest {
    private static final List<String> AS_NOBODY =
            List.of("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--");

    private Path folder = Path.of("");
    private Path share = Path.of("");
    private Path run = Path.of("");

    @BeforeEach
    void makeFolders() throws IOException {
        folder = Folders.create("managed");
        share = Files.createDirectory(folder.resolve("share"));
        run = Files.createDirectory(folder.resolve("run"));
        for (Path made : List.of(share, run)) {
            Files.setPosixFilePermissions(made, PosixFilePermissions.fromString("rwxrwxrwx"));
        }
    }

    @AfterEach
    void removeFolders() throws IOException {
        Folders.delete(folder);
    }

    private List<String> serve(List<String> prefix, String... options) {
        List<String> command = new ArrayList<>(prefix);
        command.add(Path.of(OrielServer.LAUNCHER.getFirst()).toAbsolutePath().toString());
        command.addAll(List.of("serve", "--shared-dir", share.toString()));
        command.addAll(List.of("--socket-path", run.resolve("socket").toString()));
        command.addAll(List.of(options));
        return command;
    }

    private ManagedServer managed(List<String> manager, String... options) throws IOException {
        return ManagedServer.start(folder, share, Map.of(), manager, serve(List.of(), options));
    }

    @Test
    void systemdIsToldWhenItIsReady() throws Exception {
        try (ManagedServer server =
                managed(List.of("--notify", folder.resolve("notify").toString()))) {
            assertThat(server.awaitLine("NOTIFY ")).isEqualTo("NOTIFY READY=1");
            assertThat(run.resolve("socket")).exists();
            assertThat(server.stop()).isZero();
        }
    }

    /** Without a locale, as in a service or a container, and with one that the sandbox lacks. */
    @ParameterizedTest
    @ValueSource(strings = {"LANG=", "LANG=de_DE.UTF-8"})
    void aShareOfAnyNameIsServedWhateverTheLocale(String locale) throws Exception {
        share = Files.createDirectory(folder.resolve("für später"));
        Files.setPosixFilePermissions(share, PosixFilePermissions.fromString("rwxrwxrwx"));
        List<String> prefix = List.of("env", "--unset=LC_ALL", "--unset=LC_CTYPE", locale);
        try (ManagedServer server = ManagedServer.start(folder, folder, Map.of(), List.of(), serve(prefix))) {
            server.awaitLine("Listening on ");
            assertThat(server.stop()).isZero();
        }
    }

    @Test
    void itLogsToSyslogFromInside() throws Exception {
        asRoot("who can have a /dev of his own");
        try (ManagedServer server = managed(List.of("--syslog"), "--syslog")) {
            server.awaitLine("Listening on ");
            ProcessHandle process = server.handle();
            process.destroy();
            assertThat(server.awaitLine("app: stopped"))
                    .isEqualTo("SYSLOG <30>oriel[" + process.pid() + "]: app: stopped");
        }
    }

    /** Whether a process may write to a socket, which connect(2) asks for (unix(7)). */
    private static boolean connects(List<String> as, Path socket) throws Exception {
        List<String> words = new ArrayList<>(as);
        words.addAll(List.of("test", "-w", socket.toString()));
        return new ProcessBuilder(words).start().waitFor() == 0;
    }

    @Test
    void aGroupMayConnectAndNobodyElse() throws Exception {
        asRoot("who can be somebody else");
        try (ManagedServer server = managed(List.of(), "--socket-group=daemon")) {
            server.awaitLine("Listening on ");
            Path socket = run.resolve("socket");
            PosixFileAttributes attributes = Files.readAttributes(socket, PosixFileAttributes.class);
            assertThat(attributes.group()).hasToString("daemon");
            assertThat(attributes.permissions()).isEqualTo(PosixFilePermissions.fromString("rw-rw----"));
            String group = String.valueOf(Files.getAttribute(socket, "unix:gid"));
            List<String> member = List.of("setpriv", "--reuid=65534", "--regid=" + group, "--clear-groups", "--");
            assertThat(connects(member, socket)).isTrue();
            assertThat(connects(AS_NOBODY, socket)).isFalse();
            assertThat(server.stop()).isZero();
        }
    }

    private static void asRoot(String reason) {
        assumeThat(ThreadCredentials.geteuid()).as("root, " + reason).isZero();
    }

    private static List<String> inShell(String script) {
        return List.of("sh", "-c", script + "\nexec \"$@\"", "sh");
    }

    /** It says so in a line or two, serves nobody, and ends with the status. */
    private void assertRefused(int status, List<String> command, String... parts) throws Exception {
        Path output = folder.resolve("output");
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
        builder.environment().put("ORIEL_JAVA_HOME", System.getProperty("java.home"));
        Process process = builder.start();
        try {
            process.getOutputStream().close();
            boolean ended = process.waitFor(60, TimeUnit.SECONDS);
            List<String> said = Files.readAllLines(output);
            assertThat(ended).as("it is refused and ends: " + said).isTrue();
            assertThat(process.exitValue()).as(said.toString()).isEqualTo(status);
            assertThat(String.join("\n", said)).contains(parts).doesNotContain("Listening", "Exception");
            assertThat(said).hasSizeLessThan(4);
            assertThat(run.resolve("socket")).doesNotExist();
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
    }

    @Test
    void withoutUtilLinuxItIsRefused() throws Exception {
        Path programs = Files.createDirectory(folder.resolve("bin"));
        for (Path place : List.of(Path.of("/usr/bin"), Path.of("/bin"))) {
            try (var files = Files.list(place)) {
                for (Path file : files.toList()) {
                    Path link = programs.resolve(file.getFileName());
                    if (!file.endsWith("unshare") && !Files.exists(link, LinkOption.NOFOLLOW_LINKS)) {
                        Files.createSymbolicLink(link, file);
                    }
                }
            }
        }
        assertRefused(
                1, serve(List.of("env", "PATH=" + programs)), "unshare of util-linux is missing", "--sandbox none");
    }

    @Test
    void whereUserNamespacesAreForbiddenAUserIsRefused() throws Exception {
        List<String> forbidden = new ArrayList<>(List.of("unshare", "--user", "--map-root-user"));
        forbidden.addAll(inShell("echo 0 >/proc/sys/user/max_user_namespaces"));
        forbidden.addAll(List.of("setpriv", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs", "--"));
        List<String> command = serve(forbidden);
        if (ThreadCredentials.geteuid() == 0) {
            List<String> asNobody = new ArrayList<>(AS_NOBODY);
            asNobody.addAll(command);
            command = asNobody;
        }
        assertRefused(1, command, "unshare failed", "--sandbox none");
    }

    @Test
    void rootOfAContainerThatMayNotMountIsRefused() throws Exception {
        asRoot("without what he may do");
        assertRefused(
                1,
                serve(List.of("setpriv", "--bounding-set=-sys_admin", "--inh-caps=-sys_admin", "--")),
                "unshare failed: Operation not permitted",
                "--sandbox none");
    }

    @Test
    void aShareThatTheUserMayNotReadIsRefused() throws Exception {
        asRoot("who can be somebody else");
        Files.setPosixFilePermissions(share, PosixFilePermissions.fromString("rwx------"));
        assertRefused(1, serve(AS_NOBODY), share.toString(), "cannot be read by this user");
    }

    @Test
    void mapsOfIdsThatCannotBeAreRefused() throws Exception {
        List<String> as = ThreadCredentials.geteuid() == 0 ? AS_NOBODY : List.of();
        String groups = "--gid-map=:0:100000:10:";
        assertRefused(2, serve(as, "--uid-map=:0:100000:10:"), "both --uid-map and --gid-map");
        assertRefused(2, serve(as, "--uid-map=:0:100000:10:", "--uid-map=:5:200000:10:", groups), "--uid-map");
        assertRefused(2, serve(as, "--uid-map=:0:100000:0:", groups), "--uid-map");
        assertRefused(2, serve(as, "--uid-map=:0:4294967290:10:", groups), "--uid-map");
        // not his, and with no program that could look whether they are
        assertRefused(1, serve(as, "--uid-map=:0:4000000000:10:", "--gid-map=:0:4000000000:10:"), "--sandbox none");
    }
}
