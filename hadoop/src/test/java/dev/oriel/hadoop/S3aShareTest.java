package dev.oriel.hadoop;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.oriel.driver.FuseClient;
import dev.oriel.driver.FuseException;
import dev.oriel.filesystem.FileSystem;
import dev.oriel.filesystem.ShareSettings;
import dev.oriel.linux.Errno;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.apache.hadoop.fs.EtagSource;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileStatus;
import org.assertj.core.api.ThrowableAssert;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * What files can do in a bucket of S3 that is shared, by the driver, held against Hadoop's own client: {@code mvn
 * verify -Ps3a,s3proxy -pl hadoop -am -Dtest=S3aShareTest -Dsurefire.failIfNoSpecifiedTests=false}.
 */
@EnabledIfSystemProperty(named = S3Server.PROPERTY, matches = ".+")
@SuppressWarnings("NullAway.Init") // before all
class S3aShareTest {
    private static final int MOST_STREAMS = 4;

    private static S3Server server;
    private static org.apache.hadoop.fs.FileSystem hadoop;
    private static ServedShare share;
    private static java.nio.file.FileSystem mounted;
    private static Path root;

    @TempDir
    private static Path folder;

    @BeforeAll
    static void serve() throws Exception {
        server = S3Server.start(folder);
        hadoop = server.client();
        hadoop.mkdirs(there(""));
        share = ServedShare.of(folder, S3Server.share("/share"), server.options());
        mounted = share.mount();
        root = mounted.getPath("/");
    }

    @AfterAll
    static void stop() throws IOException {
        mounted.close();
        share.close();
        hadoop.close();
        server.close();
    }

    /** Where Hadoop's client has a file of the share. */
    private static org.apache.hadoop.fs.Path there(String name) {
        return new org.apache.hadoop.fs.Path("s3a", "bucket", name.isEmpty() ? "/share" : "/share/" + name);
    }

    private static byte[] readThere(String name) throws IOException {
        try (InputStream in = hadoop.open(there(name))) {
            return in.readAllBytes();
        }
    }

    private static void writeThere(String name, byte[] content) throws IOException {
        try (FSDataOutputStream out = hadoop.create(there(name))) {
            out.write(content);
        }
    }

    private static String etag(String name) throws IOException {
        FileStatus status = hadoop.getFileStatus(there(name));
        return status instanceof EtagSource object ? object.getEtag() : "";
    }

    private static byte[] random(int length, int seed) {
        byte[] content = new byte[length];
        new Random(seed).nextBytes(content);
        return content;
    }

    private static byte[] readAll(FileChannel channel) throws IOException {
        ByteBuffer read = ByteBuffer.allocate((int) channel.size());
        while (read.hasRemaining() && channel.read(read, read.position()) > 0) {}
        return read.array();
    }

    private static FileChannel open(String name, StandardOpenOption... options) throws IOException {
        return FileChannel.open(root.resolve(name), options);
    }

    @Test
    void whatIsWrittenHereIsReadThereAndTheOtherWayRound() throws IOException {
        byte[] content = random(20_000_001, 1);
        Files.write(root.resolve("mine"), content);
        assertThat(readThere("mine")).isEqualTo(content);
        writeThere("theirs", content);
        assertThat(Files.readAllBytes(root.resolve("theirs"))).isEqualTo(content);
    }

    /** Staging has 64 MiB. */
    @Test
    void whatIsWrittenInOrderNeedsNoStaging() throws IOException {
        byte[] part = random(1 << 20, 2);
        try (FileChannel channel = open("long", StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            for (int i = 0; i < 80; i++) {
                channel.write(ByteBuffer.wrap(part));
            }
            assertThat(Files.size(root.resolve("long"))).isEqualTo(80L << 20);
            assertThat(hadoop.getFileStatus(there("long")).getLen())
                    .as("before it is complete")
                    .isZero();
        }
        byte[] all = readThere("long");
        assertThat(all).hasSize(80 << 20);
        assertThat(Arrays.copyOfRange(all, 79 << 20, 80 << 20)).isEqualTo(part);
        Files.delete(root.resolve("long"));
    }

    @Test
    void anObjectIsTheOldOneUntilTheNewOneIsComplete() throws IOException {
        byte[] old = random(300_000, 3);
        byte[] content = random(400_000, 4);
        writeThere("whole", old);
        try (FileChannel channel = open("whole", StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING)) {
            channel.write(ByteBuffer.wrap(content));
            assertThat(Files.size(root.resolve("whole"))).isEqualTo(content.length);
            assertThat(readThere("whole")).as("before fsync").isEqualTo(old);
            channel.force(true);
            assertThat(readThere("whole")).isEqualTo(content);
            channel.write(ByteBuffer.wrap(new byte[10]), 1000);
            assertThat(readThere("whole")).as("before close").isEqualTo(content);
        }
        Arrays.fill(content, 1000, 1010, (byte) 0);
        assertThat(readThere("whole")).isEqualTo(content);
        assertThat(hadoop.listStatus(there("")))
                .extracting(status -> status.getPath().getName())
                .noneMatch(name -> name.startsWith(HadoopStore.TEMPORARY));
    }

    @Test
    void asManyFilesAsAreWantedAreWrittenAtOnce() throws IOException {
        FileChannel[] channels = new FileChannel[3 * MOST_STREAMS];
        for (int i = 0; i < channels.length; i++) {
            channels[i] = open("at-once-" + i, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            channels[i].write(ByteBuffer.wrap(random(10_000, i)));
        }
        for (FileChannel channel : channels) {
            channel.write(ByteBuffer.wrap(new byte[100]), 5000);
            channel.close();
        }
        for (int i = 0; i < channels.length; i++) {
            byte[] expected = random(10_000, i);
            Arrays.fill(expected, 5000, 5100, (byte) 0);
            assertThat(readThere("at-once-" + i)).isEqualTo(expected);
        }
    }

    @Test
    void appendsAndCuts() throws IOException {
        Files.writeString(root.resolve("log"), "one\n");
        Files.writeString(root.resolve("log"), "two\n", StandardOpenOption.APPEND);
        assertThat(readThere("log")).asString(UTF_8).isEqualTo("one\ntwo\n");
        try (FileChannel channel = open("log", StandardOpenOption.WRITE)) {
            channel.truncate(2);
        }
        assertThat(readThere("log")).asString(UTF_8).isEqualTo("on");
        try (FileChannel channel = open("log", StandardOpenOption.WRITE)) {
            channel.truncate(0);
        }
        assertThat(readThere("log")).isEmpty();
    }

    @Test
    void makesListsAndRemovesDirectories() throws IOException {
        Path directory = Files.createDirectory(root.resolve("dir"));
        Files.createDirectory(directory.resolve("below"));
        Files.createFile(directory.resolve("größe und \\ # % ? * a:b"));
        try (Stream<Path> all = Files.list(directory)) {
            assertThat(all.map(path -> path.getFileName().toString()))
                    .containsExactlyInAnyOrder("below", "größe und \\ # % ? * a:b");
        }
        Object time = Files.getLastModifiedTime(directory);
        assertThatThrownBy(() -> Files.createDirectory(directory)).isInstanceOf(FileAlreadyExistsException.class);
        assertThatThrownBy(() -> Files.delete(directory)).isInstanceOf(DirectoryNotEmptyException.class);
        assertThat(Files.getLastModifiedTime(directory)).isEqualTo(time);
        Files.delete(directory.resolve("below"));
        Files.delete(directory.resolve("größe und \\ # % ? * a:b"));
        assertThat(Files.isDirectory(directory)).isTrue();
        Files.delete(directory);
        assertThat(hadoop.exists(there("dir"))).isFalse();
    }

    @Test
    void renamesFilesOverOthersAndNoDirectoryInWhichThereIsSomething() throws IOException {
        Files.writeString(root.resolve("from"), "new");
        Files.writeString(root.resolve("to"), "old");
        Files.move(root.resolve("from"), root.resolve("to"), StandardCopyOption.ATOMIC_MOVE);
        assertThat(readThere("to")).asString(UTF_8).isEqualTo("new");
        assertThat(hadoop.exists(there("from"))).isFalse();
        Files.writeString(root.resolve("from"), "another");
        Files.move(root.resolve("from"), root.resolve("fresh"), StandardCopyOption.ATOMIC_MOVE);
        assertThat(readThere("fresh")).asString(UTF_8).isEqualTo("another");
        assertThatThrownBy(() -> Files.move(root.resolve("absent"), root.resolve("to"), StandardCopyOption.ATOMIC_MOVE))
                .isInstanceOf(NoSuchFileException.class);

        Files.createDirectory(root.resolve("empty"));
        Files.move(root.resolve("empty"), root.resolve("full"), StandardCopyOption.ATOMIC_MOVE);
        Files.writeString(root.resolve("full/file"), "stays");
        assertThatThrownBy(() ->
                        Files.move(root.resolve("full"), root.resolve("elsewhere"), StandardCopyOption.ATOMIC_MOVE))
                .isInstanceOf(AtomicMoveNotSupportedException.class);
        assertThat(readThere("full/file")).asString(UTF_8).isEqualTo("stays");
    }

    @Test
    void aFileThatIsOpenGoesOnWhenItIsRenamedAndRemoved() throws IOException {
        byte[] content = random(700_000, 7);
        try (FileChannel writer = open("open", StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            writer.write(ByteBuffer.wrap(content));
            Files.move(root.resolve("open"), root.resolve("moved"), StandardCopyOption.ATOMIC_MOVE);
            writer.write(ByteBuffer.wrap(new byte[] {42}), 10);
            content[10] = 42;
        }
        assertThat(readThere("moved")).isEqualTo(content);
        assertThat(hadoop.exists(there("open"))).isFalse();
        try (FileChannel channel = open("moved", StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            Files.delete(root.resolve("moved"));
            channel.write(ByteBuffer.wrap(new byte[] {43}), 11);
            content[11] = 43;
            assertThat(readAll(channel)).isEqualTo(content);
        }
        assertThat(hadoop.exists(there("moved"))).isFalse();
        try (FileChannel writer = open("gone", StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            Files.delete(root.resolve("gone"));
            writer.write(ByteBuffer.wrap(content));
        }
        assertThat(hadoop.exists(there("gone")))
                .as("written after it was removed")
                .isFalse();
    }

    @Test
    void aChangeByHadoopsOwnClientIsSeenThoughLengthAndTimeAreTheSame() throws IOException {
        writeThere("shared", "first".getBytes(UTF_8));
        assertThat(Files.readString(root.resolve("shared"))).isEqualTo("first");
        String before = etag("shared");
        writeThere("shared", "other".getBytes(UTF_8));
        assertThat(etag("shared")).isNotEqualTo(before);
        assertThat(Files.readString(root.resolve("shared"))).isEqualTo("other");
        hadoop.rename(there("shared"), there("elsewhere"));
        assertThat(Files.exists(root.resolve("shared"))).isFalse();
        assertThat(Files.readString(root.resolve("elsewhere"))).isEqualTo("other");
    }

    @Test
    void whoReadsOnInAnObjectThatWasReplacedGetsNothingOfTheOther() throws IOException {
        byte[] old = random(9_000_000, 8);
        byte[] other = random(9_000_000, 9);
        writeThere("read-on", old);
        try (FileChannel channel = open("read-on", StandardOpenOption.READ)) {
            ByteBuffer first = ByteBuffer.allocate(10);
            channel.read(first, 0);
            assertThat(first.array()).isEqualTo(Arrays.copyOf(old, 10));
            writeThere("read-on", other);
            assertThatThrownBy(() -> channel.read(ByteBuffer.allocate(10), 8_000_000))
                    .hasMessageContaining("Stale");
            assertThat(channel.size()).as("looks again").isEqualTo(other.length);
            assertThat(readAll(channel)).isEqualTo(other);
        }
    }

    private static void failsWith(int errno, ThrowableAssert.ThrowingCallable call) {
        assertThatThrownBy(call).satisfies(thrown -> {
            Throwable cause = thrown instanceof FuseException ? thrown : thrown.getCause();
            assertThat(thrown.getMessage() + cause).contains(Errno.name(errno));
        });
    }

    /** Hadoop's client takes them all without a word, and keeps none. */
    @Test
    void whatIsNotKeptIsRefused() throws IOException {
        Path file = Files.writeString(root.resolve("attributes"), "x");
        byte[] name = "attributes".getBytes(UTF_8);
        assertThatThrownBy(() -> Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("r--------")))
                .isInstanceOf(AccessDeniedException.class);
        Files.setPosixFilePermissions(file, Files.getPosixFilePermissions(file));
        assertThatThrownBy(() -> Files.setAttribute(file, "unix:uid", 4711)).isInstanceOf(AccessDeniedException.class);
        assertThatThrownBy(() -> Files.setLastModifiedTime(file, FileTime.from(Instant.ofEpochSecond(1_234_567_890))))
                .isInstanceOf(AccessDeniedException.class);
        Files.setLastModifiedTime(file, Files.getLastModifiedTime(file));
        assertThatThrownBy(() -> Files.createSymbolicLink(root.resolve("link"), file))
                .isInstanceOf(AccessDeniedException.class);
        try (FuseClient client = FuseClient.connect(share.socket(), ServedShare.PATIENT)) {
            long node = client.lookup(FuseClient.ROOT, name).nodeid();
            failsWith(
                    Errno.EOPNOTSUPP,
                    () -> client.extendedAttributes().set(node, "user.colour".getBytes(UTF_8), new byte[1], 0));
        }
    }

    @Test
    void noTwoFilesThatAreKnownHaveOneInodeNumber() throws IOException {
        writeThere("numbered/first", new byte[1]);
        ShareSettings settings = new ShareSettings(server.options(), false, 1 << 20, 1, null, 1 << 20);
        try (FileSystem files = new HadoopShares().open(S3Server.share("/share/numbered"), settings);
                Session client = new Session(files.begin(0))) {
            assertThat(client.lookup("first")).isZero();
            long ino = client.ino();
            assertThat(client.rename("first", "second")).isZero();
            assertThat(client.lookup("second")).isZero();
            assertThat(client.ino()).isEqualTo(ino);
            assertThat(client.create("first")).isZero();
            assertThat(client.ino()).isNotEqualTo(ino);
        }
    }

    @Test
    void aBucketThatIsNotThereIsToldAtTheStart() {
        Map<String, String> options = new HashMap<>(server.options());
        options.remove("fs.s3a.bucket.probe");
        ShareSettings settings = new ShareSettings(options, false, 4096, 1, null, 1 << 20);
        assertThatThrownBy(() -> new HadoopShares().open(java.net.URI.create("s3a://absent/"), settings))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("absent");
    }
}
