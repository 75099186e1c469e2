package dev.oriel.guesttests;

import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.guests.GuestKind;
import dev.oriel.guests.GuestRun;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A user of a guest gets no more from the server than from a local folder, and no less. */
@Tag("guest")
class RightsTest {
    private static final Duration PATIENCE = Duration.ofMinutes(4);

    /**
     * A program that tells what became of calls: {@code tell(function, ...)}, as user 1000 after {@code
     * become(groups)}.
     */
    private static String python(String text) {
        return "cat >/tmp/program.py <<'END-OF-SCRIPT'\n" + """
                import errno, fcntl, os, struct, sys
                os.chdir("/mnt/work")
                def become(groups=()):
                    os.setgroups(list(groups))
                    os.setresgid(1000, 1000, 1000)
                    os.setresuid(1000, 1000, 1000)
                def tell(what, function, *arguments):
                    try:
                        function(*arguments)
                        print(what, "done")
                    except OSError as e:
                        print(what, errno.errorcode[e.errno])
                """ + text
                + "END-OF-SCRIPT\ntools python3 /tmp/program.py\n";
    }

    @ParameterizedTest
    @EnumSource(
            value = GuestKind.class,
            names = {"UML", "UML_6_12", "UML_6_1"})
    void aUserMakesNobodyElsesFileImmutableAndUsesTheGroupsThatHeIsIn(GuestKind kind) throws Exception {
        OlderKernel.assumeItRuns(kind);
        try (SharedFolder shared = SharedFolder.serve(SharedFolder.withUsers("--modcaps=+linux_immutable"))) {
            Files.setPosixFilePermissions(shared.work(), PosixFilePermissions.fromString("rwxrwxrwx"));
            List<String> lines = shared.run(kind, python("""
                    with open("roots", "w") as f:
                        f.write("x")
                    os.mkdir("groups")
                    os.chown("groups", 0, 2000)
                    os.chmod("groups", 0o770)
                    become([2000])
                    fd = os.open("roots", os.O_RDONLY)
                    for command in 0x40086602, 0x40046602:
                        tell(f"flags {command:x}", fcntl.ioctl, fd, command, struct.pack("=I", 0x10))
                    tell("mkdir", os.mkdir, "groups/made", 0o755)
                    tell("create", lambda: os.close(os.open("groups/file", os.O_WRONLY | os.O_CREAT | os.O_EXCL)))
                    print("owner", os.stat("groups/made").st_uid, os.stat("groups/file").st_uid)
                    """));
            assertThat(lines)
                    .contains("flags 40086602 EPERM", "flags 40046602 ENOTTY")
                    .contains("mkdir done", "create done", "owner 1000 1000");
            Files.delete(shared.work().resolve("roots"));
            shared.server().stop();
        }
    }

    /** docs/operating.md, "When the host changes the tree too": the host makes a file. */
    @Test
    void aFileThatTheHostHasMadeMeanwhileIsOpenedOnlyByWhoMay() throws Exception {
        try (SharedFolder shared = SharedFolder.serve(List.of("--cache=metadata"))) {
            Files.setPosixFilePermissions(shared.work(), PosixFilePermissions.fromString("rwxrwxrwx"));
            GuestRun run = shared.start(shared.guest(GuestKind.UML, share -> share, python("""
                    tell("before", os.stat, "secret")
                    print("LOOKED", flush=True)
                    sys.stdin.readline()
                    child = os.fork()
                    if child == 0:
                        become()
                        tell("user", os.open, "secret", os.O_RDWR | os.O_CREAT, 0o644)
                        sys.stdout.flush()
                        os._exit(0)
                    os.waitpid(child, 0)
                    fd = os.open("secret", os.O_RDWR | os.O_CREAT)
                    print("root reads", os.read(fd, 100))
                    """)));
            run.awaitLine("^LOOKED", PATIENCE);
            Path secret = Files.writeString(shared.work().resolve("secret"), "host");
            Files.setPosixFilePermissions(secret, PosixFilePermissions.fromString("rw-------"));
            run.type("go");
            run.await().orThrow();
            assertThat(run.lines()).contains("before ENOENT", "user EACCES", "root reads b'host'");
            shared.server().stop();
        }
    }
}
