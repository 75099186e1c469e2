package dev.oriel.filesystem.path;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.oriel.filesystem.local.Client;
import dev.oriel.linux.credential.ThreadCredentials;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What each kind of file system can, held against the table that docs/serving.md shows. */
class ProviderTableTest {
    private static final Path PAGE = Path.of("../docs/serving.md");

    @TempDir
    Path folder;

    @Test
    void thePageShowsWhatEachKindCan() throws IOException {
        assumeThat(ThreadCredentials.geteuid())
                .as("runs as root: the page shows what a server of root can")
                .isZero();
        Map<Kind, Map<String, String>> results = new EnumMap<>(Kind.class);
        for (Kind kind : Kind.values()) {
            Path own = Files.createDirectory(folder.resolve(kind.name()));
            try (Kind.Provided provided = kind.open(own);
                    Client client = Client.of(provided.serve())) {
                results.put(kind, new ProviderOperations(client, provided.root()).run());
            } catch (AssertionError failed) {
                throw new AssertionError(kind.toString(), failed);
            }
        }
        String table = table(results);
        System.out.println(table);
        assertThat(Files.readString(PAGE)).contains(table);
    }

    private static String table(Map<Kind, Map<String, String>> results) {
        List<String> lines = new ArrayList<>();
        StringBuilder head = new StringBuilder("| a guest may |");
        StringBuilder line = new StringBuilder("|---|");
        for (Kind kind : results.keySet()) {
            head.append(" `").append(kind).append("` |");
            line.append("---|");
        }
        lines.add(head.toString());
        lines.add(line.toString());
        for (String operation : results.values().iterator().next().keySet()) {
            StringBuilder row = new StringBuilder("| ").append(operation).append(" |");
            results.values()
                    .forEach(kind -> row.append(' ').append(kind.get(operation)).append(" |"));
            lines.add(row.toString());
        }
        return String.join("\n", lines) + "\n";
    }
}
