package dev.oriel.filesystem.local;

import static dev.oriel.filesystem.FileSystemSession.ROOT;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.oriel.fuse.FuseInitFlags;
import dev.oriel.linux.Errno;
import dev.oriel.linux.OpenFlags;
import dev.oriel.linux.XattrFlags;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class XattrsTest {
    @TempDir
    Path directory;

    static String get(Client client, long node, String name) {
        MemorySegment out = Arena.ofAuto().allocate(256);
        int length = client.session.getxattr(client.caller(), node, client.name(name), out);
        return length < 0
                ? Errno.name(-length)
                : new String(out.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE), UTF_8);
    }

    private static int set(Client client, long node, String name, String value, int flags) {
        MemorySegment bytes = Arena.ofAuto().allocateFrom(value);
        return client.session.setxattr(
                client.caller(), node, client.name(name), bytes.asSlice(0, bytes.byteSize() - 1), flags, 0);
    }

    @Test
    void attributesAreSetReadListedAndRemoved() {
        try (Client client = Client.of(LocalOptions.of(directory).xattr(true))) {
            client.create(ROOT, "file", OpenFlags.O_RDWR, 0600);
            long node = client.entry.nodeid;
            assertThat(get(client, node, "user.a")).isEqualTo("ENODATA");
            assertThat(set(client, node, "user.a", "value", XattrFlags.XATTR_REPLACE))
                    .isEqualTo(-Errno.ENODATA);
            assertThat(set(client, node, "user.a", "value", 0)).isZero();
            assertThat(set(client, node, "user.a", "value", XattrFlags.XATTR_CREATE))
                    .isEqualTo(-Errno.EEXIST);
            assertThat(get(client, node, "user.a")).isEqualTo("value");
            MemorySegment none = MemorySegment.NULL;
            assertThat(client.session.getxattr(client.caller(), node, client.name("user.a"), none))
                    .isEqualTo(5);
            assertThat(client.session.getxattr(
                            client.caller(),
                            node,
                            client.name("user.a"),
                            Arena.ofAuto().allocate(2)))
                    .isEqualTo(-Errno.ERANGE);
            assertThat(client.session.listxattr(client.caller(), node, none)).isGreaterThanOrEqualTo(7);
            assertThat(client.session.removexattr(client.caller(), node, client.name("user.a")))
                    .isZero();
            assertThat(get(client, node, "user.a")).isEqualTo("ENODATA");
        }
    }

    @Test
    void aSymbolicLinkHasItsOwnAndNotItsTargets() {
        assumeThat(CallerIdentity.canChange()).as("runs as root").isTrue();
        try (Client client = Client.of(LocalOptions.of(directory).xattr(true))) {
            client.create(ROOT, "file", OpenFlags.O_RDWR, 0600);
            long file = client.entry.nodeid;
            client.symlink(ROOT, "link", "file");
            long link = client.entry.nodeid;
            assertThat(set(client, link, "security.oriel", "of the link", 0)).isZero();
            assertThat(get(client, link, "security.oriel")).isEqualTo("of the link");
            assertThat(get(client, file, "security.oriel")).isEqualTo("ENODATA");
            assertThat(set(client, link, "user.a", "x", 0)).isEqualTo(-Errno.EPERM);
        }
    }

    @Test
    void theyAreOffUnlessAskedFor() {
        try (Client client = Client.of(directory)) {
            assertThat(get(client, ROOT, "user.a")).isEqualTo("ENOSYS");
            assertThat(set(client, ROOT, "user.a", "x", 0)).isEqualTo(-Errno.ENOSYS);
            assertThat(client.session.listxattr(client.caller(), ROOT, MemorySegment.NULL))
                    .isEqualTo(-Errno.ENOSYS);
        }
        try (Client client = Client.of(LocalOptions.of(directory).xattr(true))) {
            assertThat(get(client, ROOT, "system.posix_acl_access")).isEqualTo("EOPNOTSUPP");
        }
    }

    @Test
    void whatNoKernelHasCheckedIsNotThere() {
        try (Client client =
                Client.of(LocalOptions.of(directory).posixAcl(true), Client.EVERYTHING & ~FuseInitFlags.POSIX_ACL)) {
            assertThat(set(client, ROOT, "system.posix_acl_access", "x", 0)).isEqualTo(-Errno.EOPNOTSUPP);
            assertThat(client.session.removexattr(client.caller(), ROOT, client.name("system.posix_acl_default")))
                    .isEqualTo(-Errno.EOPNOTSUPP);
        }
        try (Client client = Client.of(LocalOptions.of(directory).posixAcl(true))) {
            assertThat(set(client, ROOT, "system.nfs4_acl", "x", 0)).isEqualTo(-Errno.EOPNOTSUPP);
            assertThat(get(client, ROOT, "system.nfs4_acl")).isEqualTo("EOPNOTSUPP");
        }
    }

    @Test
    void aDefaultAclIsInheritedAndOverridesTheUmask() {
        try (Client client = Client.of(LocalOptions.of(directory).posixAcl(true))) {
            client.mkdir(ROOT, "dir", 0755);
            long dir = client.entry.nodeid;
            MemorySegment acl = defaultAcl();
            assertThat(client.session.setxattr(
                            client.caller(), dir, client.name("system.posix_acl_default"), acl, 0, 0))
                    .isZero();
            assertThat(client.create(dir, "file", OpenFlags.O_RDWR, 0666, 077)).isZero();
            assertThat(client.entry.attributes.mode & 0777).isEqualTo(0664);
        }
    }

    /** user::rwx, group::rwx, other::r-x (posix_acl_xattr.h: version 2, then tag, permissions, id). */
    private static MemorySegment defaultAcl() {
        int[][] entries = {{1, 7}, {4, 7}, {0x20, 5}};
        MemorySegment acl = Arena.ofAuto().allocate(4 + 8 * entries.length, 4);
        var le16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
        var le32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
        acl.set(le32, 0, 2);
        for (int i = 0; i < entries.length; i++) {
            acl.set(le16, 4 + 8L * i, (short) entries[i][0]);
            acl.set(le16, 6 + 8L * i, (short) entries[i][1]);
            acl.set(le32, 8 + 8L * i, -1);
        }
        return acl;
    }
}
