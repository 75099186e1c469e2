package dev.oriel.guesttests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.oriel.guests.GuestKind;
import dev.oriel.guests.GuestRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What a guest meets at the limits of the host: full disks, read-only shares, other file systems inside of the share.
 */
@Tag("guest")
class LimitsTest {
    private static final int MANY_FOLDERS = 300;
    private static final int MANY_FILES = 1000;
    private static final int MOST_MEBIBYTES = 256;

    /** Mounts that only the server sees: it runs in a mount namespace of its own. {@code $0} is the shared folder. */
    static List<String> withMounts(String mounts, Path folder) {
        assumeTrue("root".equals(System.getProperty("user.name")), "needs root, to mount file systems for the server");
        return List.of("unshare", "--mount", "sh", "-ec", mounts + "\nexec \"$@\"", folder.toString());
    }

    @Test
    void aFullDiskIsTold() throws Exception {
        String mounts = "mount -t tmpfs -o size=8m,nr_inodes=100,mode=755 small \"$0\"";
        try (SharedFolder shared = SharedFolder.serve(folder -> withMounts(mounts, folder), List.of())) {
            List<String> lines = shared.run(GuestKind.UML, """
                    dd if=/dev/zero of=large bs=1M count=20 2>&1
                    rm large
                    dd if=/dev/zero of=fits bs=1M count=6 2>/dev/null && sync fits && echo FITS $(stat -c %s fits)
                    i=0
                    while mkdir d$i 2>/tmp/error; do i=$((i + 1)); done
                    cat /tmp/error
                    echo INODES $i
                    rmdir d*
                    mkdir again && echo ROOM AGAIN
                    """);
            assertThat(lines)
                    .contains("FITS 6291456", "ROOM AGAIN")
                    .anySatisfy(line -> assertThat(line).startsWith("dd:").contains("No space left on device"))
                    .anySatisfy(line -> assertThat(line).startsWith("mkdir:").contains("No space left on device"))
                    .anySatisfy(line -> assertThat(line).matches("INODES 9[0-9]"));
            shared.server().stop();
        }
    }

    @Test
    void aReadOnlyShareTakesNoChangeHoweverItIsMounted() throws Exception {
        try (SharedFolder shared = SharedFolder.serve(List.of("--readonly", "--xattr"))) {
            Files.writeString(shared.folder().resolve("file"), "content\n");
            Files.createSymbolicLink(shared.folder().resolve("link"), Path.of("file"));
            List<String> lines = shared.run(GuestKind.UML, """
                    cat link
                    readlink link
                    try() { "$@" 2>&1 | sed "s/^.*: /$1: /"; }
                    try touch file
                    try mkdir folder
                    try rm file
                    try mv file moved
                    try ln file linked
                    try mkfifo fifo
                    try chmod 600 file
                    try chown 5 file
                    try truncate -s 0 file
                    try rmdir work
                    (echo more >>file) 2>/dev/null || echo APPEND-REFUSED
                    mount -o remount,rw /mnt
                    (echo new >new) 2>/dev/null || echo STILL-REFUSED
                    """);
            assertThat(lines).contains("content", "file", "APPEND-REFUSED", "STILL-REFUSED");
            assertThat(lines.stream().filter(line -> line.endsWith(": Read-only file system")))
                    .extracting(line -> line.substring(0, line.indexOf(':')))
                    .contains("touch", "mkdir", "rm", "mv", "ln", "mkfifo", "chmod", "chown", "truncate", "rmdir");
            try (Stream<Path> names = Files.list(shared.folder())) {
                assertThat(names.map(name -> name.getFileName().toString()))
                        .containsExactlyInAnyOrder("file", "link", "work");
            }
            assertThat(shared.folder().resolve("file")).hasContent("content");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"--announce-submounts", "--no-announce-submounts"})
    void fileSystemsInsideOfTheShareKeepTheirFilesApart(String option) throws Exception {
        String mounts = """
                mkdir "$0/inner" "$0/other"
                mount -t tmpfs -o mode=755 inner "$0/inner"
                mount -t tmpfs -o mode=755 other "$0/other"
                mkdir "$0/inner/folder"
                echo inner >"$0/inner/file"; echo other >"$0/other/file"; echo outer >"$0/file"
                """;
        try (SharedFolder shared = SharedFolder.serve(folder -> withMounts(mounts, folder), List.of(option))) {
            List<String> lines = shared.run(GuestKind.UML, """
                    cat file inner/file other/file
                    ln file inner/linked 2>&1 | sed 's/.*: /ln: /'
                    mv file inner/moved && cat inner/moved
                    echo new >inner/new && cat inner/new
                    ls -lR . >/dev/null
                    echo DEVICES $(stat -c %d . inner inner/folder other | sort -u | wc -l)
                    echo NUMBERS $(find . -type f -o -type d | xargs stat -c '%d:%i' | sort | uniq -d | wc -l)
                    rmdir inner 2>&1 | sed 's/.*: /rmdir: /'
                    """);
            boolean announced = option.equals("--announce-submounts");
            assertThat(lines)
                    .contains("outer", "inner", "other", "new", "ln: Invalid cross-device link")
                    .contains("rmdir: Device or resource busy")
                    .contains("DEVICES " + (announced ? 3 : 1))
                    .contains("NUMBERS 0");
            assertThat(lines.stream().filter("outer"::equals)).hasSize(2);
            shared.server().stop();
        }
    }

    @Test
    void aTreeOfManyFilesIsWalkedWithFewDescriptors() throws Exception {
        try (SharedFolder shared = SharedFolder.serve(List.of("--rlimit-nofile", "4096"))) {
            makeManyFiles(Files.createDirectory(shared.folder().resolve("tree")));
            // The guest has the memory to remember every file, and ends when it is told to.
            GuestRun run = shared.start(
                    shared.guest(GuestKind.UML, share -> share, """
                            echo COUNT $(find tree -type f -mtime -1000 | wc -l)
                            cat tree/folder7/* | wc -c
                            echo WALKED
                            read line
                            """).memory(1536));
            String count = run.awaitLine("^COUNT ", Duration.ofMinutes(6));
            run.awaitLine("^WALKED", Duration.ofMinutes(1));
            int resident = shared.server().residentMebibytes();
            int own = shared.server().ownMebibytes();
            System.out.printf(
                    "%s: the server has %d MiB resident, %d MiB of them its own, and %d descriptors open%n",
                    count, resident, own, shared.server().openDescriptors());
            assertThat(count).isEqualTo("COUNT " + MANY_FOLDERS * MANY_FILES);
            assertThat(shared.server().openDescriptors()).isLessThan(4096);
            assertThat(own).as("the server's own resident memory in MiB").isLessThan(MOST_MEBIBYTES);
            run.type("end");
            run.await().orThrow();
            assertThat(shared.server().log()).doesNotContain("EMFILE").doesNotContain("Too many open files");
        }
    }

    private static void makeManyFiles(Path tree) throws IOException {
        for (int i = 0; i < MANY_FOLDERS; i++) {
            Path folder = Files.createDirectory(tree.resolve("folder" + i));
            for (int j = 0; j < MANY_FILES; j++) {
                Files.createFile(folder.resolve("file" + j));
            }
        }
    }
}
