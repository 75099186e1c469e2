package dev.oriel.guesttests;

import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.guests.GuestKind;
import dev.oriel.guests.GuestRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A guest's file stays what it was, whatever the host makes of names, numbers and mounts. */
@Tag("guest")
class IdentityTest {
    private static final Duration PATIENCE = Duration.ofMinutes(4);

    private static final String OVERLAY = """
            mkdir "$0.lower" "$0.upper" "$0.overlay"
            mount -t overlay -o "lowerdir=$0.lower,upperdir=$0.upper,workdir=$0.overlay" overlay "$0"
            chmod 777 "$0"
            """;

    private static final String TMPFS_IN_TMPFS = """
            mount -t tmpfs -o mode=755 outer "$0"
            mkdir "$0/work" "$0/inner"
            mount -t tmpfs -o mode=755 inner "$0/inner"
            mkdir "$0/inner/folder"
            echo inner >"$0/inner/folder/file"
            """;

    /** A script that is one program. */
    private static String python(String text) {
        return "cat >/tmp/program.py <<'END-OF-SCRIPT'\n" + text + "END-OF-SCRIPT\ntools python3 /tmp/program.py\n";
    }

    /** docs/operating.md, "When the host changes the tree too": the host uses a number again. */
    @ParameterizedTest
    @ValueSource(strings = {"--cache=auto", "--cache=always"})
    void namesAreUsedAgainOnOverlayfs(String option) throws Exception {
        try (SharedFolder shared =
                SharedFolder.serve(folder -> LimitsTest.withMounts(OVERLAY, folder), List.of(option))) {
            List<String> lines = shared.run(GuestKind.UML, python("""
                    import os
                    os.chdir("/mnt")
                    failed = {}
                    for i in range(400):
                        try:
                            with open("name", "w") as f:
                                f.write("first")
                            os.unlink("name")
                            os.mkdir("name")
                            os.rmdir("name")
                            with open("name", "w") as f:
                                f.write("second")
                            os.truncate("name", 3)
                            with open("name") as f:
                                assert f.read() == "sec"
                            os.unlink("name")
                        except (OSError, AssertionError) as e:
                            failed[str(e)] = failed.get(str(e), 0) + 1
                            os.system("rm -rf name")
                    print("FAILED", failed)
                    """));
            assertThat(lines).contains("FAILED {}");
            shared.server().stop();
        }
    }

    @Test
    void toolsFindNoLoopBetweenMounts() throws Exception {
        try (SharedFolder shared =
                SharedFolder.serve(folder -> LimitsTest.withMounts(TMPFS_IN_TMPFS, folder), List.of())) {
            List<String> lines = shared.run(GuestKind.UML, """
                    echo NUMBERS $(tools stat -c %i /mnt /mnt/inner | sort -u | wc -l)
                    tools find /mnt -name file 2>&1
                    echo LISTED $(tools du -a /mnt 2>&1 | grep -c inner/folder/file)
                    """);
            assertThat(lines)
                    .contains("NUMBERS 2", "/mnt/inner/folder/file", "LISTED 1")
                    .noneMatch(line -> line.contains("loop"));
            shared.server().stop();
        }
    }

    /** docs/operating.md, "When the host changes the tree too": the host unmounts. */
    @Test
    void aSubmountThatTheGuestHasLeftIsUnmountedOnTheHost() throws Exception {
        try (SharedFolder shared = SharedFolder.serve(
                folder -> LimitsTest.withMounts(TMPFS_IN_TMPFS, folder), List.of("--sandbox=none"))) {
            GuestRun run = shared.start(shared.bareGuest(GuestKind.UML, """
                    cat inner/folder/file
                    umount /mnt/inner
                    echo 2 >/proc/sys/vm/drop_caches
                    ls / >/dev/null
                    echo LEFT
                    read -r turn
                    ls inner
                    echo AFTER $(ls inner | wc -l)
                    """));
            run.awaitLine("^LEFT", PATIENCE);
            String said = unmount(shared);
            for (int i = 0; i < 100 && !said.isEmpty(); i++) {
                Thread.sleep(100); // what the guest forgets comes by another queue
                said = unmount(shared);
            }
            assertThat(said).isEmpty();
            run.type("go");
            run.await().orThrow();
            assertThat(run.lines()).contains("inner", "AFTER 0");
            shared.server().stop();
        }
    }

    /** In the mount namespace of the server. */
    private static String unmount(SharedFolder shared) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(
                        "nsenter",
                        "--mount",
                        "--target",
                        Long.toString(shared.server().pid()),
                        "umount",
                        shared.folder().resolve("inner").toString())
                .redirectErrorStream(true)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        return process.waitFor() == 0 ? "" : said;
    }

    /** docs/operating.md, "When the host changes the tree too": the host removes a file. */
    @Test
    void whatIsWrittenUnderANameThatTheHostHasRemovedIsThereAfterwards() throws Exception {
        try (SharedFolder shared = SharedFolder.serve(List.of("--cache=metadata"))) {
            Path log = Files.writeString(shared.folder().resolve("log"), "before\n");
            GuestRun run = shared.start(shared.bareGuest(GuestKind.UML, """
                    cat log
                    echo READ
                    read -r turn
                    echo new >log
                    """));
            run.awaitLine("^READ", PATIENCE);
            Files.delete(log);
            run.type("go");
            run.await().orThrow();
            assertThat(log).hasContent("new\n");
            shared.server().stop();
        }
    }

    @Test
    void filesWithoutANameKeepTheirContentHoweverFewDescriptorsThereAre() throws Exception {
        try (SharedFolder shared = SharedFolder.serve(List.of("--cache=always", "--rlimit-nofile=1024"))) {
            List<String> lines = shared.run(GuestKind.UML, python("""
                    import os, errno, resource
                    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
                    os.chdir("/mnt")
                    files, refused, lost = [], 0, 0
                    for i in range(200):
                        fd = os.open(f"file-{i}", os.O_RDWR | os.O_CREAT)
                        os.write(fd, b"content of %d" % i)
                        os.fsync(fd)
                        files.append(fd)
                    for i in range(200):
                        try:
                            os.unlink(f"file-{i}")
                        except OSError as e:
                            assert e.errno == errno.ENFILE, e
                            refused += 1
                    os.system("echo 3 >/proc/sys/vm/drop_caches")
                    for i, fd in enumerate(files):
                        try:
                            if os.pread(fd, 100, 0) != b"content of %d" % i:
                                lost += 1
                        except OSError as e:
                            lost += 1
                    print("LOST", lost, "REFUSED", refused > 0, "THERE", len(os.listdir(".")) == refused + 1)
                    for fd in files:
                        os.close(fd)
                    left = [name for name in os.listdir(".") if name.startswith("file-")]
                    for name in left:
                        while os.path.exists(name):
                            try:
                                os.unlink(name)
                            except OSError as e:  # what was closed is not forgotten yet
                                assert e.errno == errno.ENFILE, e
                    print("LEFT", len(os.listdir(".")))
                    """));
            // a guest of a user sends its opens, and what is open lives without being held
            String refused = SharedFolder.isServedByRoot() ? "True" : "False";
            assertThat(lines).contains("LOST 0 REFUSED " + refused + " THERE True", "LEFT 1");
            shared.server().stop();
        }
    }
}
