package dev.oriel.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.oriel.driver.FuseClient;
import dev.oriel.guests.GuestKit;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The requests of the benchmark, to the Rust virtiofsd. */
@Tag("guest")
class DriverLoadTest {
    private static final long MILLIS = 60_000;

    /** Descriptors that a server opens as it likes. */
    private static final int FEW = 20;

    @TempDir
    @SuppressWarnings("NullAway.Init") // by JUnit
    private Path folder;

    private static List<String> names(Path of) throws IOException {
        try (Stream<Path> files = Files.list(of)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    private static long descriptors(Daemon daemon) throws IOException {
        try (Stream<Path> files = Files.list(Path.of("/proc", Long.toString(daemon.pid()), "fd"))) {
            return files.count();
        }
    }

    /**
     * Nodes that are forgotten: this server has a descriptor for each that it remembers. Nobody says when a FORGET is
     * done.
     */
    private static void awaitFewDescriptors(Daemon daemon, long before) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (descriptors(daemon) > before + FEW && System.nanoTime() < deadline) {
            Thread.sleep(1);
        }
        assertThat(descriptors(daemon)).isLessThanOrEqualTo(before + FEW);
    }

    @ParameterizedTest
    @EnumSource
    void asManyOperationsEndAsAreWantedAndLeaveNoName(DriverOperation operation) throws Exception {
        Path shared = Files.createDirectory(folder.resolve("share"));
        DriverFiles.make(shared);
        List<String> before = names(shared.resolve("folder"));
        try (Daemon daemon = new PeerSubject(GuestKit.locate(), List.of()).start(shared, folder, "test", List.of());
                FuseClient client = FuseClient.connect(daemon.socket());
                DriverLoad load = new DriverLoad(List.of(client))) {
            DriverFiles share = new DriverFiles(client);
            long remembered = descriptors(daemon);
            Work work = Work.begin(daemon);
            DriverLoad.Done done = load.run(any -> operation.source(share), operation.bufferBytes, 4, MILLIS, 101);
            assertThat(done.operations()).isEqualTo(101);
            Measurement measured = work.end(Row.rate("row", "/s"), done.perSecond(), done.operations());
            assertThat(measured.value()).isPositive();
            assertThat(measured.residentMebibytes().orElseThrow()).isPositive();
            awaitFewDescriptors(daemon, remembered);
        }
        assertThat(names(shared.resolve("folder"))).isEqualTo(before);
    }

    @Test
    void anyNumberOfNamesIsLookedUp() throws Exception {
        int files = LookupSource.FOLDER_FILES + 500;
        Path shared = Files.createDirectory(folder.resolve("share"));
        LookupSource.makeTree(shared, files);
        try (Daemon daemon = new PeerSubject(GuestKit.locate(), List.of()).start(shared, folder, "test", List.of());
                FuseClient client = FuseClient.connect(daemon.socket());
                DriverLoad load = new DriverLoad(List.of(client))) {
            LookupSource source = new LookupSource(client, files);
            assertThat(load.run(any -> source, 0, 4, MILLIS, files).operations())
                    .isEqualTo(files);
        }
    }

    @Test
    void aRequestThatFailsEndsTheRun() throws Exception {
        Path shared = Files.createDirectory(folder.resolve("share"));
        DriverFiles.make(shared);
        try (Daemon daemon = new PeerSubject(GuestKit.locate(), List.of()).start(shared, folder, "test", List.of());
                FuseClient client = FuseClient.connect(daemon.socket());
                DriverLoad load = new DriverLoad(List.of(client))) {
            DriverFiles share = new DriverFiles(client);
            Files.delete(shared.resolve("folder/file-0000"));
            assertThatThrownBy(() -> load.run(any -> DriverOperation.LOOKUP.source(share), 0, 4, MILLIS, 100_000))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("LOOKUP");
        }
    }
}
