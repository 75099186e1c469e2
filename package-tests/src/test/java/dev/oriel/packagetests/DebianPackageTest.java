package dev.oriel.packagetests;

import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.guests.Guest;
import dev.oriel.guests.GuestKind;
import dev.oriel.guests.GuestRun;
import dev.oriel.guests.Share;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/** The package of Debian in a root that has nothing else of ours, and no Java. */
@Tag("guest")
class DebianPackageTest {
    private static final String INSTALL = "apt-get -q -o APT::Sandbox::User=root install -y ";

    private static final Duration LIMIT = Duration.ofSeconds(60);

    private static Path built = Path.of("");

    @TempDir
    private Path folder = Path.of("");

    @BeforeAll
    static void makeThePackage() throws Exception {
        built = Run.packageOf("deb");
    }

    /** The same package as a later version, with another image by its name. */
    private Path later() throws Exception {
        Path tree = folder.resolve("later");
        Run.of(List.of("dpkg-deb", "--raw-extract", built.toString(), tree.toString()))
                .orThrow();
        Path control = tree.resolve("DEBIAN/control");
        Files.writeString(control, Files.readString(control).replaceFirst("(?m)^Version: ", "Version: 9~"));
        Files.writeString(tree.resolve("usr/lib/oriel/identity"), "later\n");
        Path to = folder.resolve("later.deb");
        Run.of(List.of("dpkg-deb", "--root-owner-group", "-Znone", "--build", tree.toString(), to.toString()))
                .orThrow();
        return to;
    }

    private static List<String> namesBelow(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    /** Takes half a minute, and the same jars: {@code -Doriel.soak=1}. Two clones make the same bytes too. */
    @Test
    @EnabledIfSystemProperty(named = "oriel.soak", matches = "[1-9].*")
    void twoBuildsAreTheSameBytes() throws Exception {
        Path first = Files.copy(built, folder.resolve("first.deb"));
        assertThat(Files.mismatch(Run.packageOf("deb"), first)).isEqualTo(-1);
    }

    @Test
    void itIsInstalledServesIsReplacedWhileItServesAndLeavesNothing() throws Exception {
        try (DebianRoot root = DebianRoot.in(folder)) {
            Files.copy(built, root.path("/tmp/oriel.deb"));
            Files.copy(later(), root.path("/tmp/later.deb"));
            String before = root.run("find / -xdev | LC_ALL=C sort").orThrow();
            root.run(INSTALL + "/tmp/oriel.deb").orThrow();
            assertThat(root.run("oriel --version; /usr/libexec/virtiofsd-oriel --version")
                            .orThrow())
                    .contains("oriel 0.1.0 (", "virtiofsd 1.13.2 (Oriel 0.1.0, ", "Java 25");
            List<String> caches = namesBelow(root.path("/usr/lib/oriel/cache"));
            assertThat(Files.size(root.path("/usr/lib/oriel/cache").resolve(caches.getFirst())))
                    .as("the start cache, made as the package was installed")
                    .isGreaterThan(1 << 20);
            assertThat(root.run("systemd-analyze verify --man=no oriel@project.service oriel@project.socket")
                            .orThrow())
                    .isEmpty();
            Files.createDirectories(root.path("/run/oriel"));
            Files.createDirectories(root.path("/tmp/project"));
            Files.writeString(root.path("/tmp/project/file"), "of the host\n");
            Process server = root.serve(
                    "oriel serve --shared-dir /tmp/project --socket-path /run/oriel/p.sock --tag p --cache never");
            assertThat(server.descendants())
                    .anySatisfy(process -> assertThat(Path.of("/proc/" + process.pid() + "/status"))
                            .content()
                            .contains("Name:\tjava", "Seccomp:\t2", "NoNewPrivs:\t1"));
            String script = """
                    cat /mnt/file
                    until [ -e /mnt/replaced ]; do sleep 0.1; done
                    cat /mnt/replaced
                    """;
            try (GuestRun guest = Guest.of(DebianRoot.KIT, GuestKind.UML)
                    .share(Share.of(root.path("/run/oriel/p.sock"), "p"))
                    .script(script)
                    .start()) {
                guest.awaitLine("of the host", LIMIT);
                root.run(INSTALL + "/tmp/later.deb").orThrow();
                Files.writeString(root.path("/tmp/project/new"), "after the upgrade\n");
                Files.move(root.path("/tmp/project/new"), root.path("/tmp/project/replaced"));
                guest.await().orThrow();
                assertThat(guest.lines()).contains("of the host", "after the upgrade");
            }
            assertThat(namesBelow(root.path("/usr/lib/oriel/cache")))
                    .contains("later")
                    .doesNotContainAnyElementsOf(caches.stream()
                            .filter(name -> !name.equals("lock") && !name.equals("log"))
                            .toList());
            assertThat(root.run("oriel ls --socket /run/oriel/p.sock").orThrow())
                    .as("the server of the version before, and a new client")
                    .contains("replaced");
            server.descendants().forEach(ProcessHandle::destroy);
            server.waitFor();
            root.run("rm -r /tmp/project; apt-get -q purge -y oriel").orThrow();
            assertThat(root.run("find / -xdev | LC_ALL=C sort").orThrow().lines())
                    .filteredOn(path -> !path.matches("/(tmp|proc|var|dev|run/systemd)(/.*)?"))
                    .containsExactlyElementsOf(before.lines()
                            .filter(path -> !path.matches("/(tmp|proc|var|dev|run/systemd)(/.*)?"))
                            .toList());
        }
    }
}
