package dev.oriel.guesttests;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.oriel.guests.GuestKind;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;

/**
 * Every operation on files, in the quickest guest, under sets of the server's options; with {@code -Doriel.soak=1} more
 * of them.
 */
@Tag("guest")
class OperationsInUserModeLinuxTest {
    private static final List<String> AS_USER =
            List.of("setpriv", "--reuid=1000", "--regid=1000", "--clear-groups", "--bounding-set=-all");

    /** Only root opens a file by its handle: a server of another user refuses to start. */
    private static final String MANDATORY_HANDLES = "--inode-file-handles=mandatory";

    @TestFactory
    Stream<DynamicNode> operationsDoWhatTheyDoOnALocalFolder() throws IOException, InterruptedException {
        OperationCases cases = OperationCases.proveOnALocalFolder();
        return Soak.with(
                        Stream.of(
                                OptionSet.of(
                                        "everything on",
                                        "--posix-acl --killpriv-v2 --posix-lock --flock",
                                        "xattr",
                                        "acl",
                                        "mmap",
                                        "killpriv"),
                                OptionSet.of("defaults", "", "mmap"),
                                OptionSet.of(
                                        "cache always, writeback",
                                        "--cache=always --writeback --inode-file-handles=never --poll=off --xattr",
                                        "xattr",
                                        "mmap",
                                        "writeback",
                                        "zero-message"),
                                OptionSet.of(
                                        "cache never, direct",
                                        "--cache=never --allow-mmap --allow-direct-io --posix-acl",
                                        "xattr",
                                        "acl",
                                        "mmap"),
                                OptionSet.of("handles mandatory", MANDATORY_HANDLES + " --xattr", "xattr", "mmap"),
                                OptionSet.of(
                                        "few descriptors",
                                        "--rlimit-nofile=8192 --no-readdirplus --thread-pool-size=1",
                                        "mmap")),
                        Stream.of(
                                OptionSet.of(
                                        "cache always",
                                        "--cache=always --posix-acl",
                                        "xattr",
                                        "acl",
                                        "mmap",
                                        "zero-message"),
                                OptionSet.of(
                                        "cache always, every open sent",
                                        "--cache=always --no-zero-message-open --poll=off --xattr",
                                        "xattr",
                                        "mmap"),
                                OptionSet.of(
                                        "cache metadata",
                                        "--cache=metadata --allow-mmap --posix-acl",
                                        "xattr",
                                        "acl",
                                        "mmap"),
                                OptionSet.of("cache never", "--cache=never --xattr", "xattr"),
                                OptionSet.of(
                                        "writeback", "--writeback --posix-acl", "xattr", "acl", "mmap", "writeback"),
                                OptionSet.of(
                                        "handles never",
                                        "--inode-file-handles=never --posix-acl",
                                        "xattr",
                                        "acl",
                                        "mmap")))
                .filter(set -> SharedFolder.isServedByRoot() || !set.options().contains(MANDATORY_HANDLES))
                .map(set -> cases.in(GuestKind.UML, set, share -> share));
    }

    /** A server that is not root, on files that belong to its user. */
    @TestFactory
    Stream<DynamicNode> anUnprivilegedServerDoesWhatItsUserMay() throws IOException, InterruptedException {
        assumeTrue("root".equals(System.getProperty("user.name")), "otherwise all servers here are unprivileged");
        assumeTrue(canStartAsUser(), "another user cannot read what was built here");
        OptionSet set = OptionSet.of("unprivileged", "--xattr", "xattr", "mmap", "unprivileged");
        return Stream.of(OperationCases.proveOnALocalFolder()
                .in(
                        GuestKind.UML,
                        set,
                        share -> share,
                        () -> SharedFolder.serve(OperationsInUserModeLinuxTest::asUser, set.options())));
    }

    /** A server that is not root, and a guest that has real users all the same: they are in extended attributes. */
    @TestFactory
    Stream<DynamicNode> anUnprivilegedServerThatOverridesStatDoesWhatRootMay()
            throws IOException, InterruptedException {
        assumeTrue("root".equals(System.getProperty("user.name")), "otherwise all servers here are unprivileged");
        assumeTrue(canStartAsUser(), "another user cannot read what was built here");
        OptionSet set = OptionSet.of("unprivileged, override stat", "--override-stat", "xattr", "mmap")
                .withoutRightsOfTheHostsRoot();
        return Stream.of(OperationCases.proveOnALocalFolder()
                .in(
                        GuestKind.UML,
                        set,
                        share -> share,
                        () -> SharedFolder.serve(OperationsInUserModeLinuxTest::asUser, set.options())));
    }

    private static boolean canStartAsUser() throws IOException, InterruptedException {
        List<String> version = Stream.of(AS_USER, OrielServer.LAUNCHER, List.of("--version"))
                .flatMap(List::stream)
                .toList();
        return new ProcessBuilder(version).inheritIO().start().waitFor() == 0;
    }

    private static List<String> asUser(Path folder) {
        String command = "chown -R 1000:1000 \"$0/..\"; exec " + String.join(" ", AS_USER) + " \"$@\"";
        return List.of("sh", "-ec", command, folder.toString());
    }
}
