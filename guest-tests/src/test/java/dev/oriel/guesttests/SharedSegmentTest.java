package dev.oriel.guesttests;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.benchmarks.MappedPages;
import dev.oriel.driver.DaxDevice;
import dev.oriel.driver.FuseClient;
import dev.oriel.guests.GuestKind;
import dev.oriel.guests.GuestRun;
import dev.oriel.guests.KitPart;
import dev.oriel.guests.Share;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * One segment of files that several guests use as memory at once, as s390's dcssblk has it: one copy in the memory of
 * the host.
 */
@Tag("guest")
class SharedSegmentTest {
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final int SEGMENT = 48 << 20;
    private static final int MARK = 12_345_678;

    private static final String SCRIPT = """
            read -r turn
            sha256sum segment | sed 's/^/SUM /'
            read -r turn
            echo "MARK $(dd if=segment bs=1 skip=%d count=1 2>/dev/null)"
            read -r turn
            ./busybox sh -c 'echo "RAN $(grep -c " /mnt/busybox" /proc/$$/maps)"'
            read -r turn
            """.formatted(MARK);

    @Test
    void twoGuestsAndADriverHaveOneCopyOfATree() throws Exception {
        List<String> options = List.of("--dax=direct", "--dax-window=128M", "--request-queues=1");
        try (SharedFolder shared = SharedFolder.serve(options)) {
            Path segment = shared.folder().resolve("segment");
            byte[] content = DriverShare.content(SEGMENT, 1);
            Files.write(segment, content);
            Path program = shared.folder().resolve("busybox");
            Files.copy(
                    SharedFolder.KIT
                            .folder()
                            .resolve(KitPart.X86_64.folderName())
                            .resolve("busybox"),
                    program);
            assertThat(program.toFile().setExecutable(true)).isTrue();

            GuestRun one = boot(shared);
            GuestRun two = boot(shared);
            try (FuseClient client = FuseClient.connect(shared.server().socket())) {
                long node = DriverShare.node(client, "segment");
                DaxDevice dax = client.dax().orElseThrow();
                try (DaxDevice.Pin pin = dax.map(node, 0, SEGMENT, true)) {
                    assertThat(pin.segment().toArray(JAVA_BYTE)).isEqualTo(content);
                    one.type("sum");
                    two.type("sum");
                    String sum = HexFormat.of()
                            .formatHex(MessageDigest.getInstance("SHA-256").digest(content));
                    assertThat(one.awaitLine("^SUM ", PATIENCE)).contains(sum);
                    assertThat(two.awaitLine("^SUM ", PATIENCE)).contains(sum);
                    theirPagesAreTheSame(segment);

                    pin.segment().set(JAVA_BYTE, MARK, (byte) '!');
                    one.type("mark");
                    two.type("mark");
                    assertThat(one.awaitLine("^MARK ", PATIENCE)).isEqualTo("MARK !");
                    assertThat(two.awaitLine("^MARK ", PATIENCE)).isEqualTo("MARK !");
                }
            }
            one.type("run");
            assertThat(one.awaitLine("^RAN ", PATIENCE)).matches("RAN [1-9].*");
            List<Long> inPlace = havingMapped(program);
            assertThat(inPlace)
                    .as("virtual machines that have pages of the program")
                    .hasSize(1);
            assertThat(MappedPages.ofFile(inPlace.getFirst(), program).residentKibibytes())
                    .isPositive();
            two.type("run");
            two.awaitLine("^RAN ", PATIENCE);
            assertThat(havingMapped(program)).hasSize(2);
            for (GuestRun run : List.of(one, two)) {
                run.type("end");
                run.await().orThrow();
            }
            shared.server().stop();
        }
    }

    private static GuestRun boot(SharedFolder shared) throws Exception {
        UnaryOperator<Share> window =
                share -> share.withDaxWindow().withQueues(1, 256).withMountOptions("dax=always");
        GuestRun run = shared.start(
                shared.bareGuest(GuestKind.X86_64, window, "echo UP\n" + SCRIPT).memory(256));
        run.awaitLine("^UP", PATIENCE);
        return run;
    }

    /** Every page is there for each of three processes, and each of them pays for a third of it. */
    private static void theirPagesAreTheSame(Path segment) throws IOException {
        List<Long> users = havingMapped(segment);
        users.add(ProcessHandle.current().pid());
        assertThat(users).as("two virtual machines and the driver").hasSize(3);
        double all = 0;
        for (long pid : users) {
            MappedPages pages = MappedPages.ofFile(pid, segment);
            assertThat(pages.residentKibibytes()).as("pages of process %d", pid).isEqualTo(SEGMENT / 1024.0);
            all += pages.proportionalKibibytes();
        }
        System.out.printf("a segment of %d KiB, mapped by %d processes, costs %.0f KiB%n", SEGMENT / 1024, 3, all);
        // the kernel rounds each range
        assertThat(all).isBetween(SEGMENT / 1024.0 * 0.98, SEGMENT / 1024.0 * 1.001);
    }

    /** Those of the processes that this one started. */
    private static List<Long> havingMapped(Path file) throws IOException {
        List<Long> found = new ArrayList<>();
        try (Stream<ProcessHandle> descendants = ProcessHandle.current().descendants()) {
            for (ProcessHandle process : (Iterable<ProcessHandle>) descendants::iterator) {
                if (process.isAlive() && MappedPages.ofFile(process.pid(), file).residentKibibytes() > 0) {
                    found.add(process.pid());
                }
            }
        }
        return found;
    }
}
