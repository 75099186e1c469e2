package dev.oriel.guesttests;

import static org.assertj.core.api.Assumptions.assumeThat;

import dev.oriel.filesystem.local.Client;
import dev.oriel.filesystem.path.OperationTable;
import dev.oriel.filesystem.path.PathFileSystem;
import dev.oriel.filesystem.path.ProviderOperations;
import dev.oriel.filesystem.path.Stored;
import dev.oriel.linux.credential.ThreadCredentials;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a guest may do in a share of a share, held against the table that docs/serving.md shows. */
class ShareOfAShareTest {
    @Test
    void thePageShowsWhatAGuestMayDo() throws Exception {
        assumeThat(ThreadCredentials.geteuid())
                .as("runs as root: the page shows what a server of root can")
                .isZero();
        try (SharedFolder first = SharedFolder.serve(List.of("--xattr"));
                FileSystem mounted = FileSystems.newFileSystem(first.server().socket());
                Client client = Client.of(PathFileSystem.of(mounted.getPath("/work")))) {
            OperationTable.assertShows("virtiofs:", new ProviderOperations(client, Stored.at(first.work())).run());
        }
    }
}
