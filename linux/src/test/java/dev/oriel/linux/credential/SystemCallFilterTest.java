package dev.oriel.linux.credential;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a process can still do, in a JVM of its own each time. */
class SystemCallFilterTest {
    /** 128 and SIGSYS. */
    private static final int KILLED = 159;

    /** C functions whose system call has another name. */
    private static final Map<String, String> CALL_OF_FUNCTION = Map.of(
            "eventfd", "eventfd2",
            "posix_fadvise", "fadvise64",
            "prlimit", "prlimit64",
            "send", "sendto");

    /** Those of which an argument is looked at; syscall(2) is any, and getpagesize(3) none. */
    private static final Set<String> JUDGED =
            Set.of("connect", "fcntl", "ioctl", "prctl", "prlimit64", "unshare", "socket", "syscall", "getpagesize");

    /** Of a server before the filter is there, when it begins to listen; and mincore(2), for benchmarks alone. */
    private static final Set<String> NOT_BY_WHO_LISTENS = Set.of("bind", "listen", "mincore");

    /** Calls that the filter knows beside its lists: their arguments are looked at, or they are not there. */
    private static final Set<String> WITH_ARGUMENTS = Set.of(
            "bind",
            "clone",
            "clone3",
            "connect",
            "fcntl",
            "ioctl",
            "prctl",
            "prlimit64",
            "sendmmsg",
            "socket",
            "tgkill",
            "unshare");

    private static final Pattern CALL = Pattern.compile("`([a-z0-9_]+)`");

    private static final Pattern LINKED = Pattern.compile("Native\\.link\\(\\s*\"([a-z0-9_]+)\"");

    @TempDir
    @SuppressWarnings("NullAway.Init") // by JUnit
    private Path folder;

    private record End(int status, String said) {}

    private End run(String wall, String deed) throws Exception {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:-CreateCoredumpOnCrash",
                        "--enable-native-access=dev.oriel.linux",
                        "--module-path=" + classesOf(SystemCallFilter.class, 5),
                        "--patch-module=dev.oriel.linux=" + classesOf(FilteredProcess.class, 5),
                        "--module=dev.oriel.linux/dev.oriel.linux.credential.FilteredProcess",
                        wall,
                        deed,
                        folder.toString())
                .redirectErrorStream(true)
                .start();
        process.getOutputStream().close();
        String said = String.join("\n", process.inputReader().lines().toList());
        return new End(process.waitFor(), said);
    }

    /** The directory that has the class files of the package of {@code type}, {@code depth} folders up. */
    private static Path classesOf(Class<?> type, int depth) throws Exception {
        URL file = requireNonNull(type.getResource(type.getSimpleName() + ".class"));
        return Path.of(file.toURI()).resolve("../".repeat(depth)).normalize();
    }

    @Test
    void whatAServerDoesGoesOn() throws Exception {
        End end = run("KILL", "serve");
        assertThat(end.said()).contains("file 1.5", "close: -9", "went on");
        assertThat(end.status()).isZero();
    }

    @Test
    void aUnixSocketCanBeMade() throws Exception {
        assertThat(run("KILL", "local")).isEqualTo(new End(0, "went on"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"internet", "connect", "signal", "limit", "execute", "mount", "namespace"})
    void aCallThatServingDoesNotNeedEndsTheProcess(String deed) throws Exception {
        End end = run("KILL", deed);
        assertThat(end.said()).doesNotContain("went on");
        assertThat(end.status()).isEqualTo(KILLED);
    }

    @Test
    void aCallCanBeLoggedInstead() throws Exception {
        assertThat(run("LOG", "namespace").said()).endsWith("went on");
    }

    @Test
    void landlockHoldsAProcessToItsFolder() throws Exception {
        assumeThat(Landlock.version()).isPositive();
        assertThat(run("landlock", "serve").said()).endsWith("went on");
        assertThat(run("landlock", "write").said()).contains("AccessDeniedException");
    }

    /** Whoever links another C function has to say here whether a server that listens may call it. */
    @Test
    void everyFunctionThatIsLinkedIsAllowed() throws IOException {
        Set<String> missing = new TreeSet<>();
        try (Stream<Path> sources = Files.walk(Path.of("src/main/java"))) {
            for (Path source :
                    sources.filter(file -> file.toString().endsWith(".java")).toList()) {
                LINKED.matcher(Files.readString(source))
                        .results()
                        .map((MatchResult match) -> match.group(1))
                        .map(function -> CALL_OF_FUNCTION.getOrDefault(function, function))
                        .filter(call -> !JUDGED.contains(call) && !NOT_BY_WHO_LISTENS.contains(call))
                        .filter(call -> !SystemCallFilter.allowed().containsKey(call))
                        .forEach(missing::add);
            }
        }
        assertThat(missing).isEmpty();
    }

    private static Set<String> known() {
        Set<String> known = new TreeSet<>(WITH_ARGUMENTS);
        known.addAll(SystemCallFilter.allowed().keySet());
        known.addAll(SystemCallFilter.allowedWithNetwork().keySet());
        return known;
    }

    /** Whoever allows another call has to say there why. */
    @Test
    void theTablesOfTheDocumentNameEachCallOnce() throws IOException {
        String document = Files.readString(Path.of("../docs/confinement.md"));
        String chapter = document.substring(document.indexOf("\n## System calls\n"));
        List<String> named = chapter.substring(1, chapter.indexOf("\n## ", 1))
                .lines()
                .filter(line -> line.startsWith("|"))
                .map(line -> line.substring(0, line.indexOf('|', 1)))
                .flatMap(calls -> CALL.matcher(calls).results().map((MatchResult match) -> match.group(1)))
                .sorted()
                .toList();
        assertThat(named).containsExactlyElementsOf(known());
    }

    /** docs/architecture.md, "Tests", tells how the counts come to be. */
    @Test
    @EnabledIfSystemProperty(named = "oriel.calls", matches = ".+")
    void serversOfTheGuestTestsHaveMadeNoOtherCall() throws IOException {
        Map<String, Long> made = new TreeMap<>();
        try (Stream<Path> servers = Files.list(Path.of(System.getProperty("oriel.calls")))) {
            for (Path server : servers.toList()) {
                for (String line : Files.readAllLines(server)) {
                    String[] words = line.strip().split(" +", -1);
                    if (words.length == 2 && words[1].matches("[0-9]+") && !words[0].equals("total")) {
                        made.merge(words[0], Long.valueOf(words[1]), Long::sum);
                    }
                }
            }
        }
        Set<String> notMade = known();
        notMade.removeAll(made.keySet());
        System.out.printf("made, and how often: %s%nallowed, and not made: %s%n", made, notMade);
        assertThat(made).isNotEmpty();
        assertThat(known()).containsAll(made.keySet());
    }
}
