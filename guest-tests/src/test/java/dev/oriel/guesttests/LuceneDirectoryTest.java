package dev.oriel.guesttests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.MMapDirectory;
import org.apache.lucene.store.NIOFSDirectory;
import org.apache.lucene.tests.store.BaseDirectoryTestCase;
import org.apache.lucene.tests.util.LuceneTestCase;
import org.apache.lucene.tests.util.TestUtil;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.runner.JUnitCore;
import org.junit.runner.Result;

/** Lucene's own tests of a directory, on a share: by channels, and by files that are mapped into arenas. */
class LuceneDirectoryTest {
    /** Where Lucene's tests make their temporary folders, by a property of theirs. */
    private static final String TEMPORARY_FOLDER = "tempDir";

    @SuppressWarnings("NullAway.Init") // by holds
    private static FileSystem share;

    @SuppressWarnings("NullAway.Init") // by holds
    private static Path folder;

    /** By channels; a directory is forced to have names on disk. */
    public static final class ByChannels extends BaseDirectoryTestCase {
        @Override
        protected Directory getDirectory(Path path) throws IOException {
            return new NIOFSDirectory(onShare(path));
        }
    }

    /** By segments of arenas that several threads share and close. */
    public static final class ByMaps extends BaseDirectoryTestCase {
        @Override
        protected Directory getDirectory(Path path) throws IOException {
            return new MMapDirectory(onShare(path));
        }
    }

    /**
     * A temporary folder as the share has it. A test that wants deletions to fail now and then gets that there, too.
     */
    private static Path onShare(Path path) {
        Path below = folder.relativize(Path.of(path.toAbsolutePath().toString()));
        Path shared = share.getPath("/" + below);
        return TestUtil.hasVirusChecker(path) ? LuceneTestCase.addVirusChecker(shared) : shared;
    }

    @ParameterizedTest
    @EnumSource(names = {"DIRECT", "STAGED", "BY_REQUEST"})
    void holds(DriverSubject subject) throws Exception {
        Path state = Folders.create("lucene");
        folder = Files.createDirectory(state.resolve("folder")).toRealPath();
        List<String> options = new ArrayList<>(subject.serverOptions());
        options.replaceAll(option -> option.startsWith("--dax-window") ? "--dax-window=1G" : option);
        try (OrielServer server = OrielServer.start(folder, state, "lucene", options);
                FileSystem mounted =
                        FileSystems.newFileSystem(server.socket(), Map.of("options", subject.clientOptions()))) {
            share = mounted;
            System.setProperty(TEMPORARY_FOLDER, folder.toString());
            Result result = JUnitCore.runClasses(ByChannels.class, ByMaps.class);
            assertThat(result.getFailures()).isEmpty();
            assertThat(result.getRunCount()).isGreaterThan(100);
        } finally {
            System.clearProperty(TEMPORARY_FOLDER);
        }
        Folders.delete(state);
    }
}
