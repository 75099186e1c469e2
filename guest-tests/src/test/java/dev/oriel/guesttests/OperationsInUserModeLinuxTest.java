package dev.oriel.guesttests;

import static dev.oriel.guesttests.OperationCases.ALL;

import dev.oriel.guests.GuestKind;
import java.io.IOException;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;

/** Every operation on files, in the quickest guest, under each set of the server's options. */
@Tag("guest")
class OperationsInUserModeLinuxTest {
    @TestFactory
    Stream<DynamicNode> operationsDoWhatTheyDoOnALocalFolder() throws IOException, InterruptedException {
        OperationCases cases = OperationCases.proveOnALocalFolder();
        return Stream.of(
                        OptionSet.of("everything on", "--posix-acl --killpriv-v2", ALL),
                        OptionSet.of("defaults", "", "mmap"),
                        OptionSet.of(
                                "cache always", "--cache=always --posix-acl", "xattr", "acl", "mmap", "zero-message"),
                        OptionSet.of(
                                "cache always, writeback",
                                "--cache=always --writeback --inode-file-handles=never --poll=off --xattr",
                                "xattr",
                                "mmap",
                                "writeback",
                                "zero-message"),
                        OptionSet.of(
                                "cache always, every open sent",
                                "--cache=always --no-zero-message-open --poll=off --xattr",
                                "xattr",
                                "mmap"),
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
                                "--rlimit-nofile=8192 --no-readdirplus --thread-pool-size=1",
                                "mmap"))
                .map(set -> cases.in(GuestKind.UML, set, share -> share));
    }
}
