package dev.oriel.guesttests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.oriel.guests.GuestKind;
import dev.oriel.guests.Share;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * git, SQLite, tar, rsync and a C compiler in a guest: on the share and on the guest's own tmpfs they must find and
 * leave the same.
 */
@Tag("guest")
class ProgramsTest {
    private static final String ON_TMPFS = "programs on tmpfs";

    @TestFactory
    Stream<DynamicNode> programsLeaveWhatTheyLeaveOnALocalDiskInUserModeLinux() {
        return Soak.with(
                Stream.of(
                        programs(GuestKind.UML, OptionSet.of("acl", "--posix-acl", "xattr", "acl", "mmap")),
                        programs(GuestKind.UML, OptionSet.of("writeback", "--writeback --xattr", "xattr", "mmap"))),
                Stream.of(programs(GuestKind.UML, OptionSet.of("cache never", "--cache=never"))));
    }

    /** With {@code -Doriel.soak=1}. */
    @TestFactory
    @EnabledIfSystemProperty(named = "oriel.soak", matches = "[1-9].*")
    Stream<DynamicNode> programsLeaveWhatTheyLeaveOnALocalDiskInABigEndianGuest() {
        return Stream.of(programs(GuestKind.S390X, OptionSet.of("acl", "--posix-acl", "xattr", "acl", "mmap")));
    }

    /** Programs and libraries run in place, and SQLite's shared memory is the window's. */
    @TestFactory
    Stream<DynamicNode> programsDoTheSameThroughTheDaxWindow() {
        return Soak.with(Stream.of(Window.DIRECT), Stream.of(Window.STAGED)).map(window -> {
            String options = String.join(" ", window.options("--xattr"));
            return programs(
                    GuestKind.X86_64, OptionSet.of("window " + window, options, "xattr", "mmap"), Window::always);
        });
    }

    private static DynamicNode programs(GuestKind kind, OptionSet set) {
        return programs(kind, set, share -> share);
    }

    private static DynamicNode programs(GuestKind kind, OptionSet set, UnaryOperator<Share> change) {
        String name = kind + ", " + set;
        return GuestCases.container(name, () -> {
            List<String> lines = boot(kind, set, change);
            List<String> onShare = lines.subList(0, Math.max(0, lines.indexOf(ON_TMPFS)));
            List<String> onTmpfs = lines.subList(onShare.size(), lines.size());
            return Stream.concat(
                    GuestCases.tests(name, onShare, onTmpfs),
                    Stream.of(dynamicTest(
                            name + ": the trees are the same",
                            () -> assertThat(tree(onShare))
                                    .hasSizeGreaterThan(200)
                                    .isEqualTo(tree(onTmpfs)))));
        });
    }

    private static List<String> boot(GuestKind kind, OptionSet wanted, UnaryOperator<Share> change) throws Exception {
        OptionSet set = wanted.withUsers();
        String features = set.withFeatures();
        try (SharedFolder shared = SharedFolder.serve(set.options())) {
            String script = GuestProgram.run("programs", "/mnt/work " + features)
                    + "echo " + ON_TMPFS + "\nmkdir /tmp/local\n"
                    + GuestProgram.run("programs", "/tmp/local " + features);
            return shared.run(shared.guest(kind, change, script));
        }
    }

    private static List<String> tree(List<String> lines) {
        return lines.stream().filter(line -> line.startsWith("tree ")).toList();
    }
}
