package dev.oriel.guests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** guests/fetch with the real apt and the real Debian archive, of which files are missing. */
@Tag("guest")
class FetchTest {
    @TempDir
    private Path folder;

    /** Where apt asks a proxy already, or the archive by HTTPS, nobody can stand between. */
    @BeforeEach
    void aptAsksTheArchiveByHttp() throws Exception {
        assumeThat(lines("apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"))
                .anyMatch(uri -> uri.matches("http:.*/debian/?"))
                .noneMatch(uri -> uri.startsWith("https:"));
        assumeThat(lines("apt-config", "dump", "Acquire::http::Proxy"))
                .noneMatch(line -> line.matches(".*Proxy \".+\";"));
        assumeThat(System.getenv("http_proxy")).isNull();
    }

    private static List<String> lines(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).start();
        try (BufferedReader output = process.inputReader()) {
            return output.lines().toList();
        } finally {
            process.waitFor();
        }
    }

    private record Outcome(int status, String output) {}

    private Outcome fetch(MirrorWithHoles mirror, String parts) throws IOException, InterruptedException {
        Path script = Files.write(folder.resolve("fetch"), Scripts.bytes("fetch"));
        Path output = folder.resolve("output");
        ProcessBuilder builder = new ProcessBuilder("bash", script.toString(), "--for", parts)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile());
        builder.environment().put("ORIEL_GUESTS", folder.resolve("kit").toString());
        builder.environment().put("APT_CONFIG", mirror.aptConfiguration(folder).toString());
        int status = builder.start().waitFor();
        return new Outcome(status, Files.readString(output));
    }

    private GuestKit kit() {
        return GuestKit.at(folder.resolve("kit"));
    }

    @Test
    void aPackageThatAListNamesAndTheMirrorLacksComesFromAnotherSuite() throws Exception {
        // The first file of the daemon that is asked for is the one of the first suite.
        AtomicReference<String> first = new AtomicReference<>();
        try (MirrorWithHoles mirror = new MirrorWithHoles(path ->
                path.contains("/virtiofsd_") && (first.compareAndSet(null, path) || path.equals(first.get())))) {
            Outcome outcome = fetch(mirror, "peer");

            assertThat(outcome.status()).as(outcome.output()).isZero();
            assertThat(mirror.refused()).isNotEmpty();
            assertThat(outcome.output()).contains("peer: not from trixie+trixie-backports: E: ", "404");
            kit().require(List.of(KitPart.PEER));
        }
    }

    @Test
    void aPartThatCannotBeHadDoesNotKeepTheOthersFromBeingFetched() throws Exception {
        try (MirrorWithHoles mirror = new MirrorWithHoles(path -> path.contains("/user-mode-linux_"))) {
            Outcome outcome = fetch(mirror, "uml-6.1,peer");

            assertThat(outcome.status()).as(outcome.output()).isEqualTo(3);
            assertThat(outcome.output()).contains("guests/fetch: uml-6.1: the Debian archive has no user-mode-linux");
            kit().require(List.of(KitPart.PEER));
            assertThat(kit().unavailable(KitPart.UML_6_1)).get().asString().contains("404");
            assertThatThrownBy(() -> kit().require(List.of(KitPart.UML_6_1)))
                    .isInstanceOfSatisfying(
                            MissingPartException.class,
                            missing -> assertThat(missing.unavailable()).isTrue());
        }
        try (MirrorWithHoles whole = new MirrorWithHoles(path -> false)) {
            assertThat(fetch(whole, "uml-6.1").status()).isZero();
            assertThat(kit().unavailable(KitPart.UML_6_1)).isEmpty();
        }
    }
}
