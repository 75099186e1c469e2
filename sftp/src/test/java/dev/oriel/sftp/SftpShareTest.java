package dev.oriel.sftp;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.filesystem.ShareSettings;
import dev.oriel.filesystem.local.Caller;
import dev.oriel.filesystem.local.Client;
import dev.oriel.filesystem.path.OperationTable;
import dev.oriel.filesystem.path.ProviderOperations;
import dev.oriel.filesystem.path.Stored;
import dev.oriel.guests.Guest;
import dev.oriel.guests.GuestKind;
import dev.oriel.guests.GuestKit;
import dev.oriel.guests.GuestRun;
import dev.oriel.guests.Share;
import dev.oriel.guests.testing.GrowingFile;
import dev.oriel.guests.testing.ProgramsInAShare;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyPair;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.sshd.common.config.keys.KeyUtils;
import org.apache.sshd.common.config.keys.PublicKeyEntry;
import org.apache.sshd.common.config.keys.writer.openssh.OpenSSHKeyPairResourceWriter;
import org.apache.sshd.common.file.virtualfs.VirtualFileSystemFactory;
import org.apache.sshd.common.keyprovider.KeyPairProvider;
import org.apache.sshd.server.SshServer;
import org.apache.sshd.sftp.server.SftpSubsystemFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/** A folder behind an SFTP server in this process, seen by the driver and by a Linux guest. */
@SuppressWarnings("NullAway.Init") // before each
class SftpShareTest {
    private static final int STEPS = Integer.getInteger("oriel.writer.steps", 1500);
    private static final int MOST_BYTES = 500_000;
    private static final GuestKit KIT = GuestKit.locate();

    @TempDir
    private Path folder;

    private Path served;
    private SshServer server;
    private Path known;
    private Path identity;

    @BeforeEach
    void startAServer() throws Exception {
        served = Files.createDirectory(folder.resolve("served"));
        KeyPair host = KeyUtils.generateKeyPair("ecdsa-sha2-nistp256", 256);
        KeyPair user = KeyUtils.generateKeyPair("ecdsa-sha2-nistp256", 256);
        server = SshServer.setUpDefaultServer();
        server.setHost("127.0.0.1");
        server.setKeyPairProvider(KeyPairProvider.wrap(host));
        server.setPublickeyAuthenticator(
                (name, key, _) -> name.equals("guest") && KeyUtils.compareKeys(key, user.getPublic()));
        server.setSubsystemFactories(List.of(new SftpSubsystemFactory()));
        server.setFileSystemFactory(new VirtualFileSystemFactory(served));
        server.start();
        known = Files.writeString(
                folder.resolve("known"),
                "[127.0.0.1]:" + server.getPort() + " " + PublicKeyEntry.toString(host.getPublic()) + "\n");
        identity = folder.resolve("key");
        try (java.io.OutputStream out = Files.newOutputStream(identity)) {
            OpenSSHKeyPairResourceWriter.INSTANCE.writePrivateKey(user, "test", null, out);
        }
        Files.setPosixFilePermissions(identity, PosixFilePermissions.fromString("rw-------"));
    }

    @AfterEach
    void stopIt() throws IOException {
        server.stop(true);
    }

    private URI uri() {
        return URI.create("sftp://guest@127.0.0.1:" + server.getPort() + "/");
    }

    private Map<String, String> options() {
        return Map.of("known-hosts", known.toString(), "identity", identity.toString());
    }

    @Test
    void thePageShowsWhatAGuestMayDo() throws IOException {
        try (Client client = client()) {
            OperationTable.assertShows("sftp:", new ProviderOperations(client, Stored.at(served)).run());
        }
    }

    @Test
    void whoMakesALinkChangesNothingOfWhatItLeadsTo() throws IOException {
        Path target = Files.createFile(served.resolve("target"));
        Files.setPosixFilePermissions(target, PosixFilePermissions.fromString("rw-------"));
        Object owner = Files.getAttribute(target, "unix:uid");
        try (Client client = client()) {
            assertThat(client.as(Caller.user(1000, 1000)).symlink(FileSystemSession.ROOT, "link", "target"))
                    .isZero();
        }
        assertThat(Files.getPosixFilePermissions(target)).isEqualTo(PosixFilePermissions.fromString("rw-------"));
        assertThat(Files.getAttribute(target, "unix:uid")).isEqualTo(owner);
    }

    private Client client() throws IOException {
        return Client.of(
                new SftpShares().open(uri(), new ShareSettings(options(), false, 64 << 20, 1, null, 64 << 20)));
    }

    @Test
    void filesAreWrittenAnywhereAndRenamedInOneStep() throws IOException {
        byte[] content = new byte[2_000_001];
        new Random(1).nextBytes(content);
        try (ServedShare share = ServedShare.of(folder, uri(), options());
                java.nio.file.FileSystem mounted = share.mount()) {
            Path file = mounted.getPath("/file");
            Files.write(file, content);
            assertThat(Files.readAllBytes(served.resolve("file"))).isEqualTo(content);
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
                channel.write(ByteBuffer.wrap("here".getBytes(UTF_8)), 1_000_000);
                channel.truncate(1_500_000);
                channel.force(true);
            }
            System.arraycopy("here".getBytes(UTF_8), 0, content, 1_000_000, 4);
            assertThat(Files.readAllBytes(served.resolve("file"))).isEqualTo(Arrays.copyOf(content, 1_500_000));
            Files.writeString(mounted.getPath("/old"), "old");
            Files.move(file, mounted.getPath("/old"), StandardCopyOption.ATOMIC_MOVE);
            assertThat(served.resolve("file")).doesNotExist();
            assertThat(Files.size(served.resolve("old"))).isEqualTo(1_500_000);
            Files.createDirectory(mounted.getPath("/dir"));
            Files.createSymbolicLink(mounted.getPath("/link"), mounted.getPath("old"));
            assertThat(Files.readSymbolicLink(mounted.getPath("/link"))).hasToString("old");
            Files.setPosixFilePermissions(mounted.getPath("/old"), PosixFilePermissions.fromString("r--r-----"));
            assertThat(Files.getPosixFilePermissions(served.resolve("old")))
                    .isEqualTo(PosixFilePermissions.fromString("r--r-----"));
        }
    }

    @Test
    void aRandomWriterSeesWhatItWrote() throws IOException {
        Random random = new Random(7);
        byte[] model = new byte[0];
        try (ServedShare share = ServedShare.of(folder, uri(), options());
                java.nio.file.FileSystem mounted = share.mount()) {
            Path file = mounted.getPath("/random");
            FileChannel channel = open(file);
            for (int i = 0; i < STEPS; i++) {
                switch (random.nextInt(10)) {
                    case 0, 1, 2, 3, 4 -> {
                        byte[] bytes = new byte[1 + random.nextInt(20_000)];
                        random.nextBytes(bytes);
                        int offset = random.nextInt(model.length + 1000);
                        if (offset + bytes.length < MOST_BYTES) {
                            channel.write(ByteBuffer.wrap(bytes), offset);
                            model = Arrays.copyOf(model, Math.max(model.length, offset + bytes.length));
                            System.arraycopy(bytes, 0, model, offset, bytes.length);
                        }
                    }
                    case 5 -> {
                        model = Arrays.copyOf(model, random.nextInt(model.length + 1));
                        channel.truncate(model.length);
                    }
                    case 6 -> {
                        channel.force(true);
                        assertThat(Files.readAllBytes(served.resolve("random")))
                                .as("step " + i)
                                .isEqualTo(model);
                    }
                    case 7 -> {
                        channel.close();
                        channel = open(file);
                    }
                    default -> {
                        ByteBuffer read = ByteBuffer.allocate(model.length);
                        while (read.hasRemaining() && channel.read(read, read.position()) > 0) {}
                        assertThat(read.array()).as("step " + i).isEqualTo(model);
                    }
                }
            }
            channel.close();
            assertThat(Files.readAllBytes(served.resolve("random"))).isEqualTo(model);
        }
    }

    private static FileChannel open(Path file) throws IOException {
        return FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    }

    @Test
    void twoGuestsAppendToOneFile() throws Exception {
        try (ServedShare share = ServedShare.of(folder, uri(), options());
                java.nio.file.FileSystem one = share.mount();
                java.nio.file.FileSystem other = share.mount()) {
            byte[] whole = GrowingFile.grow(List.of(one, other), "/log");
            assertThat(Files.readAllBytes(served.resolve("log"))).isEqualTo(whole);
        }
    }

    @Test
    @Tag("guest")
    void aGuestWorksInIt() throws Exception {
        String script = """
            cd /mnt
            mkdir -p a/b && for i in 1 2 3; do echo $i >> a/b/log; done && cat a/b/log
            dd if=/dev/urandom of=a/random bs=64k count=30 2>/dev/null && cp a/random a/copy && cmp a/random a/copy && echo same
            tar cf t.tar a && tar tf t.tar | wc -l
            mv a/copy a/random && rm t.tar && ls -1 a
            chmod 600 a/random && stat -c %a a/random
            echo over
            """;
        try (ServedShare share = ServedShare.of(folder, uri(), options());
                GuestRun run = Guest.of(KIT, GuestKind.UML)
                        .share(Share.of(share.socket(), "share"))
                        .limit(Duration.ofMinutes(3))
                        .script(script)
                        .start()) {
            run.await().orThrow();
            assertThat(run.lines()).containsSubsequence("1", "2", "3", "same", "5", "b", "random", "600", "over");
            assertThat(Files.readString(served.resolve("a/b/log"))).isEqualTo("1\n2\n3\n");
            assertThat(Files.size(served.resolve("a/random"))).isEqualTo(30 * 65536);
        }
    }

    /** With {@code -Doriel.soak=1}. */
    @Test
    @Tag("guest")
    @EnabledIfSystemProperty(named = "oriel.soak", matches = "[1-9].*")
    void programsThatPeopleRunWork() throws Exception {
        try (ServedShare share = ServedShare.of(folder, uri(), options())) {
            assertThat(ProgramsInAShare.run(KIT, share.socket(), folder))
                    .containsSubsequence(ProgramsInAShare.expected());
        }
    }

    @Test
    void aServerWithAnotherKeyAndUnknownOptionsAreRefused() throws IOException {
        Path empty = Files.writeString(folder.resolve("empty"), "");
        assertThatThrownBy(() -> ServedShare.of(
                        folder, uri(), Map.of("known-hosts", empty.toString(), "identity", identity.toString())))
                .isInstanceOf(IOException.class);
        assertThatThrownBy(() -> ServedShare.of(folder, uri(), Map.of("colour", "green")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("known are identity, known-hosts, password-file");
        assertThatThrownBy(() -> ServedShare.of(folder, URI.create("sftp://127.0.0.1/"), options()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("sftp://USER@HOST/DIR");
    }
}
