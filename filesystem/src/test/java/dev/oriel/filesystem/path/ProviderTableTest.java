package dev.oriel.filesystem.path;

import static org.assertj.core.api.Assumptions.assumeThat;

import dev.oriel.filesystem.local.Client;
import dev.oriel.linux.credential.ThreadCredentials;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What each kind of file system can, held against the table that docs/serving.md shows. */
class ProviderTableTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @EnumSource
    void thePageShowsWhatEachKindCan(Kind kind) throws IOException {
        assumeThat(ThreadCredentials.geteuid())
                .as("runs as root: the page shows what a server of root can")
                .isZero();
        try (Kind.Provided provided = kind.open(folder);
                Client client = Client.of(provided.serve())) {
            OperationTable.assertShows(
                    kind.toString(), new ProviderOperations(client, Stored.at(provided.root())).run());
        }
    }
}
