package dev.oriel.bustests;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.extension.AfterTestExecutionCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Writes what passed and what failed as a table, transport and byte order by test, to target/bus-suite.txt. */
final class SuiteTable implements AfterTestExecutionCallback {
    private static final Path FILE = Path.of("target", "bus-suite.txt");

    /** By case, then by test. */
    private static final Map<String, Map<String, Boolean>> RESULTS = new TreeMap<>();

    @Override
    public void afterTestExecution(ExtensionContext context) {
        String displayed = context.getDisplayName();
        Optional<Case> found = Case.all().stream()
                .filter(given -> displayed.contains(given.toString()))
                .findFirst();
        if (found.isPresent()) {
            String test = context.getRequiredTestClass().getSimpleName() + "."
                    + context.getRequiredTestMethod().getName();
            record(found.get().toString(), test, context.getExecutionException().isEmpty());
        }
    }

    private static synchronized void record(String given, String test, boolean passed) {
        RESULTS.computeIfAbsent(given, _ -> new TreeMap<>()).merge(test, passed, Boolean::logicalAnd);
        try {
            Files.createDirectories(FILE.getParent());
            Files.writeString(FILE, table());
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    private static String table() {
        TreeSet<String> tests = new TreeSet<>();
        RESULTS.values().forEach(row -> tests.addAll(row.keySet()));
        StringBuilder text = new StringBuilder();
        int number = 0;
        for (String test : tests) {
            text.append("%3d  %s%n".formatted(++number, test));
        }
        text.append("%n%-40s".formatted("transport, byte order of the session"));
        for (int i = 1; i <= number; i++) {
            text.append("%4d".formatted(i));
        }
        text.append('\n');
        for (Case given : Case.all()) {
            Map<String, Boolean> row = RESULTS.get(given.toString());
            if (row != null) {
                text.append("%-40s".formatted(given));
                for (String test : tests) {
                    Boolean passed = row.get(test);
                    text.append(passed == null ? "   -" : passed ? "  ok" : "FAIL");
                }
                text.append('\n');
            }
        }
        return text.toString();
    }
}
