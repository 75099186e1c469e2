package dev.oriel.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The test command in a copy of the tree, with a Maven that only leaves reports, and an archive that lacks a part. */
class CheckTest {
    private static final Path REPOSITORY = Path.of("..").toAbsolutePath().normalize();

    @TempDir
    @SuppressWarnings("NullAway.Init") // by JUnit
    private Path folder;

    private record Outcome(int status, List<String> lines) {}

    private void script(String name, String text) throws IOException {
        Path path = folder.resolve(name);
        Files.createDirectories(path.getParent());
        Files.writeString(path, "#!/bin/bash\n" + text);
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    @BeforeEach
    void copyTheTree() throws IOException {
        Files.createDirectory(folder.resolve("scripts"));
        for (String name : List.of("check", "scripts/java.sh")) {
            Files.copy(REPOSITORY.resolve(name), folder.resolve(name));
        }
        script("jdk/bin/java", "");
        script("jdk/bin/javac", "");
        Files.writeString(folder.resolve("jdk/release"), "JAVA_VERSION=\"25.0.3\"\n");
        script("guests/fetch", """
                [ "$*" != "--for x86_64,uml" ] || exit 0
                echo "guests: 1 s  s390x: not from trixie: E: 404" >&2
                echo "guests/fetch: s390x: the Debian archive has no linux-image of version 6.12" >&2
                echo "guests/fetch: all is there but what the archive does not have now: s390x" >&2
                exit 3
                """);
    }

    /** @param failures how many of five tests fail, beside two that are skipped */
    private Outcome check(int failures) throws IOException, InterruptedException {
        script("tools/mvn", """
                for module in one two; do mkdir -p $module/target/surefire-reports; done
                echo '<testsuite name="A" tests="3" errors="0" skipped="2" failures="0">' >one/target/surefire-reports/TEST-A.xml
                echo '<testsuite name="B" tests="2" errors="0" skipped="0" failures="%d">' >two/target/surefire-reports/TEST-B.xml
                """.formatted(failures));
        // of an earlier run, and not to be counted
        script("one/target/surefire-reports/TEST-Old.xml", "<testsuite name=\"Old\" tests=\"9\" failures=\"9\">");
        ProcessBuilder builder =
                new ProcessBuilder("bash", folder.resolve("check").toString()).redirectErrorStream(true);
        builder.environment().put("ORIEL_JAVA_HOME", folder.resolve("jdk").toString());
        builder.environment().put("PATH", folder.resolve("tools") + ":" + System.getenv("PATH"));
        Process process = builder.start();
        process.getOutputStream().close();
        List<String> lines = process.inputReader().lines().toList();
        return new Outcome(process.waitFor(), lines);
    }

    @Test
    void itCountsAndSaysWhatWasSkippedForWantOfAPart() throws Exception {
        Outcome outcome = check(0);
        assertThat(outcome.lines()).last().isEqualTo("3 passed, 0 failed, 2 skipped");
        assertThat(outcome.status()).isZero();
        assertThat(outcome.lines().stream().filter(line -> line.contains("for want of")))
                .containsExactly("check: tests are skipped for want of s390x: the Debian archive has no linux-image of"
                        + " version 6.12");
    }

    @Test
    void aTestThatFailsFailsIt() throws Exception {
        Outcome outcome = check(1);
        assertThat(outcome.lines()).last().isEqualTo("2 passed, 1 failed, 2 skipped");
        assertThat(outcome.status()).isEqualTo(1);
    }
}
