package dev.oriel.guesttests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.oriel.guests.GuestKind;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;

/** What a guest does the host sees, and the other way round: locks, contents, names, and a tree of all sorts of files. */
@Tag("guest")
class HostViewTest {
    @TestFactory
    Stream<DynamicNode> inUserModeLinux() {
        return Stream.of(
                sides(GuestKind.UML, OptionSet.of("defaults", "--posix-acl", "xattr", "mmap"), "fresh,through,mmap"),
                sides(GuestKind.UML, OptionSet.of("cache never", "--cache=never --xattr", "xattr"), "fresh,through"),
                sides(GuestKind.UML, OptionSet.of("writeback", "--writeback --xattr", "xattr", "mmap"), "mmap"),
                sides(
                        GuestKind.UML,
                        OptionSet.of("handles never", "--inode-file-handles=never --xattr", "xattr", "mmap"),
                        "fresh,through,mmap"));
    }

    @TestFactory
    Stream<DynamicNode> inQemu() {
        return Stream.of(
                sides(GuestKind.X86_64, OptionSet.of("defaults", "--xattr", "xattr", "mmap"), "fresh,through,mmap"));
    }

    private static DynamicNode sides(GuestKind kind, OptionSet set, String features) {
        String name = kind + ", " + set;
        return DynamicContainer.dynamicContainer(
                name, Stream.of(set).flatMap(options -> boot(name, kind, options, features)));
    }

    private static Stream<DynamicNode> boot(String name, GuestKind kind, OptionSet set, String features) {
        try (SharedFolder shared = SharedFolder.serve(set.options())) {
            String with = " --with " + features;
            String extended = set.features().contains("xattr") ? " xattr" : "";
            String made = shared.folder().resolve("made-by-host").toString();
            NativeProgram.run(SharedFolder.KIT, "tree", "write", made, "xattr");
            List<String> onHost;
            List<String> inGuest;
            try (NativeProgram host = NativeProgram.start(
                    SharedFolder.KIT, "host_view", "host", shared.work().toString(), "--with", features)) {
                inGuest = shared.run(
                        kind,
                        GuestProgram.run("host_view", "guest /mnt/work" + with)
                                + "echo HOST-MADE\n"
                                + GuestProgram.run("tree", "show /mnt/made-by-host" + extended)
                                + GuestProgram.run("tree", "write /mnt/made-by-guest" + extended)
                                + "echo GUEST-MADE\n"
                                + GuestProgram.run("tree", "show /mnt/made-by-guest" + extended));
                onHost = host.lines();
            }
            List<String> hostMade = show(made, extended);
            List<String> guestMade =
                    show(shared.folder().resolve("made-by-guest").toString(), extended);
            shared.server().stop();
            return Stream.concat(
                    Stream.concat(
                            GuestCases.tests(name + ", guest's side", inGuest, List.of()),
                            GuestCases.tests(name + ", host's side", onHost, List.of())),
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
        } catch (Exception e) {
            throw new IllegalStateException(e.getMessage(), e);
        }
    }

    private static List<String> show(String folder, String extended) throws Exception {
        List<String> arguments = new ArrayList<>(List.of("show", folder));
        if (!extended.isEmpty()) {
            arguments.add(extended.strip());
        }
        List<String> lines = NativeProgram.run(SharedFolder.KIT, "tree", arguments.toArray(String[]::new));
        return lines.stream().filter(line -> line.startsWith("tree ")).toList();
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
