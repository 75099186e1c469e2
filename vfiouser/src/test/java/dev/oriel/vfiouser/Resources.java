package dev.oriel.vfiouser;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** What this process has open and mapped. */
final class Resources {
    private Resources() {}

    static long descriptors() throws IOException {
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            return open.count();
        }
    }

    /** Waits until no more are open than before: what a peer passed may be closed by a thread of its own. */
    static void awaitDescriptors(long before) throws IOException {
        long end = System.nanoTime() + 20_000_000_000L;
        while (descriptors() > before && System.nanoTime() < end) {
            Thread.onSpinWait();
        }
        assertThat(descriptors()).isLessThanOrEqualTo(before);
    }

    /** How often memory of this name is mapped. */
    static long mappings(String memfd) throws IOException {
        try (Stream<String> lines = Files.lines(Path.of("/proc/self/maps"))) {
            return lines.filter(line -> line.contains("memfd:" + memfd)).count();
        }
    }
}
