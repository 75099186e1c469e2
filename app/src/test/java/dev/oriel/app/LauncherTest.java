package dev.oriel.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The launcher script in a copy of the tree, with a Java and a Maven that only say how they were called. */
class LauncherTest {
    private static final Path REPOSITORY = Path.of("..").toAbsolutePath().normalize();

    /** Says how it was called; told to make a start cache, it makes one, and listens as a server does. */
    private static final String JAVA = """
            for word in "$@"; do
                case $word in -XX:AOTCacheOutput=*) echo "made${NOTIFY_SOCKET-}" >"${word#*=}"; echo "Listening on x"; exit ;; esac
            done
            printf '%s\\n' "$@"
            """;

    @TempDir
    @SuppressWarnings("NullAway.Init") // by JUnit
    private Path folder;

    private Path root = Path.of("");
    private Path java = Path.of("");
    private Path jar = Path.of("");

    @BeforeEach
    void copyTheTree() throws IOException {
        root = Files.createDirectories(folder.resolve("a tree"));
        Files.createDirectory(root.resolve("scripts"));
        Files.copy(REPOSITORY.resolve("oriel"), root.resolve("oriel"));
        for (String script : List.of("java.sh", "cache.sh", "sandbox.sh", "enter.sh", "shares.sh")) {
            Files.copy(
                    REPOSITORY.resolve("scripts").resolve(script),
                    root.resolve("scripts").resolve(script));
        }
        Files.createSymbolicLink(root.resolve("virtiofsd"), Path.of("oriel"));
        java = jdk("25.0.3");
        Path sources = Files.createDirectories(root.resolve("app/src/main/java"));
        Files.writeString(sources.resolve("Some.java"), "");
        Files.writeString(root.resolve("pom.xml"), "");
        FileTime earlier = FileTime.from(Instant.now().minusSeconds(600));
        for (Path source : List.of(sources.resolve("Some.java"), root.resolve("pom.xml"))) {
            Files.setLastModifiedTime(source, earlier);
        }
        jar = root.resolve("app/target/modules/oriel-app-1.jar");
        Files.createDirectories(folder.resolve("bin"));
        program(folder.resolve("bin/mvn"), "echo \"mvn $*\"; mkdir -p '" + jar.getParent() + "'; touch '" + jar + "'");
    }

    private Path jdk(String version) throws IOException {
        Path home = Files.createDirectories(folder.resolve("jdk-" + version));
        Files.createDirectory(home.resolve("bin"));
        Files.writeString(
                home.resolve("release"),
                "IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"%s\"\nJAVA_RUNTIME_VERSION=\"%s+9\"\n".formatted(version, version));
        program(home.resolve("bin/java"), JAVA);
        program(home.resolve("bin/javac"), "");
        return home;
    }

    private static void program(Path file, String text) throws IOException {
        Files.writeString(file, "#!/bin/sh\n" + text + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private void build() throws IOException {
        Files.createDirectories(jar.getParent());
        Files.writeString(jar, "");
        Files.setLastModifiedTime(jar, FileTime.from(Instant.now()));
    }

    private CommandRun launch(Path program, Map<String, String> environment, String... arguments) throws Exception {
        List<String> words = new ArrayList<>(List.of(program.toString()));
        words.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(words).directory(folder.toFile());
        builder.environment().put("ORIEL_JAVA_HOME", java.toString());
        builder.environment().put("PATH", folder.resolve("bin") + ":" + System.getenv("PATH"));
        builder.environment().putAll(environment);
        return CommandRun.end(builder.start());
    }

    @Test
    void itStartsFromAnyFolderAndThroughLinks() throws Exception {
        build();
        Path link = Files.createSymbolicLink(folder.resolve("link"), root.resolve("oriel"));
        CommandRun run =
                launch(Files.createSymbolicLink(folder.resolve("oriel"), link), Map.of(), "serve", "two words");
        assertThat(run.status()).isZero();
        assertThat(run.out().lines())
                .containsSequence(
                        "--module-path", root.resolve("app/target/modules").toString())
                .contains("--enable-native-access=dev.oriel.linux", "-Doriel.name=oriel")
                .endsWith("serve", "two words");
    }

    @Test
    void calledAsVirtiofsdItSaysSoAndDoesNotBuild() throws Exception {
        CommandRun unbuilt = launch(root.resolve("virtiofsd"), Map.of());
        assertThat(unbuilt.status()).isEqualTo(1);
        assertThat(unbuilt.err()).contains("not built yet");

        build();
        assertThat(launch(root.resolve("virtiofsd"), Map.of()).out()).contains("-Doriel.name=virtiofsd");
    }

    @Test
    void whatIsNotBuiltIsBuiltFirst() throws Exception {
        CommandRun run = launch(root.resolve("oriel"), Map.of(), "--version");
        assertThat(run.status()).as(run.err()).isZero();
        assertThat(run.err()).contains("building").contains("built in");
        assertThat(run.out()).contains("--version");
        assertThat(root.resolve("app/target/build.log")).content().contains("--offline", "package");
    }

    @Test
    void aBuildOlderThanItsSourcesIsMadeAnew() throws Exception {
        build();
        assertThat(launch(root.resolve("oriel"), Map.of()).err()).doesNotContain("built in");
        Files.setLastModifiedTime(jar, FileTime.from(Instant.now().minusSeconds(3600)));
        assertThat(launch(root.resolve("oriel"), Map.of()).err()).contains("built in");
    }

    @Test
    void aBuildThatFailsIsToldWithItsErrors() throws Exception {
        program(folder.resolve("bin/mvn"), "echo '[ERROR] Some.java: not Java'; exit 1");
        CommandRun run = launch(root.resolve("oriel"), Map.of());
        assertThat(run.status()).isEqualTo(1);
        assertThat(run.err()).contains("Some.java: not Java", "the build failed", "build.log");
    }

    private List<Path> caches() throws IOException {
        try (Stream<Path> files = Files.list(root.resolve("app/target/cache"))) {
            return files.filter(file -> file.toString().contains("jdk-")).toList();
        }
    }

    @Test
    void theStartCacheIsMadeOnceForEachBuildAndThenUsed() throws Exception {
        build();
        CommandRun first = launch(root.resolve("oriel"), Map.of(), "ls");
        assertThat(first.err()).contains("preparing quick starts");
        assertThat(caches()).hasSize(1);
        String use = "-XX:AOTCache=" + caches().getFirst();
        assertThat(first.out()).contains(use);
        CommandRun second = launch(root.resolve("oriel"), Map.of(), "ls");
        assertThat(second.err()).isEmpty();
        assertThat(second.out()).contains(use);

        build();
        assertThat(launch(root.resolve("oriel"), Map.of(), "ls").err()).contains("preparing quick starts");
    }

    /** It would take the server that makes the cache for the one that it has asked for. */
    @Test
    void systemdHearsNothingOfIt() throws Exception {
        build();
        launch(root.resolve("oriel"), Map.of("NOTIFY_SOCKET", "/run/systemd/notify"), "ls");
        assertThat(caches().getFirst()).hasContent("made");
    }

    @Test
    void startsAtOnceMakeTheCacheOnce() throws Exception {
        build();
        Path lock = Files.createDirectories(root.resolve("app/target/cache")).resolve("lock");
        Process holder = new ProcessBuilder("flock", lock.toString(), "sh", "-c", "echo held; cat").start();
        List<Future<CommandRun>> starts = new ArrayList<>();
        try (ExecutorService threads = Executors.newFixedThreadPool(3)) {
            assertThat(holder.inputReader().readLine()).isEqualTo("held");
            for (int i = 0; i < 3; i++) {
                starts.add(threads.submit(() -> launch(root.resolve("oriel"), Map.of(), "ls")));
            }
            awaitWaiters(lock, starts.size());
            holder.descendants().forEach(ProcessHandle::destroyForcibly);
        } finally {
            holder.destroyForcibly().waitFor();
        }
        int made = 0;
        for (Future<CommandRun> start : starts) {
            CommandRun run = start.get();
            assertThat(run.status()).isZero();
            assertThat(run.out()).contains("-XX:AOTCache=");
            made += run.err().contains("preparing") ? 1 : 0;
        }
        assertThat(made).isEqualTo(1);
    }

    /** Waits until so many processes wait for a lock, as {@code /proc/locks} says (proc(5)). */
    private static void awaitWaiters(Path lock, int wanted) throws Exception {
        String inode = ":" + Files.getAttribute(lock, "unix:ino") + " ";
        long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
        long waiting = 0;
        while (waiting < wanted) {
            assertThat(System.nanoTime())
                    .as("%d of %d starts wait", waiting, wanted)
                    .isLessThan(deadline);
            Thread.sleep(10);
            waiting = Files.readAllLines(Path.of("/proc/locks")).stream()
                    .filter(line -> line.contains("-> FLOCK") && line.contains(inode))
                    .count();
        }
    }

    @Test
    void aJavaThatCannotMakeACacheIsAskedOnce() throws Exception {
        build();
        program(java.resolve("bin/java"), "printf '%s\\n' \"$@\"");
        CommandRun first = launch(root.resolve("oriel"), Map.of(), "ls");
        assertThat(first.status()).isZero();
        assertThat(first.out()).doesNotContain("AOTCache").endsWith("ls");
        CommandRun second = launch(root.resolve("oriel"), Map.of(), "ls");
        assertThat(second.err()).isEmpty();
        assertThat(second.out()).doesNotContain("AOTCache").endsWith("ls");
    }

    @Test
    void whereNoCacheCanBeWrittenItStartsWithout() throws Exception {
        build();
        Files.writeString(root.resolve("app/target/cache"), "no folder");
        CommandRun run = launch(root.resolve("oriel"), Map.of(), "ls");
        assertThat(run.status()).isZero();
        assertThat(run.err()).isEmpty();
        assertThat(run.out()).doesNotContain("AOTCache").endsWith("ls");
    }

    @Test
    void calledAsVirtiofsdItUsesTheCacheAndDoesNotMakeIt() throws Exception {
        build();
        CommandRun without = launch(root.resolve("virtiofsd"), Map.of());
        assertThat(without.err()).isEmpty();
        assertThat(without.out()).doesNotContain("AOTCache");
        launch(root.resolve("oriel"), Map.of(), "ls");
        assertThat(launch(root.resolve("virtiofsd"), Map.of()).out()).contains("-XX:AOTCache=");
    }

    @Test
    void anOldJavaIsRefusedWithTheWayToANewOne() throws Exception {
        Path old = jdk("21.0.1");
        CommandRun named = launch(root.resolve("oriel"), Map.of("ORIEL_JAVA_HOME", old.toString()));
        assertThat(named.status()).isEqualTo(1);
        assertThat(named.err()).contains("ORIEL_JAVA_HOME=" + old, "JDK 25");
    }
}
