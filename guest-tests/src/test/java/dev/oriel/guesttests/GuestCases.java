package dev.oriel.guesttests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.DynamicContainer.dynamicContainer;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicNode;

/** Makes tests of the lines in which a program in a guest reports its cases. */
final class GuestCases {
    private GuestCases() {}

    /**
     * Tests that come to be when their turn has come: only then a guest is booted for them.
     *
     * @param lines runs the program and gives what it wrote
     * @param expected what the same program wrote natively: a case that found out the same thing there must have found
     *     the same
     */
    static DynamicNode container(String name, Callable<List<String>> lines, List<String> expected) {
        return container(name, () -> tests(name, lines.call(), expected));
    }

    /** The same, with tests of the caller's. What is thrown while they come to be is the outcome of one test. */
    static DynamicNode container(String name, Callable<Stream<DynamicNode>> tests) {
        return dynamicContainer(name, Stream.of(tests).flatMap(run -> {
            try {
                return run.call();
            } catch (Exception e) {
                return Stream.of(dynamicTest(name + ": the guest is started and runs its program", () -> {
                    throw e;
                }));
            }
        }));
    }

    static Stream<DynamicNode> tests(String name, List<String> lines, List<String> expected) {
        Map<String, String> values = new HashMap<>();
        for (CaseLine line : CaseLine.of(expected)) {
            if (line.verdict() == CaseLine.Verdict.OK) {
                values.put(line.name(), line.text());
            }
        }
        List<CaseLine> cases = CaseLine.of(lines);
        Stream<DynamicNode> tests =
                cases.stream().map(line -> dynamicTest(name + ": " + line.name(), () -> judge(line, values)));
        return Stream.concat(
                tests,
                Stream.of(dynamicTest(
                        name + ": the program comes to its end",
                        () -> assertThat(lines).contains("cases end"))));
    }

    private static void judge(CaseLine line, Map<String, String> values) {
        switch (line.verdict()) {
            case FAILED -> fail(line.text());
            case SKIPPED -> abort(line.text());
            case OK -> {
                String value = values.get(line.name());
                if (value != null) {
                    assertThat(line.text())
                            .as("what the guest found, and what a local folder gives")
                            .isEqualTo(value);
                }
            }
        }
    }
}
