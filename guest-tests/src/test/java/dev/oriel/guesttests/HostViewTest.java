package dev.oriel.guesttests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.oriel.guests.GuestKind;
import dev.oriel.guests.GuestRun;
import dev.oriel.linux.credential.ThreadCredentials;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * What a guest does the host sees, and the other way round: locks, contents, names, and a tree of all sorts of files.
 */
@Tag("guest")
class HostViewTest {
    /** A word for the tree, where a user serves: he cannot give files away. */
    private static final String OWN = SharedFolder.isServedByRoot() ? "" : " own";

    private static final String EXTENDED = " xattr" + OWN;

    /** Words for the tree, where the share has all that they need; of lists of others a user's server knows nothing. */
    private static final String LISTED = SharedFolder.isServedByRoot() ? " xattr acl" : EXTENDED;

    private static final Duration PATIENCE = Duration.ofMinutes(4);

    @TestFactory
    Stream<DynamicNode> inUserModeLinux() {
        return Stream.of(
                sides(GuestKind.UML, OptionSet.of("acl", "--posix-acl", "xattr", "acl", "mmap"), "fresh,through,mmap"),
                sides(GuestKind.UML, OptionSet.of("cache never", "--cache=never --xattr", "xattr"), "fresh,through"),
                sides(GuestKind.UML, OptionSet.of("writeback", "--writeback --xattr", "xattr", "mmap"), "mmap"),
                sides(
                        GuestKind.UML,
                        OptionSet.of("handles never", "--inode-file-handles=never --xattr", "xattr", "mmap"),
                        "fresh,through,mmap"));
    }

    @TestFactory
    Stream<DynamicNode> inQemu() {
        return Soak.with(
                Stream.of(sides(
                        GuestKind.S390X,
                        OptionSet.of("acl", "--posix-acl", "xattr", "acl", "mmap"),
                        "fresh,through,mmap")),
                Stream.of(sides(
                        GuestKind.X86_64, OptionSet.of("defaults", "--xattr", "xattr", "mmap"), "fresh,through,mmap")));
    }

    @Test
    void aTreeIsTheSameForGuestsOfEitherByteOrder() throws Exception {
        try (SharedFolder shared = SharedFolder.serve(List.of("--posix-acl", "--modcaps=+sys_admin"))) {
            GuestRun big = shared.start(shared.guest(GuestKind.S390X, share -> share, writeAndShow("big", "little")));
            GuestRun little =
                    shared.start(shared.guest(GuestKind.X86_64, share -> share, writeAndShow("little", "big")));
            big.awaitLine("^WRITTEN", PATIENCE);
            little.awaitLine("^WRITTEN", PATIENCE);
            big.type("show");
            little.type("show");
            big.await().orThrow();
            little.await().orThrow();
            for (String maker : List.of("big", "little")) {
                List<String> onHost = show(shared.folder().resolve(maker).toString(), LISTED);
                assertThat(onHost).hasSizeGreaterThan(80);
                assertThat(onHost.stream().anyMatch(line -> line.contains("system.posix_acl_default=")))
                        .as("there are lists")
                        .isEqualTo(SharedFolder.isServedByRoot());
                assertThat(tree(big.lines(), maker)).as("in the s390x guest").isEqualTo(onHost);
                assertThat(tree(little.lines(), maker))
                        .as("in the x86_64 guest")
                        .isEqualTo(onHost);
            }
            shared.server().stop();
        }
    }

    /** Writes a tree, and when it is told shows both. */
    private static String writeAndShow(String own, String other) {
        return GuestProgram.run("tree", "write /mnt/" + own + LISTED)
                + "echo WRITTEN\nread -r turn\necho " + own + "\n"
                + GuestProgram.run("tree", "show /mnt/" + own + LISTED)
                + "echo " + other + "\n"
                + GuestProgram.run("tree", "show /mnt/" + other + LISTED);
    }

    private static DynamicNode sides(GuestKind kind, OptionSet set, String features) {
        String name = kind + ", " + set;
        return GuestCases.container(name, () -> boot(name, kind, set, features));
    }

    private static Stream<DynamicNode> boot(String name, GuestKind kind, OptionSet set, String features)
            throws Exception {
        List<String> options = new ArrayList<>(set.options());
        options.addAll(List.of("--posix-lock", "--flock"));
        try (SharedFolder shared = SharedFolder.serve(options)) {
            String extended =
                    set.features().contains("acl") ? LISTED : set.features().contains("xattr") ? EXTENDED : OWN;
            String made = shared.folder().resolve("made-by-host").toString();
            NativeProgram.run(SharedFolder.KIT, "tree", words("write", made, extended));
            BothSides sides = BothSides.run(
                    shared,
                    script -> shared.guest(kind, share -> share, script),
                    "host_view",
                    features,
                    "echo HOST-MADE\n"
                            + GuestProgram.run("tree", "show /mnt/made-by-host" + extended)
                            + GuestProgram.run("tree", "write /mnt/made-by-guest" + extended)
                            + "echo GUEST-MADE\n"
                            + GuestProgram.run("tree", "show /mnt/made-by-guest" + extended));
            List<String> inGuest = sides.inGuest();
            List<String> hostMade = show(made, extended);
            List<String> guestMade =
                    show(shared.folder().resolve("made-by-guest").toString(), extended);
            shared.server().stop();
            return Stream.concat(
                    sides.tests(name),
                    Stream.of(
                            dynamicTest(
                                    name + ": the guest sees the tree that the host made",
                                    () -> assertThat(tree(inGuest, "HOST-MADE"))
                                            .hasSizeGreaterThan(80)
                                            .isEqualTo(hostMade)),
                            dynamicTest(
                                    name + ": the host sees the tree that the guest made",
                                    () -> assertThat(tree(inGuest, "GUEST-MADE"))
                                            .hasSizeGreaterThan(80)
                                            .isEqualTo(guestMade))));
        }
    }

    private static List<String> show(String folder, String extended) throws Exception {
        List<String> lines = NativeProgram.run(SharedFolder.KIT, "tree", words("show", folder, extended));
        return lines.stream()
                .filter(line -> line.startsWith("tree "))
                .map(HostViewTest::asInGuest)
                .toList();
    }

    /** A line of the host: who serves is the guest's root. */
    private static String asInGuest(String line) {
        String own = " " + ThreadCredentials.geteuid() + ":" + ThreadCredentials.getegid() + " ";
        return SharedFolder.isServedByRoot() ? line : line.replace(own, " 0:0 ");
    }

    private static String[] words(String action, String folder, String extended) {
        return (action + " " + folder + extended).split(" ");
    }

    /** The lines from a marker to the end of the tree. */
    private static List<String> tree(List<String> lines, String marker) {
        int from = lines.indexOf(marker) + 1;
        int end = from + lines.subList(from, lines.size()).indexOf("tree end");
        return lines.subList(from, Math.max(from, end) + 1).stream()
                .filter(line -> line.startsWith("tree "))
                .toList();
    }
}
