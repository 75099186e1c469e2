package dev.oriel.filesystem.layer;

import static dev.oriel.filesystem.FileSystemSession.ROOT;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.oriel.filesystem.local.Caller;
import dev.oriel.filesystem.local.Client;
import dev.oriel.filesystem.local.LocalFileSystem;
import dev.oriel.filesystem.local.LocalOptions;
import dev.oriel.fuse.FuseFlags;
import dev.oriel.fuse.FuseInitFlags;
import dev.oriel.linux.Errno;
import dev.oriel.linux.FileMode;
import dev.oriel.linux.LinuxException;
import dev.oriel.linux.OpenFlags;
import dev.oriel.linux.credential.ThreadCredentials;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MappedXattrsTest {
    @TempDir
    Path directory;

    private Client share(String rules) throws LinuxException {
        return Client.of(new MappedXattrs(
                LocalFileSystem.open(LocalOptions.of(directory)
                        .xattr(true)
                        .posixAcl(true)
                        .securityLabel(true)
                        .build()),
                XattrMap.parse(rules)));
    }

    private static int set(Client client, long node, String name, String value) {
        MemorySegment bytes = Arena.ofAuto().allocateFrom(value);
        return client.session.setxattr(
                client.caller(), node, client.name(name), bytes.asSlice(0, bytes.byteSize() - 1), 0, 0);
    }

    private static String get(Client client, long node, String name) {
        MemorySegment out = Arena.ofAuto().allocate(256);
        return text(client.session.getxattr(client.caller(), node, client.name(name), out), out);
    }

    private static String text(int length, MemorySegment out) {
        return length < 0
                ? Errno.name(-length)
                : new String(out.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE), UTF_8);
    }

    private static String list(Client client, long node, int room) {
        MemorySegment out = room == 0 ? MemorySegment.NULL : Arena.ofAuto().allocate(room);
        int length = client.session.listxattr(client.caller(), node, out);
        if (room == 0) {
            return Integer.toString(length);
        }
        return length < 0
                ? Errno.name(-length)
                : String.join(" ", new TreeSet<>(List.of(text(length, out).split("\0"))));
    }

    private List<String> onHost(String name) throws Exception {
        return new TreeSet<>(attributes(name).list()).stream().toList();
    }

    private UserDefinedFileAttributeView attributes(String name) {
        return Files.getFileAttributeView(directory.resolve(name), UserDefinedFileAttributeView.class);
    }

    private static long make(Client client, String name) {
        assertThat(client.create(ROOT, name, OpenFlags.O_RDWR, 0644)).isZero();
        return client.entry.nodeid;
    }

    @Test
    void namesAreOthersOnTheHost() throws Exception {
        try (Client client = share(":map::user.virtiofs.:")) {
            long node = make(client, "file");
            attributes("file").write("of the host", UTF_8.encode("x"));
            assertThat(set(client, node, "trusted.a", "1")).isZero();
            assertThat(set(client, node, "user.b", "2")).isZero();
            assertThat(onHost("file")).containsExactly("of the host", "virtiofs.trusted.a", "virtiofs.user.b");
            assertThat(get(client, node, "trusted.a")).isEqualTo("1");
            assertThat(get(client, node, "user.b")).isEqualTo("2");
            assertThat(get(client, node, "user.of the host")).isEqualTo("ENODATA");
            assertThat(list(client, node, 100)).isEqualTo("trusted.a user.b");
            assertThat(client.session.removexattr(client.caller(), node, client.name("user.b")))
                    .isZero();
            assertThat(client.session.removexattr(client.caller(), node, client.name("user.of the host")))
                    .isEqualTo(-Errno.ENODATA);
            assertThat(onHost("file")).containsExactly("of the host", "virtiofs.trusted.a");
        }
    }

    @Test
    void aListHasTheSizeOfWhatTheClientSees() throws Exception {
        try (Client client = share(":map::user.virtiofs.:")) {
            long node = make(client, "file");
            assertThat(list(client, node, 0)).isEqualTo("0");
            assertThat(list(client, node, 1)).isEmpty();
            set(client, node, "user.a", "1");
            set(client, node, "user.bc", "1");
            attributes("file").write("hidden", UTF_8.encode("x"));
            int size = "user.a?user.bc?".length();
            assertThat(list(client, node, 0)).isEqualTo("" + size);
            assertThat(list(client, node, size)).isEqualTo("user.a user.bc");
            assertThat(list(client, node, size - 1)).isEqualTo("ERANGE");
        }
    }

    @Test
    void badAndUnsupportedNamesAreRefusedAndHidden() throws Exception {
        try (Client client = share(":bad:all:user.bad:user.bad::unsupported:all:user.no:user.no::ok:all:::")) {
            long node = make(client, "file");
            attributes("file").write("bad", UTF_8.encode("x"));
            attributes("file").write("no", UTF_8.encode("x"));
            attributes("file").write("good", UTF_8.encode("x"));
            assertThat(set(client, node, "user.bad", "1")).isEqualTo(-Errno.EPERM);
            assertThat(set(client, node, "user.no", "1")).isEqualTo(-Errno.EOPNOTSUPP);
            assertThat(get(client, node, "user.bad")).isEqualTo("ENODATA");
            assertThat(get(client, node, "user.no")).isEqualTo("EOPNOTSUPP");
            assertThat(client.session.removexattr(client.caller(), node, client.name("user.bad")))
                    .isEqualTo(-Errno.EPERM);
            assertThat(client.session.removexattr(client.caller(), node, client.name("user.no")))
                    .isEqualTo(-Errno.EOPNOTSUPP);
            assertThat(list(client, node, 100)).isEqualTo("user.good");
            assertThat(get(client, node, "user.good")).isEqualTo("x");
        }
    }

    /** CVE-2021-20263. */
    @Test
    void capabilitiesEndWhenAFileChanges() throws Exception {
        try (Client client = share(":map:security.:user.virtiofs.security.:")) {
            long node = make(client, "file");
            long fh = client.opened.fh;
            endsCapability(client, node, false, () -> client.getattr(node));
            endsCapability(client, node, false, () -> {
                client.change.valid = FuseFlags.FATTR_MODE;
                client.change.mode = 0600;
                assertThat(client.setattr(node)).isZero();
            });
            endsCapability(
                    client,
                    node,
                    true,
                    () -> assertThat(client.write(node, fh, 0, "12345678")).isEqualTo(8));
            endsCapability(client, node, true, () -> {
                client.change.valid = FuseFlags.FATTR_SIZE;
                client.change.size = 4;
                assertThat(client.setattr(node)).isZero();
            });
            endsCapability(client, node, true, () -> {
                client.change.valid = FuseFlags.FATTR_UID;
                client.change.uid = ThreadCredentials.geteuid();
                assertThat(client.setattr(node)).isZero();
            });
            endsCapability(client, node, true, () -> {
                client.change.valid = FuseFlags.FATTR_GID;
                client.change.gid = ThreadCredentials.getegid();
                assertThat(client.setattr(node)).isZero();
            });
            endsCapability(
                    client,
                    node,
                    true,
                    () -> assertThat(client.session.fallocate(client.caller(), node, fh, 0, 10, 0))
                            .isZero());
            endsCapability(
                    client,
                    node,
                    true,
                    () -> assertThat(client.session.copyFileRange(client.caller(), node, fh, 0, node, fh, 100, 10, 0))
                            .isEqualTo(10));
            endsCapability(
                    client,
                    node,
                    true,
                    () -> assertThat(client.open(node, OpenFlags.O_RDWR | OpenFlags.O_TRUNC))
                            .isZero());
        }
    }

    private void endsCapability(Client client, long node, boolean ends, Runnable change) throws Exception {
        assertThat(set(client, node, "security.capability", "of " + node)).isZero();
        assertThat(get(client, node, "security.capability")).isEqualTo("of " + node);
        change.run();
        assertThat(get(client, node, "security.capability")).isEqualTo(ends ? "ENODATA" : "of " + node);
        assertThat(onHost("file")).hasSize(ends ? 0 : 1);
    }

    @Test
    void newFilesGetTheirLabelUnderTheHostsName() throws Exception {
        try (Client client = share(":map:security.selinux:user.virtiofs.:")) {
            client.as(caller("security.selinux"));
            make(client, "file");
            assertThat(client.mkdir(ROOT, "directory", 0755)).isZero();
            assertThat(client.mknod(ROOT, "node", FileMode.S_IFREG | 0600, 0)).isZero();
            for (String name : List.of("file", "directory", "node")) {
                assertThat(onHost(name)).as(name).containsExactly("virtiofs.security.selinux");
                assertThat(get(client, client.walk(name), "security.selinux")).isEqualTo("label");
            }
            client.entry.clear();
            assertThat(client.session.tmpfile(
                            client.caller(), ROOT, OpenFlags.O_RDWR, 0600, 0, 0, client.entry, client.opened))
                    .isZero();
            assertThat(get(client, client.entry.nodeid, "security.selinux")).isEqualTo("label");
            assertThat(client.create(ROOT, "file", OpenFlags.O_RDWR, 0600)).isEqualTo(-Errno.ESTALE);
            assertThat(client.create(ROOT, "file", OpenFlags.O_RDWR | OpenFlags.O_EXCL, 0600))
                    .isEqualTo(-Errno.EEXIST);
        }
    }

    private static Caller caller(String label) {
        return (ThreadCredentials.geteuid() == 0 ? Caller.root() : Caller.user(1, 1))
                .withSecurityContext(label, "label");
    }

    @Test
    void whatCannotBeLabelledIsNotMade() throws Exception {
        try (Client client = share(":map:security.selinux:nothing.:")) {
            client.as(caller("security.selinux")); // the host knows no "nothing."
            assertThat(client.create(ROOT, "x", OpenFlags.O_RDWR, 0600)).isEqualTo(-Errno.EOPNOTSUPP);
            assertThat(client.mkdir(ROOT, "x", 0755)).isEqualTo(-Errno.EOPNOTSUPP);
            assertThat(client.mknod(ROOT, "x", FileMode.S_IFREG | 0600, 0)).isEqualTo(-Errno.EOPNOTSUPP);
            assertThat(client.symlink(ROOT, "x", "y")).isEqualTo(-Errno.EOPNOTSUPP);
            client.as(caller("user.any"));
            assertThat(client.mkdir(ROOT, "x", 0755))
                    .as("a name that is no label")
                    .isEqualTo(-Errno.EOPNOTSUPP);
        }
        try (Client client = share(":bad:all:security.:security.::ok:all:::")) {
            client.as(caller("security.selinux"));
            assertThat(client.mkdir(ROOT, "x", 0755)).isEqualTo(-Errno.EPERM);
        }
        try (var files = Files.list(directory)) {
            assertThat(files).isEmpty();
        }
    }

    @Test
    void accessControlListsAreThereOnlyUnderTheirName() throws Exception {
        try (Client client = share(":map::user.virtiofs.:")) {
            assertThat(client.session.flags() & FuseInitFlags.POSIX_ACL).isZero();
        }
        try (Client client = share(":map:trusted.:user.virtiofs.:")) {
            assertThat(client.session.flags() & FuseInitFlags.POSIX_ACL).isNotZero();
        }
    }

    @Test
    void theHostsKernelEndsCapabilitiesThatItKnows() throws Exception {
        assumeThat(ThreadCredentials.geteuid()).as("runs as root").isZero();
        try (Client client = share(":map:trusted.:user.virtiofs.:")) {
            long node = make(client, "file");
            byte[] capability = {1, 0, 0, 2, 0, 32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
            MemorySegment value = Arena.ofAuto().allocateFrom(ValueLayout.JAVA_BYTE, capability);
            assertThat(client.session.setxattr(client.caller(), node, client.name("security.capability"), value, 0, 0))
                    .isZero();
            client.write(node, client.opened.fh, 0, "x");
            assertThat(get(client, node, "security.capability")).isEqualTo("ENODATA");
        }
    }
}
