package dev.oriel.guesttests;

import dev.oriel.guests.GuestKind;
import java.io.IOException;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;

/**
 * Every operation on files through the front-ends that people use, with several queues and two processors. With
 * {@code -Doriel.soak=1} there are more sets of options, and Arm with pages of 4 KiB too.
 */
@Tag("guest")
class OperationsInQemuTest {
    @TestFactory
    Stream<DynamicNode> operationsDoWhatTheyDoOnALocalFolder() throws IOException, InterruptedException {
        OperationCases cases = OperationCases.proveOnALocalFolder();
        OptionSet everything = OptionSet.of(
                "everything on",
                "--posix-acl --killpriv-v2 --request-queues=4",
                "xattr",
                "acl",
                "mmap",
                "killpriv",
                "slow");
        OptionSet writeback = OptionSet.of(
                "writeback, packed ring",
                "--writeback --xattr --request-queues=4",
                "xattr",
                "mmap",
                "writeback",
                "slow");
        return Soak.with(
                Stream.of(cases.in(GuestKind.X86_64, everything, share -> share.withQueues(4, 256))),
                Stream.of(cases.in(
                        GuestKind.X86_64,
                        writeback,
                        share -> share.withQueues(4, 128).withDeviceProperties("packed=on"))));
    }

    /** All that is said in the other byte order, over channel I/O, in packed rings. */
    @TestFactory
    Stream<DynamicNode> operationsDoTheSameForABigEndianGuest() throws IOException, InterruptedException {
        OperationCases cases = OperationCases.proveOnALocalFolder();
        OptionSet everything =
                OptionSet.of("everything on", "--posix-acl --killpriv-v2", "xattr", "acl", "mmap", "killpriv", "slow");
        return Stream.of(cases.in(
                GuestKind.S390X, everything, share -> share.withQueues(2, 256).withDeviceProperties("packed=on")));
    }

    /** Whose flags of open(2) have other values; with pages of 16 KiB. */
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
        return Soak.with(Stream.of(GuestKind.AARCH64_16K), Stream.of(GuestKind.AARCH64))
                .map(kind -> cases.in(kind, everything, share -> share.withQueues(2, 256)));
    }

    /** Files as memory: the file's own pages, then copies of them. */
    @TestFactory
    Stream<DynamicNode> operationsDoTheSameThroughTheDaxWindow() throws IOException, InterruptedException {
        OperationCases cases = OperationCases.proveOnALocalFolder();
        return Soak.with(Stream.of("direct"), Stream.of("staged"))
                .map(mode -> cases.in(
                        GuestKind.X86_64,
                        OptionSet.of(
                                        "window " + mode,
                                        "--dax=" + mode + " --dax-window=64M --xattr",
                                        "xattr",
                                        "mmap",
                                        "slow")
                                .throughTheWindow(),
                        share -> share.withDaxWindow().withQueues(4, 256).withMountOptions("dax=always")));
    }
}
