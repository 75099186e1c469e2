package dev.oriel.guests;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.io.TempDir;

/** With real processes, and without a guest kit. */
@Timeout(30)
class SupervisedProcessTest {
    private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();

    @TempDir
    private Path folder;

    private Path state;

    @BeforeEach
    void makeState() throws IOException {
        state = Files.createDirectory(folder.resolve("state"));
        Files.createFile(state.resolve("file"));
    }

    @Test
    void itsOutputAndStatusAreThoseOfTheCommand() throws Exception {
        try (SupervisedProcess process = start("echo $GREETING; exit 7", null)) {
            assertThat(process.await()).isEqualTo(7);
        }
        assertThat(lines).containsExactly("hello");
        assertThat(state).doesNotExist();
    }

    @Test
    void whatIsTypedReachesTheCommand() throws Exception {
        try (SupervisedProcess process = start("read x; echo got $x", null)) {
            process.input().write("this\n".getBytes(UTF_8));
            process.input().flush();
            assertThat(process.await()).isZero();
        }
        assertThat(lines).containsExactly("got this");
    }

    @Test
    void aCommandWhoseTimeRanOutIsKilled() throws Exception {
        try (SupervisedProcess process = start("echo $$; exec sleep 1000", Duration.ofSeconds(1))) {
            long pid = awaitPid();
            assertThat(process.await()).isEqualTo(SupervisedProcess.TIME_RAN_OUT);
            awaitEnd(pid);
        }
        assertThat(state).doesNotExist();
    }

    @Test
    void closingKillsTheCommandAndRemovesTheState() throws Exception {
        SupervisedProcess process = start("echo $$; exec sleep 1000", null);
        long pid = awaitPid();

        process.close();

        awaitEnd(pid);
        assertThat(process.isAlive()).isFalse();
        assertThat(state).doesNotExist();
    }

    @Test
    @EnabledIf("canHoldToAProcessor")
    void aCommandCanBeHeldToOneProcessor() throws Exception {
        String script = "grep Cpus_allowed_list /proc/$$/status";
        SupervisedProcess process = start(new Command(List.of("bash", "-c", script), null, Map.of(), true), null);
        assertThat(process.await()).isZero();
        assertThat(lines.poll(20, TimeUnit.SECONDS)).matches("Cpus_allowed_list:\\s+\\d+");
    }

    static boolean canHoldToAProcessor() throws Exception {
        return new ProcessBuilder("bash", "-c", "command -v taskset").start().waitFor() == 0;
    }

    @Test
    void aCommandEndsWithItsOwner() throws Exception {
        Process owner = new ProcessBuilder("sleep", "1000").start();
        Process supervisor = new ProcessBuilder(
                        "bash",
                        "-c",
                        new String(Scripts.bytes("supervise"), UTF_8),
                        "supervise",
                        Long.toString(owner.pid()),
                        "infinity",
                        state.toString(),
                        "all",
                        "bash",
                        "-c",
                        "echo $$; exec sleep 1000")
                .start();
        long pid = Long.parseLong(supervisor.inputReader().readLine());

        owner.destroyForcibly().waitFor();

        assertThat(supervisor.waitFor()).isEqualTo(125);
        awaitEnd(pid);
        assertThat(state).doesNotExist();
    }

    private SupervisedProcess start(String script, @Nullable Duration limit) throws IOException {
        return start(Command.of(List.of("bash", "-c", script), Map.of("GREETING", "hello")), limit);
    }

    private SupervisedProcess start(Command command, @Nullable Duration limit) throws IOException {
        return SupervisedProcess.start(command, state, limit, false, lines::add, line -> {}, () -> {});
    }

    private long awaitPid() throws InterruptedException {
        String line = lines.poll(20, TimeUnit.SECONDS);
        assertThat(line).isNotNull();
        return Long.parseLong(line);
    }

    private static void awaitEnd(long pid) {
        ProcessHandle.of(pid).ifPresent(process -> process.onExit().join());
    }
}
