package dev.oriel.packagetests;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.oriel.guests.Guest;
import dev.oriel.guests.GuestKind;
import dev.oriel.guests.GuestRun;
import dev.oriel.guests.Share;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The units of the package under systemd: a guest boots a Debian from a share, and installs Oriel there. */
@Tag("guest")
class SystemdTest {
    private static final Duration LIMIT = Duration.ofMinutes(5);

    private static final String UNIT = """
            [Unit]
            Description=What an administrator does

            [Service]
            Type=oneshot
            ExecStart=/root/trial
            StandardOutput=file:/dev/console
            StandardError=file:/dev/console
            """;

    @TempDir
    private Path folder = Path.of("");

    private static String resource(String name) throws IOException {
        try (InputStream in = Objects.requireNonNull(SystemdTest.class.getResourceAsStream("/root/" + name))) {
            return new String(in.readAllBytes(), UTF_8);
        }
    }

    @Test
    void theServiceStartsIsReadyStartsAnewWhenItIsKilledAndEndsWithThePackage() throws Exception {
        assumeThat(System.getProperty("user.name"))
                .as("root, as whom dpkg installs")
                .isEqualTo("root");
        Path built = Run.packageOf("deb");
        try (DebianRoot root = DebianRoot.in(folder)) {
            Files.copy(built, root.path("/root/oriel.deb"));
            Files.writeString(root.path("/root/trial"), resource("trial"));
            Files.setPosixFilePermissions(root.path("/root/trial"), PosixFilePermissions.fromString("rwxr-xr-x"));
            Files.createDirectories(root.path("/etc/systemd/system"));
            Files.createDirectories(root.path("/etc/systemd/system.conf.d"));
            Files.writeString(root.path("/etc/systemd/system.conf.d/quiet.conf"), "[Manager]\nShowStatus=no\n");
            // an installation that has been started before; the first start asks who sits there for his wishes
            Files.writeString(root.path("/etc/machine-id"), "0123456789abcdef0123456789abcdef\n");
            Files.writeString(root.path("/etc/systemd/system/trial.service"), UNIT);
            Path socket = folder.resolve("socket");
            try (ListeningServer _ = ListeningServer.start(List.of(
                            "../oriel",
                            "serve",
                            "--shared-dir=" + root.path("/"),
                            "--socket-path=" + socket,
                            "--tag=debian",
                            "--cache=always"));
                    GuestRun guest = Guest.of(DebianRoot.KIT, GuestKind.UML)
                            .share(Share.of(socket, "debian"))
                            .memory(1024)
                            .limit(LIMIT)
                            .script(resource("boot"))
                            .start()) {
                guest.await().orThrow();
                assertThat(guest.lines())
                        .contains(
                                "PROCESS-1 systemd",
                                "# /usr/lib/systemd/system/oriel@.service",
                                "SERVICE active active ",
                                "SERVER Seccomp: 2",
                                "LISTED file",
                                "LISTED-AGAIN file",
                                "TRIAL-ENDS 0")
                        .anyMatch(line -> line.startsWith("STATUS oriel "))
                        .noneMatch(line -> line.startsWith("LEFT "));
            }
        }
    }
}
