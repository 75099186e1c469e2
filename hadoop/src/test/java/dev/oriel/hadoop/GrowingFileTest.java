package dev.oriel.hadoop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.guests.testing.GrowingFile;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.hadoop.hdfs.DistributedFileSystem;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What becomes large: a file to which two guests append, and a directory of many names. */
@SuppressWarnings("NullAway.Init") // before all
class GrowingFileTest {
    private static final int NAMES = Integer.getInteger("oriel.names", 5000);
    private static final int MAKERS = 8;

    private static TestCluster cluster;
    private static DistributedFileSystem hadoop;

    @TempDir
    private static Path folder;

    @BeforeAll
    static void startACluster() throws Exception {
        cluster = TestCluster.start();
        hadoop = cluster.client();
    }

    @AfterAll
    static void stopIt() throws Exception {
        cluster.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"hdfs", "webhdfs"})
    void twoGuestsAppendToOneFile(String scheme) throws Exception {
        try (ServedShare share = ServedShare.of(folder, cluster.share(scheme, "/"), Map.of());
                java.nio.file.FileSystem one = share.mount();
                java.nio.file.FileSystem other = share.mount()) {
            byte[] whole = GrowingFile.grow(List.of(one, other), "/log-" + scheme);
            try (InputStream in = hadoop.open(new org.apache.hadoop.fs.Path("/log-" + scheme))) {
                assertThat(in.readAllBytes()).isEqualTo(whole);
            }
        }
    }

    /** With more names: {@code -Doriel.names=100000}. */
    @Test
    void aDirectoryOfManyNamesIsListedWithoutOneMissingOrTwice() throws Exception {
        List<Thread> makers = IntStream.range(0, MAKERS)
                .mapToObj(maker -> Thread.ofPlatform().start(() -> {
                    for (int i = maker; i < NAMES; i += MAKERS) {
                        try {
                            hadoop.create(new org.apache.hadoop.fs.Path("/many/name-" + i))
                                    .close();
                        } catch (java.io.IOException failed) {
                            throw new java.io.UncheckedIOException(failed);
                        }
                    }
                }))
                .toList();
        for (Thread maker : makers) {
            maker.join();
        }
        try (ServedShare share = ServedShare.of(folder, cluster.share("hdfs", "/"), Map.of());
                java.nio.file.FileSystem mounted = share.mount();
                Stream<Path> all = Files.list(mounted.getPath("/many"))) {
            List<String> names = all.map(name -> name.getFileName().toString()).toList();
            Set<String> expected = new HashSet<>();
            IntStream.range(0, NAMES).forEach(i -> expected.add("name-" + i));
            assertThat(names).hasSize(NAMES);
            assertThat(new HashSet<>(names)).isEqualTo(expected);
        }
    }
}
