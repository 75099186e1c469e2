package dev.oriel.filesystem.local;

import static dev.oriel.filesystem.FileSystemSession.ROOT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.oriel.linux.Errno;
import dev.oriel.linux.OpenFlags;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The flags of an inode, and its project, are changed with the caller's rights and not with the server's. */
class InodeFlagsTest {
    private static final int GETFLAGS = 0x8008_6601;
    private static final int SETFLAGS = 0x4008_6602;
    private static final int FSGETXATTR = 0x801c_581f;
    private static final int FSSETXATTR = 0x401c_5820;
    private static final int IMMUTABLE = 0x10;
    private static final int NODUMP = 0x40;
    private static final int INHERITS_PROJECT = 0x2000_0000;
    private static final int XFLAG_INHERITS_PROJECT = 0x200;
    private static final int USER = 12345;

    private final MemorySegment argument = Arena.ofAuto().allocate(32, Long.BYTES);

    @TempDir
    Path directory;

    @BeforeEach
    void openToAll() throws IOException {
        assumeThat(CallerIdentity.canChange()).as("runs as root").isTrue();
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxrwxrwx"));
        Files.writeString(directory.resolve("roots"), "x");
    }

    private int call(Client client, long node, int command, int inSize, int outSize) {
        return client.session.ioctl(client.caller(), node, client.opened.fh, 0, command, argument, inSize, outSize);
    }

    private int flags(Client client, long node) {
        int result = call(client, node, GETFLAGS, 0, 4);
        assumeThat(result).as("the host's file system has inode flags").isZero();
        return argument.get(ValueLayout.JAVA_INT, 0);
    }

    private int setFlags(Client client, long node, int flags) {
        argument.set(ValueLayout.JAVA_INT, 0, flags);
        return call(client, node, SETFLAGS, 4, 0);
    }

    private static long openForReading(Client client, String name) {
        long node = client.walk(name);
        assertThat(client.open(node, OpenFlags.O_RDONLY)).isZero();
        return node;
    }

    @Test
    void anotherUsersFileIsEPERM() {
        try (Client client = Client.of(directory)) {
            long node = openForReading(client, "roots");
            int before = flags(client, node);
            client.as(Caller.user(USER, USER));
            assertThat(setFlags(client, node, before | IMMUTABLE)).isEqualTo(-Errno.EPERM);
            assertThat(setFlags(client, node, before ^ NODUMP)).isEqualTo(-Errno.EPERM);
            assertThat(flags(client, node)).isEqualTo(before);
            client.as(Caller.root());
            assertThat(setFlags(client, node, before ^ NODUMP)).isZero();
        }
    }

    @Test
    void anOwnersFileIsHisButNobodyElsesToMakeImmutable() {
        try (Client client = Client.of(directory)) {
            client.as(Caller.user(USER, USER));
            assertThat(client.create(ROOT, "mine", OpenFlags.O_RDWR, 0600)).isZero();
            long node = client.entry.nodeid;
            int before = flags(client, node);
            assertThat(setFlags(client, node, before | NODUMP)).isZero();
            assertThat(setFlags(client, node, before | IMMUTABLE)).isEqualTo(-Errno.EPERM);
            assertThat(flags(client, node)).isEqualTo(before | NODUMP);
        }
    }

    @Test
    void whatAClientWithMappedIdsHasCheckedIsDone() {
        try (Client client = Client.of(directory)) {
            long node = openForReading(client, "roots");
            int before = flags(client, node);
            client.as(Caller.user(-1, -1));
            assertThat(setFlags(client, node, before | NODUMP)).isZero();
            assertThat(flags(client, node)).isEqualTo(before | NODUMP);
        }
    }

    @Test
    void theProjectStaysAsItIsUnlessTheOptionsSayOtherwise() {
        try (Client client = Client.of(directory)) {
            assertThat(client.create(ROOT, "mine", OpenFlags.O_RDWR, 0600)).isZero();
            long node = client.entry.nodeid;
            int before = flags(client, node);
            assertThat(setFlags(client, node, before | INHERITS_PROJECT)).isEqualTo(-Errno.EPERM);
            assumeThat(call(client, node, FSGETXATTR, 0, 28)).isZero();
            argument.set(ValueLayout.JAVA_INT, 12, 4711);
            assertThat(call(client, node, FSSETXATTR, 28, 0)).isEqualTo(-Errno.EPERM);
            call(client, node, FSGETXATTR, 0, 28);
            argument.set(ValueLayout.JAVA_INT, 0, argument.get(ValueLayout.JAVA_INT, 0) | XFLAG_INHERITS_PROJECT);
            assertThat(call(client, node, FSSETXATTR, 28, 0)).isEqualTo(-Errno.EPERM);
            assertThat(call(client, node, FSGETXATTR, 0, 28)).isZero();
            assertThat(call(client, node, FSSETXATTR, 28, 0)).as("no change").isZero();
        }
        try (Client client = Client.of(LocalOptions.of(directory).allowProjectIds(true))) {
            long node = openForReading(client, "mine");
            int before = flags(client, node);
            assertThat(setFlags(client, node, before | INHERITS_PROJECT))
                    .as("left to the host's file system")
                    .isIn(0, -Errno.EOPNOTSUPP);
        }
    }
}
