package dev.oriel.guesttests;

import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.guests.GuestKind;
import dev.oriel.guests.Share;
import java.io.IOException;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;

/** Every operation on files by real system calls in a guest, under each set of the server's options. */
@Tag("guest")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class OperationsTest {
    private static final String[] ALL = {"xattr", "acl", "mmap", "killpriv"};

    private List<String> natively = List.of();

    @BeforeAll
    void runTheCasesOnALocalFolder() throws IOException, InterruptedException {
        natively = NativeProgram.cases(SharedFolder.KIT, "operations", OptionSet.EVERYTHING);
        // A case that fails here is wrong itself.
        assertThat(natively).noneMatch(line -> line.startsWith("not ok ")).contains("cases end");
    }

    @TestFactory
    Stream<DynamicNode> inUserModeLinux() {
        return Stream.of(
                        OptionSet.of("everything on", "--posix-acl --killpriv-v2", ALL),
                        OptionSet.of("defaults", "", "mmap"),
                        OptionSet.of("xattr", "--xattr --cache=always", "xattr", "mmap"),
                        OptionSet.of(
                                "cache metadata", "--cache=metadata --allow-mmap --posix-acl", "xattr", "acl", "mmap"),
                        OptionSet.of("cache never", "--cache=never --xattr", "xattr"),
                        OptionSet.of(
                                "cache never, direct",
                                "--cache=never --allow-mmap --allow-direct-io --posix-acl",
                                "xattr",
                                "acl",
                                "mmap"),
                        OptionSet.of("writeback", "--writeback --posix-acl", "xattr", "acl", "mmap", "writeback"),
                        OptionSet.of("handles never", "--inode-file-handles=never --posix-acl", "xattr", "acl", "mmap"),
                        OptionSet.of("handles mandatory", "--inode-file-handles=mandatory --xattr", "xattr", "mmap"),
                        OptionSet.of(
                                "few descriptors",
                                "--rlimit-nofile=2048 --no-readdirplus --thread-pool-size=1",
                                "mmap"))
                .map(set -> operations(GuestKind.UML, set, share -> share));
    }

    /** The front-end that people use: four queues, two processors; split rings, then packed ones. */
    @TestFactory
    Stream<DynamicNode> inQemu() {
        OptionSet everything = OptionSet.of("everything on", "--posix-acl --killpriv-v2 --request-queues=4", ALL);
        OptionSet writeback = OptionSet.of(
                "writeback, packed ring", "--writeback --xattr --request-queues=4", "xattr", "mmap", "writeback");
        return Stream.of(
                operations(GuestKind.X86_64, everything, share -> share.withQueues(4, 256)),
                operations(
                        GuestKind.X86_64,
                        writeback,
                        share -> share.withQueues(4, 128).withDeviceProperties("packed=on")));
    }

    /** Files as memory: the file's own pages, then copies of them. */
    @TestFactory
    Stream<DynamicNode> inQemuThroughTheDaxWindow() {
        return Stream.of("direct", "staged")
                .map(mode -> operations(
                        GuestKind.X86_64,
                        OptionSet.of("window " + mode, "--dax=" + mode + " --dax-window=64M --xattr", "xattr", "mmap")
                                .throughTheWindow(),
                        share -> share.withDaxWindow().withQueues(4, 256).withMountOptions("dax=always")));
    }

    private DynamicNode operations(GuestKind kind, OptionSet set, UnaryOperator<Share> change) {
        return GuestCases.container(
                kind + ", " + set,
                () -> {
                    try (SharedFolder shared = SharedFolder.serve(set.options())) {
                        String script = GuestProgram.run("operations", "/mnt/work " + set.withFeatures());
                        List<String> lines =
                                shared.run(shared.guest(kind, change, script).processors(2));
                        assertThat(shared.server().isAlive())
                                .as("the server lives")
                                .isTrue();
                        shared.server().stop();
                        return lines;
                    }
                },
                natively);
    }
}
