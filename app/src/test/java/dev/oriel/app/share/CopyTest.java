package dev.oriel.app.share;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.app.CommandRun;
import dev.oriel.filesystem.DirectoryEntries;
import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.filesystem.Name;
import dev.oriel.linux.Errno;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Commands on shares that are not to be trusted: a copy stays in its target, and names stay text. */
class CopyTest {
    private static final String TRAP = "trap";
    private static final int REGULAR_FILE = 8;

    @TempDir
    @SuppressWarnings("NullAway.Init") // by JUnit
    private Path folder;

    private Path shared = Path.of("");
    private Path target = Path.of("");
    private Path victim = Path.of("");
    private String at = "";

    @BeforeEach
    void makeFolders() throws IOException {
        shared = Files.createDirectory(folder.resolve("shared"));
        target = Files.createDirectory(folder.resolve("target"));
        victim = Files.writeString(folder.resolve("victim"), "safe");
        at = "--socket=" + folder.resolve("socket");
    }

    private ServedShare serve(ServedShare.Operations operations) throws IOException {
        return new ServedShare(shared, folder.resolve("socket"), operations);
    }

    private void assertRefused(CommandRun run, String... parts) {
        assertThat(run.status()).isEqualTo(1);
        assertThat(run.err()).contains(parts).doesNotContain("fault in Oriel", "\tat ");
        assertThat(victim).hasContent("safe");
    }

    /** Lists a name twice; it is a symbolic link at first and a file from then on. */
    private static final class Trap implements ServedShare.Operations {
        private final AtomicInteger lookups = new AtomicInteger();

        @Override
        public Object perform(FileSystemSession share, Method operation, Object[] arguments) throws Throwable {
            if (operation.getName().equals("readdir")) {
                return list((long) arguments[3], (DirectoryEntries) arguments[5]);
            }
            if (operation.getName().equals("lookup") && arguments[2].toString().equals(TRAP)) {
                try (Arena arena = Arena.ofConfined()) {
                    String other = lookups.getAndIncrement() == 0 ? "link" : "payload";
                    Name name = new Name(arena.allocate(16));
                    assertThat(name.set(MemorySegment.ofArray(other.getBytes(UTF_8)), 0, other.length()))
                            .isTrue();
                    arguments[2] = name;
                    return ServedShare.asItIs(share, operation, arguments);
                }
            }
            return ServedShare.asItIs(share, operation, arguments);
        }

        private static int list(long offset, DirectoryEntries entries) {
            MemorySegment name = MemorySegment.ofArray(TRAP.getBytes(UTF_8));
            for (long i = offset; i < 2; i++) {
                if (!entries.add(i + 1, i + 1, REGULAR_FILE, name, 0, (int) name.byteSize())) {
                    break;
                }
            }
            return 0;
        }
    }

    @Test
    void aNameThatIsListedTwiceIsNotCopied() throws Exception {
        Files.createSymbolicLink(shared.resolve("link"), victim);
        Files.writeString(shared.resolve("payload"), "evil");
        try (ServedShare _ = serve(new Trap())) {
            assertRefused(CommandRun.oriel("cp", at, "-r", ":/", target.toString()), "lists the name trap twice");
            assertThat(target).isEmptyDirectory();
        }
    }

    /** As a store of objects. */
    @Test
    void aShareThatKeepsNoModesGetsTheContent() throws Exception {
        Path file = Files.writeString(folder.resolve("file"), "content");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx--x---"));
        try (ServedShare _ =
                serve((share, operation, arguments) -> operation.getName().equals("setattr")
                        ? -Errno.EPERM
                        : ServedShare.asItIs(share, operation, arguments))) {
            assertThat(CommandRun.oriel("cp", at, file.toString(), ":/copy").status())
                    .isZero();
            assertThat(shared.resolve("copy")).hasContent("content");
        }
    }

    @Test
    void symbolicLinksInTheTargetAreNotFollowed() throws Exception {
        Path outside = Files.createDirectory(folder.resolve("outside"));
        Files.createDirectories(shared.resolve("dir/below"));
        Files.writeString(shared.resolve("dir/below/file"), "evil");
        try (ServedShare _ = serve(ServedShare::asItIs)) {
            Path below = Files.createDirectories(target.resolve("dir/below"));
            Files.createSymbolicLink(below.resolve("file"), victim);
            assertRefused(
                    CommandRun.oriel("cp", at, "-r", ":/dir", target.toString()),
                    "dir/below/file is there already and no file but a symbolic link");

            Files.delete(below.resolve("file"));
            Files.delete(below);
            Files.createSymbolicLink(below, outside);
            assertRefused(
                    CommandRun.oriel("cp", at, "-r", ":/dir", target.toString()),
                    "dir/below is there already and no directory");
            assertThat(outside).isEmptyDirectory();

            Path named = Files.createSymbolicLink(folder.resolve("named"), outside);
            assertThat(CommandRun.oriel("cp", at, "-r", ":/dir/below", named.toString())
                            .status())
                    .as("the target that the user names may be a link")
                    .isZero();
            assertThat(outside.resolve("below/file")).hasContent("evil");
        }
    }

    @Test
    void aTreeIsMergedIntoAnother() throws Exception {
        Files.createDirectories(shared.resolve("dir/below"));
        Path script = Files.writeString(shared.resolve("dir/below/script"), "new");
        Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-x---"));
        Files.writeString(shared.resolve("dir/changed"), "new");
        Files.createSymbolicLink(shared.resolve("dir/link"), Path.of("changed"));
        try (ServedShare _ = serve(ServedShare::asItIs)) {
            Files.createDirectories(target.resolve("dir/below"));
            Files.writeString(target.resolve("dir/changed"), "old and longer");
            Files.writeString(target.resolve("dir/kept"), "old");
            CommandRun run = CommandRun.oriel("cp", at, "-r", ":/dir", target.toString());
            assertThat(run.err()).isEmpty();
            assertThat(target.resolve("dir/changed")).hasContent("new");
            assertThat(target.resolve("dir/kept")).hasContent("old");
            assertThat(Files.readSymbolicLink(target.resolve("dir/link"))).isEqualTo(Path.of("changed"));
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(target.resolve("dir/below/script"))))
                    .isEqualTo("rwxr-x---");
        }
    }

    @Test
    void aDirectoryIsNotCopiedIntoItself() throws Exception {
        Files.createDirectories(shared.resolve("dir/below"));
        try (ServedShare _ = serve(ServedShare::asItIs)) {
            assertRefused(CommandRun.oriel("cp", at, "-r", ":/dir", ":/dir/below"), "cannot be copied into itself");
            assertThat(shared.resolve("dir/below")).isEmptyDirectory();
        }
    }

    @Test
    void namesOfAShareGiveATerminalNoOrders() throws Exception {
        Files.writeString(shared.resolve("a\u001b[2Jb"), "");
        Files.createSymbolicLink(shared.resolve("link"), Path.of("\u009b2J"));
        try (ServedShare _ = serve(ServedShare::asItIs)) {
            assertThat(CommandRun.oriel("ls", at).out()).isEqualTo("a?[2Jb\nlink");
            assertThat(CommandRun.oriel("ls", at, "-l").out()).contains("a?[2Jb", "link -> ?2J");
            assertThat(CommandRun.oriel("tree", at).out()).contains("a?[2Jb", "link -> ?2J");
            assertThat(CommandRun.oriel("stat", at, "/link").out()).contains("?2J");
            assertThat(CommandRun.oriel("ls", at, "--json").out())
                    .contains("a\\u001b[2Jb", "\\u009b2J")
                    .doesNotContain("\u001b", "\u009b");
            assertThat(CommandRun.oriel("cat", at, "/a\u001b[2Jb/none").err()).doesNotContain("\u001b");
        }
    }
}
