package dev.oriel.benchmarks;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class DaxMemoryBenchmarkTest {
    @Test
    void aFileThatStaysInMemoryIsNotMeasured() throws Exception {
        try (WorkFolder inMemory = WorkFolder.create()) {
            Path file = Files.write(inMemory.path().resolve("data"), new byte[1 << 20]);
            assertThatThrownBy(() -> DaxMemoryBenchmark.drop(file))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("256 pages stay in memory");
        }
    }
}
