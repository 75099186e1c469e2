package dev.oriel.concurrency;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs each race of this module some hundred thousand times, by jcstress: once, compiled as the JVM likes, on
 * processors that the host chooses. Longer, in every way of compiling and placing them: {@code mvn verify -pl
 * concurrency-tests -am -Doriel.races=default}.
 */
class RacesTest {
    private static final int RACES = 14;

    private static final List<String> SHORT = List.of(
            "-m", "quick", "-sc", "false", "-af", "NONE", "-jvmArgs", "-Xmx256m", "-time", "200", "-iters", "2");

    @Test
    void noOrderOfEventsIsForbidden(@TempDir Path folder) throws IOException, InterruptedException {
        assumeThat(Runtime.getRuntime().availableProcessors())
                .as("processors: two threads race on two")
                .isGreaterThan(1);
        String mode = System.getProperty("oriel.races", "");
        Path output = folder.resolve("output");
        List<String> command = new ArrayList<>(List.of(
                ProcessHandle.current().info().command().orElseThrow(),
                "-cp",
                System.getProperty("java.class.path"),
                "org.openjdk.jcstress.Main",
                "-r",
                folder.toString()));
        command.addAll(mode.isEmpty() ? SHORT : List.of("-m", mode));
        Process races = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        try {
            races.waitFor();
        } finally {
            races.descendants().forEach(ProcessHandle::destroyForcibly);
            races.destroyForcibly();
        }
        String said = Files.readString(output);
        assertThat(said)
                .contains(
                        "Interesting tests: No matches.",
                        "Failed tests: No matches.",
                        "Error tests: No matches.",
                        RACES + " matching test results");
    }
}
