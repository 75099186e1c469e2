package dev.oriel.app.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.oriel.app.CommandRun;
import dev.oriel.app.tour.FrontEndProbe;
import dev.oriel.device.DaxOptions;
import dev.oriel.linux.FileCalls;
import dev.oriel.linux.UnixSocket;
import dev.oriel.linux.credential.ThreadCredentials;
import dev.oriel.virtio.queue.Polling;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A real server process: how it answers, starts and stops. */
class ServeTest {
    private static final int SIGINT = 2;

    @TempDir
    @SuppressWarnings("NullAway.Init") // by JUnit
    private Path folder;

    @SuppressWarnings("NullAway.Init") // by start
    private Process process;

    @SuppressWarnings("NullAway.Init") // by start
    private BufferedReader output;

    private Path shared = Path.of("");
    private Path socket = Path.of("");

    @BeforeEach
    void choosePaths() throws IOException {
        shared = Files.createDirectory(folder.resolve("share"));
        socket = Files.createDirectory(folder.resolve("run")).resolve("socket");
    }

    private void start(String... more) throws Exception {
        String[] arguments = new String[3 + more.length];
        arguments[0] = "serve";
        arguments[1] = "--shared-dir=" + shared;
        arguments[2] = "--socket-path=" + socket;
        System.arraycopy(more, 0, arguments, 3, more.length);
        process = CommandRun.start("oriel", Map.of(), arguments);
        output = process.inputReader();
        awaitLine(ServerProcess.LISTENING);
    }

    private String awaitLine(String beginning) throws Exception {
        String line = output.readLine();
        while (line != null && !line.startsWith(beginning)) {
            line = output.readLine();
        }
        assertThat(line).as("a line that begins with '%s'", beginning).isNotNull();
        return String.valueOf(line);
    }

    @AfterEach
    void end() throws Exception {
        if (process != null) {
            process.destroyForcibly().waitFor();
        }
    }

    private void kill(String signal) throws Exception {
        new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid()))
                .start()
                .waitFor();
    }

    /** It begins to practise when it listens, and is stopped at once, or in the middle of that. */
    @ParameterizedTest
    @ValueSource(ints = {0, 300})
    void whatItPractisesOnGoesWithIt(int millis) throws Exception {
        start();
        Thread.sleep(millis); // whatever it is at by then
        kill("TERM");
        assertThat(process.waitFor()).isZero();
        try (Stream<Path> left = Files.list(Path.of("/dev/shm"))) {
            String own = "oriel-practice-" + process.pid() + "-";
            assertThat(left).noneMatch(path -> path.getFileName().toString().startsWith(own));
        }
        assertThat(shared).isEmptyDirectory();
    }

    @Test
    void sigtermEndsItWithStatus0AndWithoutASocket() throws Exception {
        start();
        kill("TERM");
        assertThat(process.waitFor()).isZero();
        assertThat(socket).doesNotExist();
    }

    /** A command that a script runs in the background has SIGINT ignored, and so has all that it starts (POSIX). */
    private static boolean isControlCIgnored() throws IOException {
        String ignored = Files.readString(Path.of("/proc/self/status")).replaceAll("(?s).*SigIgn:\\s*(\\w+).*", "$1");
        return (Long.parseUnsignedLong(ignored, 16) & (1L << (SIGINT - 1))) != 0;
    }

    @Test
    void controlCEndsItWhileAFrontEndIsConnected() throws Exception {
        assumeThat(isControlCIgnored()).as("whether SIGINT is ignored").isFalse();
        start("--tag=data");
        try (FrontEndProbe probe = FrontEndProbe.connect(socket)) {
            probe.ask();
            kill("INT");
            assertThat(process.waitFor()).isZero();
        }
        assertThat(socket).doesNotExist();
    }

    @Test
    void frontEndsAreAnsweredAtOnceAndOneAfterAnother() throws Exception {
        start("--tag=data", "--request-queues=16");
        try (FrontEndProbe first = FrontEndProbe.connect(socket);
                FrontEndProbe second = FrontEndProbe.connect(socket)) {
            assertThat(second.ask().tag()).isEqualTo("data");
            assertThat(first.ask().queues()).isEqualTo(17);
        }
        try (FrontEndProbe third = FrontEndProbe.connect(socket)) {
            assertThat(third.ask().requestQueues()).isEqualTo(16);
        }
    }

    @Test
    void theLinesToPasteNameSocketTagAndQueues() throws Exception {
        start("--tag=my data", "--request-queues=2");
        assertThat(awaitLine("  -chardev")).contains("path=" + socket);
        assertThat(awaitLine("  -device")).contains("'my data'", "num-request-queues=2", "queue-size=1024");
        assertThat(awaitLine("  <filesystem")).contains("<source socket='" + socket + "'/>", "<target dir='my data'/>");
        assertThat(awaitLine("  mount")).contains("'my data'");
    }

    @Test
    void onlyItsUserMayConnect() throws Exception {
        start();
        assertThat(Files.getPosixFilePermissions(socket))
                .containsExactlyInAnyOrder(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);
    }

    @Test
    void aSocketInUseIsLeftToItsOwner() throws Exception {
        start("--tag=data");
        CommandRun second = CommandRun.oriel("serve", "--shared-dir=" + shared, "--socket-path=" + socket);
        assertThat(second.status()).isEqualTo(1);
        assertThat(second.err()).contains("another process listens there");
        try (FrontEndProbe probe = FrontEndProbe.connect(socket)) {
            assertThat(probe.ask().tag()).isEqualTo("data");
        }
    }

    @Test
    void theSocketOfADeadServerIsReplaced() throws Exception {
        start();
        process.destroyForcibly().waitFor();
        assertThat(socket).exists();
        start("--tag=data");
        try (FrontEndProbe probe = FrontEndProbe.connect(socket)) {
            assertThat(probe.ask().tag()).isEqualTo("data");
        }
    }

    @Test
    void aListeningDescriptorIsTaken() throws Exception {
        try (UnixSocket listening = UnixSocket.listen(socket, 1)) {
            int copy = FileCalls.dup(listening.number());
            try (UnixSocket taken = Host.listen(new ShareOptions(
                    DeviceProtocol.VHOST_USER, null, copy, null, null, 1, 128, Polling.OFF, 1, null, null, false))) {
                assertThat(taken.number()).isEqualTo(copy);
            }
            assertThat(socket).as("a socket of somebody else's").exists();
        }
    }

    /** Of each thread of the process that serves: capability sets, by thread name. */
    private Map<String, Long> capabilitiesOfServingThreads(String set) throws Exception {
        Map<String, Long> found = new TreeMap<>();
        try (Stream<Path> threads = Files.list(Path.of("/proc/" + process.pid() + "/task"))) {
            for (Path thread : threads.toList()) {
                Map<String, String> status = new HashMap<>();
                for (String line : lines(thread.resolve("status"))) {
                    int colon = line.indexOf(':');
                    status.put(
                            line.substring(0, colon), line.substring(colon + 1).strip());
                }
                String name = String.valueOf(status.get("Name"));
                if (name.startsWith("connection") || name.startsWith("data ") || name.startsWith("oriel")) {
                    found.put(name, Long.parseUnsignedLong(String.valueOf(status.get(set)), 16));
                }
            }
        }
        return found;
    }

    /** Of a thread that has ended meanwhile, as Java's own do: none. */
    private static List<String> lines(Path status) {
        try {
            return Files.readAllLines(status);
        } catch (IOException ended) {
            return List.of();
        }
    }

    private static long named(String... names) {
        long set = 0;
        for (String name : names) {
            set |= 1L << ThreadCredentials.capability(name);
        }
        return set;
    }

    @Test
    void nobodyServesWithMoreThanServingNeeds() throws Exception {
        long base = named(
                "chown", "dac_override", "dac_read_search", "fowner", "fsetid", "setgid", "setuid", "mknod", "setfcap");
        long had = ThreadCredentials.permittedCapabilities();
        start("--tag=data");
        try (FrontEndProbe probe = FrontEndProbe.connect(socket)) {
            probe.ask();
            for (String set : new String[] {"CapPrm", "CapEff", "CapBnd"}) {
                Map<String, Long> threads = capabilitiesOfServingThreads(set);
                assertThat(threads).isNotEmpty();
                if (!set.equals("CapBnd")) {
                    assertThat(threads.values()).as(set).allMatch(capabilities -> capabilities == (had & base));
                } else if ((had & named("setpcap")) != 0) {
                    assertThat(threads.values()).as(set).allMatch(capabilities -> (capabilities & ~base) == 0);
                }
            }
        }
    }

    @Test
    void modcapsKeepsAndGivesUp() throws Exception {
        long had = ThreadCredentials.permittedCapabilities();
        start("--tag=data", "--modcaps=+sys_admin:-mknod:-CAP_SETFCAP", "--inode-file-handles=never");
        try (FrontEndProbe probe = FrontEndProbe.connect(socket)) {
            probe.ask();
            assertThat(capabilitiesOfServingThreads("CapPrm").values())
                    .isNotEmpty()
                    .allMatch(capabilities -> capabilities
                            == (had
                                    & named(
                                            "sys_admin",
                                            "chown",
                                            "dac_override",
                                            "fowner",
                                            "fsetid",
                                            "setgid",
                                            "setuid")));
        }
    }

    @Test
    void calledAsVirtiofsdItServesNobodyUnlessItIsConfined() throws Exception {
        CommandRun run = CommandRun.virtiofsd("--shared-dir=" + shared, "--socket-path=" + socket);
        assertThat(run.err()).contains("--sandbox namespace", "--sandbox none");
        assertThat(run.status()).isEqualTo(1);
        assertThat(socket).doesNotExist();
    }

    /** As virtiofsd does: libvirt and others that start it for one virtual machine wait for that. */
    @Test
    void calledAsVirtiofsdItEndsWithTheLastThatIsConnected() throws Exception {
        process = CommandRun.start(
                "virtiofsd",
                Map.of(),
                "--sandbox=none",
                "--tag=data",
                "--shared-dir=" + shared,
                "--socket-path=" + socket);
        String line = "";
        while (line != null && !line.contains("Waiting for vhost-user socket connection")) {
            line = process.errorReader().readLine();
        }
        assertThat(line).as("it listens").isNotNull();
        try (FrontEndProbe second = FrontEndProbe.connect(socket)) {
            try (FrontEndProbe first = FrontEndProbe.connect(socket)) {
                assertThat(first.ask().tag()).isEqualTo("data");
            }
            assertThat(second.ask().tag()).isEqualTo("data");
        }
        assertThat(process.waitFor()).isZero();
        assertThat(socket).doesNotExist();
    }

    @Test
    void aWindowByItselfIsStagedFromTheSecondWriterOn() {
        ShareOptions byItself = window(true);
        assertThat(Server.window(byItself, false, 0)).isEqualTo(new DaxOptions(2 << 20, true));
        assertThat(Server.window(byItself, false, 1)).isEqualTo(new DaxOptions(2 << 20, false));
        assertThat(Server.window(byItself, true, 1)).as("read-only").isEqualTo(new DaxOptions(2 << 20, true));
        assertThat(Server.window(window(false), false, 1)).as("--dax=direct").isEqualTo(new DaxOptions(2 << 20, true));
    }

    private static ShareOptions window(boolean byItself) {
        return new ShareOptions(
                DeviceProtocol.VHOST_USER,
                null,
                5,
                null,
                null,
                1,
                128,
                Polling.OFF,
                1,
                null,
                new DaxOptions(2 << 20, true),
                byItself);
    }

    @Test
    void aDirectWindowSaysAtStartWhatItMeans() throws Exception {
        start("--dax=direct");
        kill("TERM");
        String log = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(log).contains("--dax=direct: whoever truncates a file");
    }

    @Test
    void withoutATagTheFrontEndIsNotOfferedTheConfiguration() throws Exception {
        start();
        try (FrontEndProbe probe = FrontEndProbe.connect(socket)) {
            assertThat(probe.protocolFeatures() & 1L << 9).isZero();
        }
    }
}
