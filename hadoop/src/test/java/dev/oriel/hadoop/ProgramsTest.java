package dev.oriel.hadoop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.guests.GuestKit;
import dev.oriel.guests.testing.ProgramsInAShare;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Programs that people run, in a guest in a folder of a cluster: run it with {@code -Doriel.soak=1}. */
@Tag("guest")
@EnabledIfSystemProperty(named = "oriel.soak", matches = "[1-9].*")
class ProgramsTest {
    @TempDir
    @SuppressWarnings("NullAway.Init") // by JUnit
    private Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"hdfs", "webhdfs"})
    void gitTarSqliteAndACompilerWork(String scheme) throws Exception {
        try (TestCluster cluster = TestCluster.start()) {
            cluster.client().mkdirs(new org.apache.hadoop.fs.Path("/share"));
            try (ServedShare share = ServedShare.of(folder, cluster.share(scheme, "/share"), Map.of())) {
                assertThat(ProgramsInAShare.run(GuestKit.locate(), share.socket(), folder))
                        .containsSubsequence(ProgramsInAShare.expected());
            }
        }
    }
}
