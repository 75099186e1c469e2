package dev.oriel.app.tour;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.oriel.app.CommandRun;
import dev.oriel.guests.GuestKit;
import dev.oriel.guests.KitPart;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The tour, in a process of its own, with its temporary files where the test sees what is left of them. */
class TryTest {
    @TempDir
    @SuppressWarnings("NullAway.Init") // by JUnit
    private Path folder;

    private CommandRun tour(Map<String, String> environment, String... arguments) throws Exception {
        String[] words = new String[1 + arguments.length];
        words[0] = "try";
        System.arraycopy(arguments, 0, words, 1, arguments.length);
        Process process = CommandRun.start("oriel", environment, words);
        return CommandRun.end(process);
    }

    private static List<Path> leftInTemporaryFolder() throws IOException {
        try (Stream<Path> files = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
            return files.filter(file -> file.getFileName().toString().startsWith("oriel-try-"))
                    .toList();
        }
    }

    @Test
    void withoutAGuestItShowsWhatItCanAndSaysWhatIsMissing() throws Exception {
        List<Path> before = leftInTemporaryFolder();
        // No apt here: as on a machine of another distribution.
        Path programs = Files.createDirectory(folder.resolve("bin"));
        for (String program :
                List.of("bash", "cat", "env", "sleep", "tail", "mkdir", "setpriv", "stty", "rm", "dirname")) {
            Files.createSymbolicLink(programs.resolve(program), Path.of("/usr/bin", program));
        }
        CommandRun run = tour(Map.of("ORIEL_GUESTS", folder.resolve("kit").toString(), "PATH", programs.toString()));
        assertThat(run.status()).as(run.out() + run.err()).isEqualTo(1);
        assertThat(run.out())
                .contains("no 'apt-get'", "the server answers: tag 'oriel'", "no guest could be had")
                .contains("Not everything could be shown");
        assertThat(leftInTemporaryFolder()).isEqualTo(before);
    }

    @ParameterizedTest
    @ValueSource(strings = {"uml", "s390x"})
    @Tag("guest")
    void aGuestMountsListsReadsAndWrites(String guest) throws Exception {
        if (guest.equals("s390x")) {
            assumeThat(GuestKit.locate().unavailable(KitPart.S390X)).isEmpty();
        }
        CommandRun run = tour(Map.of(), "--guest=" + guest, "--json");
        assertThat(run.status()).as(run.out() + run.err()).isZero();
        assertThat(run.out())
                .contains("\"complete\": true", "\"guest\": \"" + guest + "\"")
                .startsWith("{");
        assertThat(run.err()).contains("every SHA-256 as on the host", "appeared on the host");
    }

    @Test
    @Tag("guest")
    void aDirectoryOfTheUsersIsReadOnlyAndUntouched() throws Exception {
        Files.writeString(folder.resolve("a file"), "mine");
        CommandRun run = tour(Map.of(), folder.toString(), "--guest=uml");
        assertThat(run.status()).as(run.out() + run.err()).isZero();
        assertThat(run.out()).contains("1 entries, as on the host", "refused, as it must be");
        assertThat(folder.toFile().list()).containsExactly("a file");
    }

    @Test
    @Tag("guest")
    void theTourOverTheWindowComparesItWithRequests() throws Exception {
        CommandRun run = tour(Map.of(), "--dax", "--json");
        assertThat(run.status()).as(run.out() + run.err()).isZero();
        assertThat(run.out())
                .contains("\"complete\": true", "\"dax\": true", "\"by_request\": {", "\"by_window\": {")
                .contains("mounted on /mnt with dax=always", "every SHA-256 as on the host");
        assertThat(run.err())
                .containsPattern("1 MiB at a time +[0-9]+ MiB/s +[0-9]+ MiB/s +[0-9.]+ times")
                .containsPattern("memory of the guest +[0-9.]+ MiB +[0-9.]+ MiB");
        assertThat(guestMemory(run.out(), "by_window"))
                .as(run.err())
                .isLessThan(guestMemory(run.out(), "by_request") / 4);
    }

    /** What the tour of {@code way} put into the guest's page cache, in MiB. */
    private static double guestMemory(String json, String way) {
        Matcher figure = Pattern.compile("\"" + way + "\": \\{[^}]*\"guest_memory_mib\": ([0-9.]+)")
                .matcher(json);
        assertThat(figure.find()).as(json).isTrue();
        return Double.parseDouble(figure.group(1));
    }

    @Test
    void aGuestWithoutAWindowIsWrongUsage() throws Exception {
        CommandRun run = tour(Map.of(), "--dax", "--guest=uml");
        assertThat(run.status()).isEqualTo(2);
        assertThat(run.err()).contains("--dax: a guest of the kind uml has no DAX window");
    }

    @Test
    void aDirectoryThatIsMissingIsSaid() throws Exception {
        CommandRun run = tour(Map.of(), folder.resolve("gone").toString());
        assertThat(run.status()).isEqualTo(1);
        assertThat(run.err()).contains("does not exist");
    }

    @Test
    void anUnknownGuestIsWrongUsage() throws Exception {
        CommandRun run = tour(Map.of(), "--guest=windows");
        assertThat(run.status()).isEqualTo(2);
        assertThat(run.err()).contains("--guest", "windows", "UML");
    }
}
