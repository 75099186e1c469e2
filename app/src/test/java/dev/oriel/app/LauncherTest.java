package dev.oriel.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The launcher script in a copy of the tree, with a Java and a Maven that only say how they were called. */
class LauncherTest {
    private static final Path REPOSITORY = Path.of("..").toAbsolutePath().normalize();

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
        Files.copy(REPOSITORY.resolve("scripts/java.sh"), root.resolve("scripts/java.sh"));
        Files.createSymbolicLink(root.resolve("virtiofsd"), Path.of("oriel"));
        java = jdk("25.0.3");
        Path sources = Files.createDirectories(root.resolve("app/src/main/java"));
        Files.writeString(sources.resolve("Some.java"), "");
        Files.writeString(root.resolve("pom.xml"), "");
        jar = root.resolve("app/target/modules/oriel-app-1.jar");
        Files.createDirectories(folder.resolve("bin"));
        program(folder.resolve("bin/mvn"), "echo \"mvn $*\"; mkdir -p '" + jar.getParent() + "'; touch '" + jar + "'");
    }

    private Path jdk(String version) throws IOException {
        Path home = Files.createDirectories(folder.resolve("jdk-" + version));
        Files.createDirectory(home.resolve("bin"));
        Files.writeString(home.resolve("release"), "IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"" + version + "\"\n");
        program(home.resolve("bin/java"), "printf '%s\\n' \"$@\"");
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
        Files.setLastModifiedTime(jar, FileTime.from(Instant.now().plusSeconds(60)));
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
        assertThat(launch(root.resolve("oriel"), Map.of()).err()).isEmpty();
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

    @Test
    void anOldJavaIsRefusedWithTheWayToANewOne() throws Exception {
        Path old = jdk("21.0.1");
        CommandRun named = launch(root.resolve("oriel"), Map.of("ORIEL_JAVA_HOME", old.toString()));
        assertThat(named.status()).isEqualTo(1);
        assertThat(named.err()).contains("ORIEL_JAVA_HOME=" + old, "JDK 25");
    }
}
