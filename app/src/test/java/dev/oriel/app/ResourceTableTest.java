package dev.oriel.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What docs/operating.md says of each resource that a guest can ask for, held against the constants in the sources. */
class ResourceTableTest {
    private static final Path REPOSITORY = Path.of("..").toAbsolutePath().normalize();
    private static final String LOCAL = "filesystem/src/main/java/dev/oriel/filesystem/local/";
    private static final String DEVICE = "device/src/main/java/dev/oriel/device/";
    private static final String QUEUE = "virtio/src/main/java/dev/oriel/virtio/";

    /** How a number is written. */
    private enum As {
        NUMBER,
        KIB,
        MIB;

        String write(long value) {
            return switch (this) {
                case NUMBER -> String.format(Locale.ROOT, "%,d", value);
                case KIB -> value / 1024 + " KiB";
                case MIB -> value / 1024 / 1024 + " MiB";
            };
        }
    }

    /**
     * One number of the table.
     *
     * @param row how the row begins
     * @param source where the constant is
     */
    private record Held(String row, String source, String constant, As as) {
        long value() throws IOException {
            String text = Files.readString(REPOSITORY.resolve(source));
            Matcher found = Pattern.compile("static final (?:int|long) " + constant + " =\\s+([^;]+);")
                    .matcher(text);
            assertThat(found.find()).as("%s in %s", constant, source).isTrue();
            return number(found.group(1));
        }
    }

    /** Numbers as the sources have them: 4096, 65_536, 2L << 20, 32 * 1024. */
    private static long number(String expression) {
        String text = expression.replace("_", "").replace("L", "").strip();
        Matcher two = Pattern.compile("(\\d+) (<<|\\*) (\\d+)").matcher(text);
        if (two.matches()) {
            long left = Long.parseLong(two.group(1));
            long right = Long.parseLong(two.group(3));
            return two.group(2).equals("*") ? left * right : left << right;
        }
        return Long.parseLong(text);
    }

    private static final List<Held> NUMBERS = List.of(
            new Held("descriptors of nodes in use", LOCAL + "DescriptorCache.java", "MOST", As.NUMBER),
            new Held("files that a guest uses", LOCAL + "FilesByNode.java", "MOST_PLACES", As.NUMBER),
            new Held("buffers of open directories", LOCAL + "DirentBuffers.java", "MOST", As.NUMBER),
            new Held("buffers of open directories", LOCAL + "DirentBuffers.java", "SIZE", As.KIB),
            new Held("ranges of POSIX locks", LOCAL + "PosixLocks.java", "MOST_RANGES", As.NUMBER),
            new Held("requests that wait for a lock", DEVICE + "LockWaits.java", "MOST", As.NUMBER),
            new Held("what one answer", DEVICE + "operation/DirectoryOperations.java", "MOST", As.KIB),
            new Held("mappings of the DAX window", DEVICE + "dax/DaxWindow.java", "LINUX_RANGE", As.MIB),
            new Held("pieces of the buffers", QUEUE + "queue/ChainPool.java", "PIECES_FOR_DESCRIPTOR", As.NUMBER),
            new Held("pieces of the buffers", QUEUE + "ring/ChainBytes.java", "MAX_PIECES", As.NUMBER),
            new Held("INIT and DESTROY", DEVICE + "SessionThread.java", "MOST_CHANGES", As.NUMBER),
            new Held("requests that wait for a disk", DEVICE + "RequestPool.java", "MOST_WAITING", As.NUMBER),
            new Held("long requests", DEVICE + "operation/LongHeads.java", "MOST", As.NUMBER),
            new Held("long requests", DEVICE + "operation/RequestLengths.java", "LARGEST", As.KIB),
            new Held(
                    "memory that a virtual machine shares",
                    "vhostuser/src/main/java/dev/oriel/vhostuser/MemoryRequests.java",
                    "MAX_SLOTS",
                    As.NUMBER),
            new Held(
                    "memory that a virtual machine shares",
                    "vfiouser/src/main/java/dev/oriel/vfiouser/DmaRegions.java",
                    "MAX_REGIONS",
                    As.NUMBER),
            new Held(
                    "memory that a virtual machine shares",
                    "vfiouser/src/main/java/dev/oriel/vfiouser/DmaRegions.java",
                    "MAX_MAPPINGS",
                    As.NUMBER),
            new Held(
                    "files that a VMM has passed",
                    "linux/src/main/java/dev/oriel/linux/ReceivedDescriptors.java",
                    "MOST",
                    As.NUMBER),
            new Held("guests", "app/src/main/java/dev/oriel/app/serve/Server.java", "MOST_CONNECTIONS", As.NUMBER),
            new Held("lines in the log", "app/src/main/java/dev/oriel/app/log/LogRate.java", "BURST", As.NUMBER));

    /** Rows whose numbers are made of options: their tests are those of budgets, staging and the command line. */
    private static final List<String> OF_OPTIONS = List.of(
            "nodes: files that guests know",
            "open files and directories",
            "removed files that a guest may still use",
            "copies for a staged window",
            "requests in flight",
            "what is changed of staged files");

    private static List<String> rows() throws IOException {
        List<String> rows = new ArrayList<>();
        boolean inside = false;
        for (String line : Files.readAllLines(REPOSITORY.resolve("docs/operating.md"))) {
            inside = line.startsWith("| resource |") || (inside && line.startsWith("|"));
            if (inside && !line.startsWith("| resource |") && !line.startsWith("|---")) {
                rows.add(line);
            }
        }
        return rows;
    }

    @Test
    void eachNumberIsThatOfTheSources() throws IOException {
        List<String> rows = rows();
        for (Held held : NUMBERS) {
            String wanted = held.as().write(held.value());
            assertThat(rows.stream().filter(row -> row.startsWith("| " + held.row())))
                    .as("%s of %s", held.constant(), held.source())
                    .singleElement()
                    .asString()
                    .containsPattern("\\b" + Pattern.quote(wanted) + "\\b");
        }
    }

    @Test
    void eachRowIsHeldAgainstSomething() throws IOException {
        List<String> held = new ArrayList<>(OF_OPTIONS);
        NUMBERS.forEach(number -> held.add(number.row()));
        assertThat(rows())
                .hasSizeGreaterThan(20)
                .allSatisfy(row -> assertThat(held).anyMatch(beginning -> row.startsWith("| " + beginning)));
    }
}
