package dev.oriel.hadoop;

import java.nio.file.Path;
import org.apache.hadoop.fs.FileSystem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/** A server of a bucket of S3 that is killed at some moment; {@code -Doriel.soak=TIMES} kills it more often. */
@EnabledIfSystemProperty(named = S3Server.PROPERTY, matches = ".+")
class S3aKilledServerTest {
    private static final int TIMES = 4;

    @TempDir
    @SuppressWarnings("NullAway.Init") // by JUnit
    private Path folder;

    @Test
    void filesAreAsTheyWereSyncedLastOrNewer() throws Exception {
        try (S3Server server = S3Server.start(folder);
                FileSystem hadoop = server.client()) {
            new KilledServer(folder, S3Server.share("/"), server.options(), hadoop, _ -> {})
                    .run(Integer.getInteger("oriel.soak", TIMES));
        }
    }
}
