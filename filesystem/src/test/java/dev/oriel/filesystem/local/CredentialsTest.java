package dev.oriel.filesystem.local;

import static dev.oriel.filesystem.FileSystemSession.ROOT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.oriel.fuse.FuseFlags;
import dev.oriel.fuse.FuseInitFlags;
import dev.oriel.linux.Errno;
import dev.oriel.linux.FileMode;
import dev.oriel.linux.OpenFlags;
import dev.oriel.linux.RenameFlags;
import dev.oriel.linux.credential.ThreadCredentials;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CredentialsTest {
    private static final int USER = 12345;
    private static final int GROUP = 23456;
    private static final int OTHER_GROUP = 34567;

    @TempDir
    Path directory;

    @BeforeEach
    void openToAll() throws IOException {
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxrwxrwx"));
    }

    private static void needsRoot() {
        assumeThat(CallerIdentity.canChange()).as("runs as root").isTrue();
    }

    @Test
    void whatIsMadeBelongsToTheCallerAndTheThreadIsItselfAgain() {
        needsRoot();
        try (Client client = Client.of(directory)) {
            client.as(Caller.user(USER, GROUP));
            assertThat(client.create(ROOT, "file", OpenFlags.O_RDWR, 0666)).isZero();
            assertThat(client.entry.attributes.uid).isEqualTo(USER);
            assertThat(client.entry.attributes.gid).isEqualTo(GROUP);
            assertThat(client.entry.attributes.mode).isEqualTo(FileMode.S_IFREG | 0666);
            assertThat(client.mkdir(ROOT, "dir", 0777)).isZero();
            assertThat(client.entry.attributes.uid).isEqualTo(USER);
            assertThat(client.entry.attributes.mode).isEqualTo(FileMode.S_IFDIR | 0777);
            assertThat(client.symlink(ROOT, "link", "x")).isZero();
            assertThat(client.entry.attributes.gid).isEqualTo(GROUP);
            assertThat(client.mknod(ROOT, "fifo", FileMode.S_IFIFO | 0600, 0)).isZero();
            assertThat(client.entry.attributes.uid).isEqualTo(USER);
        }
        assertThat(ThreadCredentials.geteuid()).isZero();
        assertThat(ThreadCredentials.getegid()).isZero();
        assertThat(ThreadCredentials.hasCapability(ThreadCredentials.CAP_DAC_OVERRIDE))
                .isTrue();
    }

    @Test
    void anotherUsersDirectoryIsEACCES() throws IOException {
        needsRoot();
        Path closed = Files.createDirectory(directory.resolve("closed"));
        Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("rwx------"));
        try (Client client = Client.of(directory)) {
            long node = client.walk("closed");
            client.as(Caller.user(USER, GROUP));
            assertThat(client.create(node, "file", OpenFlags.O_RDWR, 0666)).isEqualTo(-Errno.EACCES);
            assertThat(client.mkdir(node, "dir", 0777)).isEqualTo(-Errno.EACCES);
            assertThat(client.session.access(client.caller(), node, 4)).isEqualTo(-Errno.EACCES);
        }
    }

    @Test
    void aSupplementaryGroupOpensADirectoryOfThatGroup() throws IOException {
        needsRoot();
        Path shared = Files.createDirectory(directory.resolve("shared"));
        Files.setPosixFilePermissions(shared, PosixFilePermissions.fromString("rwxrwx---"));
        Files.setAttribute(shared, "unix:gid", OTHER_GROUP);
        try (Client client = Client.of(directory)) {
            long node = client.walk("shared");
            client.as(Caller.user(USER, GROUP));
            assertThat(client.mkdir(node, "no", 0777)).isEqualTo(-Errno.EACCES);
            client.as(Caller.user(USER, GROUP).alsoInGroup(OTHER_GROUP));
            assertThat(client.mkdir(node, "yes", 0777)).isZero();
            assertThat(client.entry.attributes.gid).isEqualTo(GROUP);
            client.as(Caller.user(USER, GROUP));
            assertThat(client.mkdir(node, "again", 0777)).isEqualTo(-Errno.EACCES);
        }
    }

    @Test
    void anIdThatTheMappingLacksMakesNothing() {
        try (Client client = Client.of(directory)) {
            client.as(Caller.user(-1, GROUP));
            assertThat(client.mkdir(ROOT, "dir", 0777)).isEqualTo(-Errno.EOVERFLOW);
            assertThat(client.create(ROOT, "file", OpenFlags.O_RDWR, 0666)).isEqualTo(-Errno.EOVERFLOW);
            assertThat(directory).isEmptyDirectory();
        }
    }

    @Test
    void theCallersUmaskIsAppliedOnlyIfTheClientLeavesItToUs() {
        try (Client client = Client.of(LocalOptions.of(directory).posixAcl(true))) {
            assertThat(client.create(ROOT, "ours", OpenFlags.O_RDWR, 0666, 027)).isZero();
            assertThat(client.entry.attributes.mode).isEqualTo(FileMode.S_IFREG | 0640);
        }
        try (Client client = Client.of(directory)) {
            assertThat(client.create(ROOT, "theirs", OpenFlags.O_RDWR, 0666, 027))
                    .isZero();
            assertThat(client.entry.attributes.mode).isEqualTo(FileMode.S_IFREG | 0666);
        }
    }

    @Test
    void writingClearsTheSetUserIdBitWhenTheClientAsks() {
        needsRoot();
        try (Client client = Client.of(LocalOptions.of(directory).killprivV2(true))) {
            assertThat(client.session.flags() & FuseInitFlags.HANDLE_KILLPRIV_V2)
                    .isNotZero();
            assertThat(client.create(ROOT, "suid", OpenFlags.O_RDWR, 0755)).isZero();
            long node = client.entry.nodeid;
            long fh = client.opened.fh;
            client.change.valid = FuseFlags.FATTR_MODE;
            client.change.mode = 04755;
            assertThat(client.setattr(node)).isZero();
            client.write(node, fh, 0, "root keeps it");
            assertThat(client.getattr(node)).isZero();
            assertThat(client.attr.mode).isEqualTo(FileMode.S_IFREG | 04755);
            client.write(node, fh, 0, 0, FuseFlags.WRITE_KILL_SUIDGID, "a user does not");
            assertThat(client.getattr(node)).isZero();
            assertThat(client.attr.mode).isEqualTo(FileMode.S_IFREG | 0755);
            client.change.valid = FuseFlags.FATTR_MODE;
            client.change.mode = 06755;
            assertThat(client.setattr(node)).isZero();
            client.change.valid = FuseFlags.FATTR_SIZE | FuseFlags.FATTR_KILL_SUIDGID;
            client.change.size = 1;
            assertThat(client.setattr(node)).isZero();
            assertThat(client.attr.mode).isEqualTo(FileMode.S_IFREG | 0755);
        }
        assertThat(ThreadCredentials.hasCapability(ThreadCredentials.CAP_FSETID))
                .isTrue();
    }

    @Test
    void securityContextsAreThereFromTheStartOrTheFileIsNot() {
        needsRoot();
        try (Client client = Client.of(LocalOptions.of(directory).securityLabel(true))) {
            client.as(Caller.root().withSecurityContext("security.SMACK64", "label"));
            for (String name : new String[] {"dir", "link", "node", "file"}) {
                int result = switch (name) {
                    case "dir" -> client.mkdir(ROOT, name, 0700);
                    case "link" -> client.symlink(ROOT, name, "dir");
                    case "node" -> client.mknod(ROOT, name, FileMode.S_IFREG | 0600, 0);
                    default -> client.create(ROOT, name, OpenFlags.O_RDWR, 0600);
                };
                assertThat(result).as(name).isZero();
                assertThat(XattrsTest.get(client, client.entry.nodeid, "security.SMACK64"))
                        .isEqualTo("label");
            }
        }
    }

    @Test
    void whatIsNoLabelOfASecurityModuleIsNotSetAsAFileIsMade() {
        needsRoot();
        String[] names = {
            "nonsense",
            "user.one",
            "trusted.overlay.opaque",
            "security.capability",
            "security.ima",
            "security.selinuxes",
            "system.posix_acl_access"
        };
        try (Client client = Client.of(LocalOptions.of(directory).securityLabel(true))) {
            for (String name : names) {
                client.as(Caller.root().withSecurityContext(name, "label"));
                assertThat(client.mkdir(ROOT, "no-dir", 0700)).as(name).isEqualTo(-Errno.EOPNOTSUPP);
                assertThat(client.symlink(ROOT, "no-link", "x")).as(name).isEqualTo(-Errno.EOPNOTSUPP);
                assertThat(client.create(ROOT, "no-file", OpenFlags.O_RDWR, 0600))
                        .as(name)
                        .isEqualTo(-Errno.EOPNOTSUPP);
            }
        }
        try (Client client = Client.of(directory)) {
            client.as(Caller.root().withSecurityContext("security.selinux", "label"));
            assertThat(client.create(ROOT, "no-file", OpenFlags.O_RDWR, 0600))
                    .as("not agreed upon")
                    .isEqualTo(-Errno.EINVAL);
        }
        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void aClientThatDoesNotTellTheGroupHasCheckedTheDirectory() throws IOException {
        needsRoot();
        Path shared = Files.createDirectory(directory.resolve("shared"));
        Files.setPosixFilePermissions(shared, PosixFilePermissions.fromString("rwxrwx---"));
        Files.setAttribute(shared, "unix:gid", OTHER_GROUP);
        long offered = Client.EVERYTHING & ~FuseInitFlags.CREATE_SUPP_GROUP;
        try (Client client = Client.of(LocalOptions.of(directory), offered)) {
            long node = client.walk("shared");
            client.as(Caller.user(USER, GROUP));
            assertThat(client.mkdir(node, "dir", 0777)).isZero();
            assertThat(client.entry.attributes.uid).isEqualTo(USER);
            assertThat(client.create(node, "file", OpenFlags.O_RDWR, 0666)).isZero();
            assertThat(client.entry.attributes.uid).isEqualTo(USER);
            assertThat(client.mknod(node, "device", FileMode.S_IFCHR | 0600, 1 << 8 | 3))
                    .as("and nothing else is passed over")
                    .isEqualTo(-Errno.EPERM);
            assertThat(client.session.access(client.caller(), node, 4)).isEqualTo(-Errno.EACCES);
        }
        assertThat(ThreadCredentials.effectiveCapabilities()).isEqualTo(ThreadCredentials.permittedCapabilities());
    }

    @Test
    void aCallersGroupsDoNotMatterToAWhiteout() throws IOException {
        needsRoot();
        Path shared = Files.createDirectory(directory.resolve("shared"));
        Files.writeString(shared.resolve("covered"), "x");
        Files.setPosixFilePermissions(shared, PosixFilePermissions.fromString("rwxrwx---"));
        Files.setAttribute(shared, "unix:gid", OTHER_GROUP);
        try (Client client = Client.of(directory)) {
            long node = client.walk("shared");
            client.as(Caller.user(USER, GROUP));
            assertThat(client.rename(node, "covered", node, "moved", RenameFlags.RENAME_WHITEOUT))
                    .isZero();
            assertThat(client.lookup(node, "covered")).isZero();
            assertThat(client.entry.attributes.uid).isEqualTo(USER);
        }
    }

    @Test
    void aRenameThatLeavesAWhiteoutMakesItTheCallers() throws IOException {
        needsRoot();
        Files.writeString(directory.resolve("covered"), "x");
        try (Client client = Client.of(directory)) {
            client.as(Caller.root());
            assertThat(client.rename(ROOT, "covered", ROOT, "moved", RenameFlags.RENAME_WHITEOUT))
                    .isZero();
            client.walk("covered");
            assertThat(client.entry.attributes.mode & FileMode.S_IFMT).isEqualTo(FileMode.S_IFCHR);
            assertThat(client.entry.attributes.rdevMajor).isZero();
            assertThat(client.entry.attributes.rdevMinor).isZero();
        }
    }

    @Test
    void withoutPrivilegeAllIsDoneAsOneUser() throws Exception {
        needsRoot();
        Files.writeString(directory.resolve("roots"), "x");
        Files.setPosixFilePermissions(directory.resolve("roots"), PosixFilePermissions.fromString("rw-------"));
        try (ExecutorService thread = Executors.newSingleThreadExecutor()) {
            thread.submit(this::actAsNobody).get();
        }
    }

    private void actAsNobody() {
        assertThat(ThreadCredentials.setresgid(GROUP, GROUP, GROUP)).isZero();
        assertThat(ThreadCredentials.setresuid(USER, USER, USER)).isZero();
        try (Client client = Client.of(directory)) {
            client.as(Caller.user(1, 1));
            assertThat(client.create(ROOT, "mine", OpenFlags.O_RDWR, 0640)).isZero();
            long node = client.entry.nodeid;
            assertThat(client.entry.attributes.uid).isEqualTo(USER);
            assertThat(client.entry.attributes.mode).isEqualTo(FileMode.S_IFREG | 0640);
            client.change.valid = FuseFlags.FATTR_UID;
            client.change.uid = 1;
            assertThat(client.setattr(node)).isEqualTo(-Errno.EPERM);
            long roots = client.walk("roots");
            assertThat(client.open(roots, OpenFlags.O_RDONLY)).isEqualTo(-Errno.EACCES);
            assertThat(client.rename(ROOT, "mine", ROOT, "renamed", 0)).isZero();
            assertThat(client.getattr(node)).isZero();
            assertThat(client.session.flags() & FuseInitFlags.CREATE_SUPP_GROUP).isZero();
        }
    }
}
