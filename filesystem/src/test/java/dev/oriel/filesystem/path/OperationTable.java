package dev.oriel.filesystem.path;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The table of docs/serving.md: what a guest may do in each kind of file system. */
public final class OperationTable {
    private static final Path PAGE = Path.of("../docs/serving.md");
    private static final String HEAD = "| a guest may |";

    private OperationTable() {}

    /**
     * Prints what a kind can do, and holds its column of the table against that.
     *
     * @param kind as the head of the column has it
     * @param results by operation: "yes" or the name of an errno
     */
    public static void assertShows(String kind, Map<String, String> results) throws IOException {
        System.out.println(kind + " " + results);
        List<List<String>> rows = Files.readAllLines(PAGE).stream()
                .dropWhile(line -> !line.startsWith(HEAD))
                .takeWhile(line -> line.startsWith("|"))
                .map(OperationTable::cells)
                .toList();
        int column = rows.getFirst().indexOf("`" + kind + "`");
        assertThat(column).as("the table has a column %s", kind).isPositive();
        Map<String, String> shown = new LinkedHashMap<>();
        rows.stream().skip(2).forEach(row -> shown.put(row.getFirst(), row.get(column)));
        assertThat(shown).as(kind).isEqualTo(results);
    }

    private static List<String> cells(String row) {
        return Arrays.stream(row.substring(1).split("\\|", -1))
                .map(String::strip)
                .toList();
    }
}
