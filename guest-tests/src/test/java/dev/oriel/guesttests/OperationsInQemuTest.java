package dev.oriel.guesttests;

import static dev.oriel.guesttests.OperationCases.ALL;

import dev.oriel.guests.GuestKind;
import java.io.IOException;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;

/**
 * Every operation on files through the front-end that people use: four queues, two processors; split rings, packed
 * ones.
 */
@Tag("guest")
class OperationsInQemuTest {
    @TestFactory
    Stream<DynamicNode> operationsDoWhatTheyDoOnALocalFolder() throws IOException, InterruptedException {
        OperationCases cases = OperationCases.proveOnALocalFolder();
        OptionSet everything = OptionSet.of("everything on", "--posix-acl --killpriv-v2 --request-queues=4", ALL);
        OptionSet writeback = OptionSet.of(
                "writeback, packed ring", "--writeback --xattr --request-queues=4", "xattr", "mmap", "writeback");
        return Stream.of(
                cases.in(GuestKind.X86_64, everything, share -> share.withQueues(4, 256)),
                cases.in(
                        GuestKind.X86_64,
                        writeback,
                        share -> share.withQueues(4, 128).withDeviceProperties("packed=on")));
    }

    /** All that is said in the other byte order, over channel I/O. */
    @TestFactory
    Stream<DynamicNode> operationsDoTheSameForABigEndianGuest() throws IOException, InterruptedException {
        OperationCases cases = OperationCases.proveOnALocalFolder();
        OptionSet everything =
                OptionSet.of("everything on", "--posix-acl --killpriv-v2", "xattr", "acl", "mmap", "killpriv", "slow");
        return Stream.of(cases.in(GuestKind.S390X, everything, share -> share.withQueues(2, 256)));
    }

    /** Whose flags of open(2) have other values; with pages of 16 KiB, and with {@code -Doriel.soak=1} of 4 KiB too. */
    @TestFactory
    Stream<DynamicNode> operationsDoTheSameForAGuestOnArm() throws IOException, InterruptedException {
        OperationCases cases = OperationCases.proveOnALocalFolder();
        OptionSet everything = OptionSet.of(
                "everything on",
                "--posix-acl --killpriv-v2 --allow-direct-io",
                "xattr",
                "acl",
                "mmap",
                "killpriv",
                "slow");
        Stream<GuestKind> kinds = Integer.getInteger("oriel.soak", 0) > 0
                ? Stream.of(GuestKind.AARCH64, GuestKind.AARCH64_16K)
                : Stream.of(GuestKind.AARCH64_16K);
        return kinds.map(kind -> cases.in(kind, everything, share -> share.withQueues(2, 256)));
    }

    /** Files as memory: the file's own pages, then copies of them. */
    @TestFactory
    Stream<DynamicNode> operationsDoTheSameThroughTheDaxWindow() throws IOException, InterruptedException {
        OperationCases cases = OperationCases.proveOnALocalFolder();
        return Stream.of("direct", "staged")
                .map(mode -> cases.in(
                        GuestKind.X86_64,
                        OptionSet.of("window " + mode, "--dax=" + mode + " --dax-window=64M --xattr", "xattr", "mmap")
                                .throughTheWindow(),
                        share -> share.withDaxWindow().withQueues(4, 256).withMountOptions("dax=always")));
    }
}
