package dev.oriel.guesttests;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.guests.GuestKind;
import dev.oriel.guests.GuestRun;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a confined server tells, over sockets of its own, of a real guest. */
@Tag("guest")
class StatisticsTest {
    private static final int SIZE = 3 << 20;
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    @TempDir
    @SuppressWarnings("NullAway.Init") // by JUnit
    private Path folder;

    private static String metrics(Path socket) throws IOException {
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            channel.connect(UnixDomainSocketAddress.of(socket));
            channel.write(US_ASCII.encode("GET /metrics HTTP/1.1\r\nHost: oriel\r\n\r\n"));
            return new String(Channels.newInputStream(channel).readAllBytes(), UTF_8);
        }
    }

    private static long value(String metrics, String sample) {
        return metrics.lines()
                .filter(line -> line.startsWith(sample + " "))
                .mapToLong(line -> Long.parseLong(line.substring(sample.length() + 1)))
                .findFirst()
                .orElse(-1);
    }

    private static String oriel(String... arguments) throws IOException, InterruptedException {
        List<String> words = new ArrayList<>(OrielServer.LAUNCHER);
        words.addAll(List.of(arguments));
        Process process = new ProcessBuilder(words).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), UTF_8);
        return process.waitFor() + "\n" + said;
    }

    @Test
    void whatAGuestDoesIsToldWhileItRunsAndAfterItHasGone() throws Exception {
        Path control = folder.resolve("control");
        Path metrics = folder.resolve("metrics");
        try (SharedFolder shared =
                SharedFolder.serve(List.of("--control-path=" + control, "--metrics-path=" + metrics))) {
            Files.write(shared.work().resolve("data"), new byte[SIZE]);
            GuestRun run = shared.start(shared.bareGuest(GuestKind.UML, """
                    cat /mnt/work/data | wc -c
                    echo hello >/mnt/work/written
                    ls /mnt/work/none
                    echo IS-DONE
                    read -r word
                    """));
            run.awaitLine("IS-DONE", PATIENCE);

            String told = metrics(metrics);
            assertThat(told).endsWith("# EOF\n");
            assertThat(value(told, "oriel_guests")).isEqualTo(1);
            assertThat(value(told, "oriel_guest_read_bytes_total{guest=\"1\"}")).isEqualTo(SIZE);
            assertThat(value(told, "oriel_guest_written_bytes_total{guest=\"1\"}"))
                    .isEqualTo("hello\n".length());
            assertThat(value(told, "oriel_guest_requests_total{guest=\"1\",operation=\"INIT\"}"))
                    .isEqualTo(1);
            assertThat(value(told, "oriel_request_errors_total{operation=\"LOOKUP\"}"))
                    .isPositive();
            assertThat(value(told, "oriel_nodes{guest=\"1\"}")).isPositive();
            assertThat(oriel("status", control.toString()))
                    .startsWith("0\n")
                    .contains("guests 1 of 64")
                    .contains("LOOKUP");
            assertThat(oriel("status", "--json", control.toString()))
                    .contains("\"read_bytes\": " + SIZE)
                    .contains("\"share\": \"" + shared.folder() + "\"");

            run.close();
            String after = metrics(metrics);
            for (long deadline = System.nanoTime() + PATIENCE.toNanos();
                    value(after, "oriel_guests") != 0 && System.nanoTime() < deadline; ) {
                Thread.sleep(20);
                after = metrics(metrics);
            }
            assertThat(value(after, "oriel_guests")).isZero();
            assertThat(value(after, "oriel_guest_read_bytes_total{guest=\"1\"}"))
                    .isEqualTo(-1);
            assertThat(value(after, "oriel_read_bytes_total")).isEqualTo(SIZE);
            shared.server().stop();
            assertThat(control).doesNotExist();
            assertThat(metrics).doesNotExist();
        }
    }

    @Test
    void aSocketThatGuestsCouldReachOrThatAnotherServerHasIsRefused() throws Exception {
        Path share = Files.createDirectory(folder.resolve("share"));
        Path run = Files.createDirectory(folder.resolve("run"));
        assertThat(oriel(
                        "serve",
                        "--shared-dir=" + share,
                        "--socket-path=" + run + "/s",
                        "--control-path=" + share + "/c"))
                .startsWith("1\n")
                .contains("--control-path " + share + "/c: this directory lies in the share");
        assertThat(oriel(
                        "serve",
                        "--shared-dir=" + share,
                        "--socket-path=" + run + "/s",
                        "--metrics-path=" + folder + "/no/m"))
                .startsWith("1\n")
                .contains("there is no directory " + folder + "/no");
        String control = "--control-path=" + run + "/control";
        try (SharedFolder shared = SharedFolder.serve(List.of(control))) {
            assertThat(oriel("serve", "--shared-dir=" + share, "--socket-path=" + run + "/s", control))
                    .startsWith("1\n")
                    .contains("--control-path: cannot listen on " + run + "/control (another process listens there");
            assertThat(oriel("status", run + "/control")).startsWith("0\n");
            assertThat(shared.server().isAlive()).isTrue();
        }
        assertThat(oriel("status", run + "/control")).startsWith("1\n").contains("--control-path PATH");
        assertThat(oriel("top", run + "/control")).startsWith("1\n");
    }
}
