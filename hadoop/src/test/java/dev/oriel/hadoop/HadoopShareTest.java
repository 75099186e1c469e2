package dev.oriel.hadoop;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.oriel.driver.ExtendedAttributes;
import dev.oriel.driver.FuseClient;
import dev.oriel.driver.FuseException;
import dev.oriel.filesystem.FileSystem;
import dev.oriel.filesystem.ShareSettings;
import dev.oriel.linux.Errno;
import dev.oriel.linux.OpenFlags;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.permission.AclEntry;
import org.apache.hadoop.hdfs.DistributedFileSystem;
import org.apache.hadoop.hdfs.protocol.HdfsConstants;
import org.assertj.core.api.ThrowableAssert;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What files can do in a cluster that is shared, by the driver, held against Hadoop's own client: over its own protocol
 * and over HTTP.
 */
@ParameterizedClass
@ValueSource(strings = {"hdfs", "webhdfs"})
@SuppressWarnings("NullAway.Init") // before all
class HadoopShareTest {
    private static TestCluster cluster;
    private static DistributedFileSystem hadoop;
    private static ServedShare share;
    private static java.nio.file.FileSystem mounted;
    private static Path root;

    @TempDir
    private static Path folder;

    @Parameter
    private String scheme;

    @BeforeAll
    static void startACluster() throws IOException {
        cluster = TestCluster.start();
        hadoop = cluster.client();
    }

    @AfterAll
    static void stopIt() throws IOException {
        cluster.close();
    }

    @BeforeParameterizedClassInvocation
    static void serve(String scheme) throws IOException {
        hadoop.mkdirs(at("/" + scheme));
        share = ServedShare.of(folder, cluster.share(scheme, "/" + scheme), Map.of());
        mounted = share.mount();
        root = mounted.getPath("/");
    }

    @AfterParameterizedClassInvocation
    static void unmount() throws IOException {
        mounted.close();
        share.close();
    }

    private static org.apache.hadoop.fs.Path at(String path) {
        return new org.apache.hadoop.fs.Path(path);
    }

    /** Where Hadoop's client has a file of the share. */
    private org.apache.hadoop.fs.Path there(String name) {
        return at("/" + scheme + "/" + name);
    }

    private byte[] readThere(String name) throws IOException {
        try (InputStream in = hadoop.open(there(name))) {
            return in.readAllBytes();
        }
    }

    private void writeThere(String name, byte[] content) throws IOException {
        try (FSDataOutputStream out = hadoop.create(there(name))) {
            out.write(content);
        }
    }

    private static byte[] random(int length, int seed) {
        byte[] content = new byte[length];
        new Random(seed).nextBytes(content);
        return content;
    }

    @Test
    void whatIsWrittenHereIsReadThereAndTheOtherWayRound() throws IOException {
        byte[] content = random(3_500_001, 1);
        Files.write(root.resolve("mine"), content);
        assertThat(readThere("mine")).isEqualTo(content);
        writeThere("theirs", content);
        assertThat(Files.readAllBytes(root.resolve("theirs"))).isEqualTo(content);
        assertThat(Files.size(root.resolve("theirs"))).isEqualTo(content.length);
    }

    @Test
    void readsAnywhereInAFile() throws IOException {
        byte[] content = random(5_000_000, 2);
        writeThere("anywhere", content);
        Random random = new Random(3);
        try (FileChannel channel = FileChannel.open(root.resolve("anywhere"))) {
            for (int i = 0; i < 50; i++) {
                int offset = random.nextInt(content.length);
                ByteBuffer read = ByteBuffer.allocate(Math.min(10_000, content.length - offset));
                while (read.hasRemaining() && channel.read(read, offset + read.position()) > 0) {}
                assertThat(read.array())
                        .isEqualTo(java.util.Arrays.copyOfRange(content, offset, offset + read.limit()));
            }
        }
    }

    @Test
    void writesAnywhereInAFile() throws IOException {
        byte[] content = random(2_500_000, 4);
        writeThere("changed", content);
        byte[] change = random(5000, 5);
        try (FileChannel channel =
                FileChannel.open(root.resolve("changed"), StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(change), 1_234_567);
            ByteBuffer read = ByteBuffer.allocate(5000);
            assertThat(channel.read(read, 1_234_567)).isEqualTo(5000);
            assertThat(read.array()).as("before it is written back").isEqualTo(change);
            channel.truncate(2_000_000);
            channel.force(true);
            System.arraycopy(change, 0, content, 1_234_567, 5000);
            assertThat(readThere("changed")).isEqualTo(java.util.Arrays.copyOf(content, 2_000_000));
        }
        assertThat(hadoop.listStatus(at("/" + scheme)))
                .extracting(status -> status.getPath().getName())
                .noneMatch(name -> name.startsWith(HadoopStore.TEMPORARY));
    }

    @Test
    void aFileThatIsWrittenAnewKeepsItsModeOwnerAndAttributes() throws IOException {
        writeThere("kept", random(100_000, 6));
        hadoop.setPermission(there("kept"), new org.apache.hadoop.fs.permission.FsPermission((short) 0640));
        hadoop.setOwner(there("kept"), "1234", "4321");
        hadoop.setXAttr(there("kept"), "user.colour", "green".getBytes(UTF_8));
        Object before = Files.getAttribute(root.resolve("kept"), "unix:ino");
        try (FileChannel channel = FileChannel.open(root.resolve("kept"), StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(new byte[1]), 50_000);
        }
        FileStatus status = hadoop.getFileStatus(there("kept"));
        assertThat(status.getOwner() + " " + status.getGroup() + " " + status.getPermission())
                .isEqualTo("1234 4321 rw-r-----");
        assertThat(hadoop.getXAttr(there("kept"), "user.colour")).isEqualTo("green".getBytes(UTF_8));
        assertThat(Files.getAttribute(root.resolve("kept"), "unix:ino")).isEqualTo(before);
        assertThat(Files.getAttribute(root.resolve("kept"), "unix:uid")).isEqualTo(1234);
    }

    @Test
    void appendsAndSeesItsOwnBytesBeforeTheFileIsClosed() throws IOException {
        writeThere("log", "one\n".getBytes(UTF_8));
        try (FileChannel channel = FileChannel.open(root.resolve("log"), StandardOpenOption.APPEND)) {
            channel.write(ByteBuffer.wrap("two\n".getBytes(UTF_8)));
            assertThat(Files.readString(root.resolve("log"))).isEqualTo("one\ntwo\n");
            channel.write(ByteBuffer.wrap("three\n".getBytes(UTF_8)));
            channel.force(true);
            assertThat(new String(readThere("log"), UTF_8)).isEqualTo("one\ntwo\nthree\n");
        }
        assertThat(new String(readThere("log"), UTF_8)).isEqualTo("one\ntwo\nthree\n");
    }

    @Test
    void makesListsAndRemovesDirectories() throws IOException {
        Path directory = Files.createDirectory(
                root.resolve("dir"),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-x--x")));
        Files.createDirectory(directory.resolve("below"));
        Files.createFile(directory.resolve("größe und \\ # % ? *"));
        try (Stream<Path> all = Files.list(directory)) {
            assertThat(all.map(path -> path.getFileName().toString()))
                    .containsExactlyInAnyOrder("below", "größe und \\ # % ? *");
        }
        assertThat(hadoop.getFileStatus(there("dir")).getPermission().toString())
                .isEqualTo("rwxr-x--x");
        assertThatThrownBy(() -> Files.createDirectory(directory)).isInstanceOf(FileAlreadyExistsException.class);
        assertThatThrownBy(() -> Files.delete(directory)).isInstanceOf(DirectoryNotEmptyException.class);
        Files.delete(directory.resolve("below"));
        Files.delete(directory.resolve("größe und \\ # % ? *"));
        Files.delete(directory);
        assertThat(hadoop.exists(there("dir"))).isFalse();
    }

    @Test
    void listsMoreEntriesThanTheClusterTellsAtOnce() throws IOException {
        Files.createDirectory(root.resolve("many"));
        for (int i = 0; i < 1200; i++) {
            hadoop.mkdirs(there("many/" + i));
        }
        try (Stream<Path> all = Files.list(root.resolve("many"))) {
            assertThat(all.map(path -> path.getFileName().toString()).distinct().count())
                    .isEqualTo(1200);
        }
    }

    @Test
    void renamesInOneStep() throws IOException {
        Files.writeString(root.resolve("from"), "new");
        Files.writeString(root.resolve("to"), "old");
        Object ino = Files.getAttribute(root.resolve("from"), "unix:ino");
        Files.move(root.resolve("from"), root.resolve("to"), StandardCopyOption.ATOMIC_MOVE);
        assertThat(new String(readThere("to"), UTF_8)).isEqualTo("new");
        assertThat(hadoop.exists(there("from"))).isFalse();
        assertThat(Files.getAttribute(root.resolve("to"), "unix:ino")).isEqualTo(ino);
        assertThatThrownBy(() -> Files.move(root.resolve("absent"), root.resolve("to")))
                .isInstanceOf(NoSuchFileException.class);
        Files.createDirectories(root.resolve("outer/inner"));
        assertThatThrownBy(() -> Files.move(
                        root.resolve("outer"), root.resolve("outer/inner/x"), StandardCopyOption.ATOMIC_MOVE))
                .isInstanceOf(FileSystemException.class);
    }

    @Test
    void aFileThatIsOpenGoesOnWhenItIsRenamedAndRemoved() throws IOException {
        byte[] content = random(700_000, 7);
        Files.write(root.resolve("open"), content);
        try (FileChannel channel =
                FileChannel.open(root.resolve("open"), StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            Files.move(root.resolve("open"), root.resolve("moved"), StandardCopyOption.ATOMIC_MOVE);
            channel.write(ByteBuffer.wrap(new byte[] {42}), 10);
            channel.force(true);
            content[10] = 42;
            assertThat(readThere("moved")).isEqualTo(content);
            Files.delete(root.resolve("moved"));
            channel.write(ByteBuffer.wrap(new byte[] {43}), 11);
            content[11] = 43;
            ByteBuffer read = ByteBuffer.allocate(content.length);
            while (read.hasRemaining() && channel.read(read, read.position()) > 0) {}
            assertThat(read.array()).isEqualTo(content);
            assertThat(channel.size()).isEqualTo(content.length);
        }
        assertThat(hadoop.exists(there("moved"))).isFalse();
    }

    @Test
    void aChangeByHadoopsOwnClientIsSeenAtTheNextOpen() throws IOException {
        writeThere("shared", "first".getBytes(UTF_8));
        assertThat(Files.readString(root.resolve("shared"))).isEqualTo("first");
        writeThere("shared", "and then a second".getBytes(UTF_8));
        assertThat(Files.readString(root.resolve("shared"))).isEqualTo("and then a second");
        hadoop.rename(there("shared"), there("elsewhere"));
        assertThat(Files.exists(root.resolve("shared"))).isFalse();
        assertThat(Files.readString(root.resolve("elsewhere"))).isEqualTo("and then a second");
    }

    @Test
    void twoGuestsAndHadoopsOwnClientSeeWhatEachOtherDo() throws IOException {
        Path mine = Files.createDirectory(root.resolve("tree"));
        try (java.nio.file.FileSystem second = share.mount()) {
            Path yours = second.getPath("/tree");
            Files.writeString(mine.resolve("a"), "by one");
            writeThere("tree/b", "by hadoop".getBytes(UTF_8));
            Files.writeString(yours.resolve("c"), "by two");
            assertThat(List.of(names(mine), names(yours))).containsOnly(List.of("a", "b", "c"));
            assertThat(new String(readThere("tree/a"), UTF_8)).isEqualTo("by one");
            assertThat(Files.readString(mine.resolve("c"))).isEqualTo("by two");
            assertThat(Files.readString(yours.resolve("b"))).isEqualTo("by hadoop");

            Files.writeString(yours.resolve("a"), ", and two", StandardOpenOption.APPEND);
            try (FSDataOutputStream out = hadoop.append(there("tree/a"))) {
                out.write(", and hadoop".getBytes(UTF_8));
            }
            assertThat(Files.readString(mine.resolve("a"))).isEqualTo("by one, and two, and hadoop");

            Files.move(mine.resolve("b"), mine.resolve("d"));
            hadoop.rename(there("tree/c"), there("tree/e"));
            assertThat(List.of(names(mine), names(yours))).containsOnly(List.of("a", "d", "e"));
            assertThat(Files.readString(yours.resolve("e"))).isEqualTo("by two");

            hadoop.delete(there("tree/a"), false);
            Files.delete(yours.resolve("e"));
            assertThatThrownBy(() -> Files.readString(mine.resolve("a"))).isInstanceOf(NoSuchFileException.class);
            assertThatThrownBy(() -> Files.delete(mine.resolve("e"))).isInstanceOf(NoSuchFileException.class);
            assertThat(hadoop.listStatus(there("tree"))).hasSize(1);
        }
    }

    private static List<String> names(Path directory) throws IOException {
        try (Stream<Path> all = Files.list(directory)) {
            return all.map(path -> path.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void whatHadoopsOwnClientWritesToAFileThatIsOpenIsReadAfterTheNextLook() throws IOException {
        writeThere("followed", "one ".getBytes(UTF_8));
        try (FileChannel follower = FileChannel.open(root.resolve("followed"))) {
            assertThat(readFrom(follower, 0)).isEqualTo("one ");
            try (FSDataOutputStream out = hadoop.append(there("followed"))) {
                out.write("two ".getBytes(UTF_8));
            }
            assertThat(follower.size()).isEqualTo(8);
            assertThat(readFrom(follower, 0)).isEqualTo("one two ");
            assertThat(hadoop.truncate(there("followed"), 0)).isTrue();
            try (FSDataOutputStream out = hadoop.append(there("followed"))) {
                out.write("ENO".getBytes(UTF_8));
            }
            assertThat(follower.size()).isEqualTo(3);
            assertThat(readFrom(follower, 0)).isEqualTo("ENO");
        }
    }

    private static String readFrom(FileChannel channel, long offset) throws IOException {
        ByteBuffer read = ByteBuffer.allocate(100);
        channel.read(read, offset);
        return new String(read.array(), 0, read.position(), UTF_8);
    }

    /** A list as Linux has it: user::rw-, user:4711:r--, group::r--, mask::r--, other::---. */
    private static final byte[] LIST = HexFormat.of()
            .parseHex("02000000" + "01000600ffffffff" + "0200040067120000" + "04000400ffffffff" + "10000400ffffffff"
                    + "20000000ffffffff");

    @Test
    void accessControlListsAreThoseOfTheCluster() throws IOException {
        Path file = Files.writeString(root.resolve("listed"), "some text");
        byte[] access = "system.posix_acl_access".getBytes(UTF_8);
        byte[] inherited = "system.posix_acl_default".getBytes(UTF_8);
        Path directory = Files.createDirectory(root.resolve("inherits"));
        try (FuseClient client = FuseClient.connect(share.socket(), ServedShare.PATIENT)) {
            ExtendedAttributes attributes = client.extendedAttributes();
            long node = client.lookup(FuseClient.ROOT, "listed".getBytes(UTF_8)).nodeid();
            long folder =
                    client.lookup(FuseClient.ROOT, "inherits".getBytes(UTF_8)).nodeid();
            assertThatThrownBy(() -> attributes.get(node, access)).hasMessageContaining("ENODATA");
            attributes.set(node, access, LIST, 0);
            assertThat(hadoop.getAclStatus(there("listed")).getEntries())
                    .extracting(Object::toString)
                    .containsExactly("user:4711:r--", "group::r--");
            assertThat(attributes.get(node, access)).isEqualTo(LIST);
            assertThat(attributes.list(node)).containsExactly(access);

            // a file that is written anew keeps it
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                channel.write(ByteBuffer.wrap(new byte[1]), 3);
            }
            assertThat(attributes.get(node, access)).isEqualTo(LIST);

            // a name that this host does not know is told as nobody, and is who it was when the list is written back
            hadoop.modifyAclEntries(there("listed"), AclEntry.parseAclSpec("user:alice:r--", true));
            attributes.set(node, access, attributes.get(node, access), 0);
            assertThat(hadoop.getAclStatus(there("listed")).getEntries())
                    .extracting(Object::toString)
                    .containsExactly("user:4711:r--", "user:alice:r--", "group::r--");

            Path early = Files.write(directory.resolve("early"), new byte[100]);
            attributes.set(folder, inherited, LIST, 0);
            try (FileChannel channel = FileChannel.open(early, StandardOpenOption.WRITE)) {
                channel.write(ByteBuffer.wrap(new byte[1]), 3);
            }
            assertThat(hadoop.getAclStatus(there("inherits/early")).getEntries())
                    .as("of a file that was there before the list of its folder")
                    .isEmpty();
            Files.delete(early);
            assertThatThrownBy(() -> attributes.get(folder, access)).hasMessageContaining("ENODATA");
            assertThat(attributes.get(folder, inherited)).isEqualTo(LIST);
            hadoop.create(there("inherits/child")).close();
            assertThat(hadoop.getAclStatus(there("inherits/child")).getEntries())
                    .extracting(Object::toString)
                    .contains("user:4711:r--");
            attributes.remove(folder, inherited);
            assertThat(attributes.list(folder)).isEmpty();

            attributes.remove(node, access);
            assertThat(hadoop.getAclStatus(there("listed")).getEntries()).isEmpty();
            assertThat(Files.getPosixFilePermissions(file)).isEqualTo(PosixFilePermissions.fromString("rw-r-----"));
            assertThatThrownBy(() -> attributes.set(node, access, new byte[] {3, 0, 0, 0}, 0))
                    .hasMessageContaining("EINVAL");
        }
        Files.delete(directory.resolve("child"));
    }

    @Test
    void ownersModesAndTimesAreThoseOfTheCluster() throws IOException {
        Path file = Files.writeString(root.resolve("attributes"), "x");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("r---w---x"));
        Files.setAttribute(file, "unix:uid", 4711);
        FileTime time = FileTime.from(Instant.ofEpochMilli(1_234_567_890_123L));
        Files.setLastModifiedTime(file, time);
        FileStatus status = hadoop.getFileStatus(there("attributes"));
        assertThat(status.getPermission().toString()).isEqualTo("r---w---x");
        assertThat(status.getOwner()).isEqualTo("4711");
        assertThat(status.getModificationTime()).isEqualTo(time.toMillis());
        PosixFileAttributes attributes = Files.readAttributes(file, PosixFileAttributes.class);
        assertThat(attributes.lastModifiedTime()).isEqualTo(time);
        assertThat(attributes.permissions()).isEqualTo(PosixFilePermissions.fromString("r---w---x"));
    }

    @Test
    void extendedAttributesOfUsersAreKept() throws IOException {
        Path file = Files.writeString(root.resolve("xattrs"), "x");
        UserDefinedFileAttributeView view = Files.getFileAttributeView(file, UserDefinedFileAttributeView.class);
        view.write("shape", ByteBuffer.wrap("round".getBytes(UTF_8)));
        assertThat(view.list()).isEqualTo(List.of("shape"));
        assertThat(hadoop.getXAttr(there("xattrs"), "user.shape")).isEqualTo("round".getBytes(UTF_8));
        assertThat(view.size("shape")).isEqualTo(5);
        assertThatThrownBy(() -> view.size("absent")).isInstanceOf(IOException.class);
        view.delete("shape");
        assertThat(view.list()).isEmpty();
        assertThatThrownBy(() -> view.write("large", ByteBuffer.allocate(20_000)))
                .isInstanceOf(IOException.class);
    }

    @Test
    void namesThatHadoopRefusesAreNoNames() {
        assertThatThrownBy(() -> Files.createFile(root.resolve("a:b")))
                .isInstanceOf(FileSystemException.class)
                .hasMessageContaining("Invalid argument");
        assertThatThrownBy(() -> Files.createDirectory(root.resolve("c:d")))
                .isInstanceOf(FileSystemException.class)
                .hasMessageContaining("Invalid argument");
        assertThatThrownBy(() -> Files.createLink(root.resolve("hard"), root.resolve("absent")))
                .isInstanceOf(FileSystemException.class);
    }

    @Test
    void aQuotaThatIsSpentIsToldAsOne() throws IOException {
        Path directory = Files.createDirectory(root.resolve("quota"));
        hadoop.setQuota(there("quota"), 3, HdfsConstants.QUOTA_DONT_SET);
        Files.createFile(directory.resolve("1"));
        Files.createFile(directory.resolve("2"));
        assertThatThrownBy(() -> Files.createFile(directory.resolve("3"))).hasMessageContaining("Disk quota exceeded");
        hadoop.setQuota(there("quota"), HdfsConstants.QUOTA_RESET, 1000);
        assertThatThrownBy(() -> Files.write(directory.resolve("1"), new byte[100_000]))
                .hasMessageContaining("Disk quota exceeded");
        hadoop.setQuota(there("quota"), HdfsConstants.QUOTA_RESET, HdfsConstants.QUOTA_RESET);
    }

    @Test
    void snapshotsAreReadAndNotChanged() throws IOException {
        Path directory = Files.createDirectory(root.resolve("snapped"));
        Files.writeString(directory.resolve("file"), "then");
        hadoop.allowSnapshot(there("snapped"));
        hadoop.createSnapshot(there("snapped"), "s1");
        Files.writeString(directory.resolve("file"), "now and longer");
        assertThat(Files.readString(directory.resolve(".snapshot/s1/file"))).isEqualTo("then");
        assertThat(Files.readString(directory.resolve("file"))).isEqualTo("now and longer");
        try (Stream<Path> all = Files.list(directory.resolve(".snapshot/s1"))) {
            assertThat(all.map(path -> path.getFileName().toString())).containsExactly("file");
        }
        assertThatThrownBy(() -> Files.writeString(directory.resolve(".snapshot/s1/file"), "x"))
                .hasMessageContaining("Read-only file system");
        assertThatThrownBy(() -> Files.delete(directory.resolve(".snapshot/s1/file")))
                .hasMessageContaining("Read-only file system");
    }

    @Test
    void symbolicLinksAreToldAsTheyWereMade() throws IOException {
        if (scheme.equals("hdfs")) {
            Files.writeString(root.resolve("target"), "linked");
            Files.createSymbolicLink(root.resolve("link"), mounted.getPath("target"));
            assertThat(Files.readSymbolicLink(root.resolve("link"))).hasToString("target");
            assertThat(Files.readString(root.resolve("link"))).isEqualTo("linked");
            Files.delete(root.resolve("link"));
            assertThat(Files.exists(root.resolve("target"))).isTrue();
        }
    }

    @Test
    void theSizeOfTheClusterIsTold() throws IOException {
        assertThat(Files.getFileStore(root).getTotalSpace())
                .isBetween(
                        hadoop.getStatus().getCapacity() / 2, hadoop.getStatus().getCapacity() * 2);
    }

    @Test
    void whatAnotherClientIsWritingCannotBeWritten() throws IOException {
        try (FSDataOutputStream theirs = hadoop.create(there("leased"))) {
            theirs.write(new byte[1000]);
            theirs.hsync();
            assertThatThrownBy(() -> Files.writeString(root.resolve("leased"), "x", StandardOpenOption.APPEND))
                    .isInstanceOf(IOException.class);
        }
        Files.writeString(root.resolve("leased"), "x", StandardOpenOption.APPEND);
        assertThat(readThere("leased")).hasSize(1001);
    }

    @Test
    void whatOneClientHasWrittenAnotherSeesBeforeItIsSynced() throws IOException {
        try (java.nio.file.FileSystem second = share.mount();
                FileChannel writer =
                        FileChannel.open(root.resolve("both"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                FileChannel reader = FileChannel.open(second.getPath("/both"), StandardOpenOption.READ)) {
            for (int i = 0; i < 5; i++) {
                writer.write(ByteBuffer.wrap(("part " + i + ";").getBytes(UTF_8)));
                ByteBuffer read = ByteBuffer.allocate(100);
                reader.read(read, 0);
                assertThat(new String(read.array(), 0, read.position(), UTF_8))
                        .hasSize(7 * (i + 1))
                        .endsWith("part " + i + ";");
            }
            writer.write(ByteBuffer.wrap("P".getBytes(UTF_8)), 0);
            ByteBuffer read = ByteBuffer.allocate(100);
            reader.read(read, 0);
            assertThat(new String(read.array(), 0, 6, UTF_8)).isEqualTo("Part 0");
        }
        assertThat(readThere("both")).hasSize(35).startsWith("Part 0".getBytes(UTF_8));
    }

    @Test
    void timesThatAreSetBeforeAFileIsClosedStay() throws IOException {
        FileTime time = FileTime.from(Instant.ofEpochMilli(1_111_111_111_000L));
        try (FileChannel channel =
                FileChannel.open(root.resolve("timed"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(new byte[1000]));
            Files.setLastModifiedTime(root.resolve("timed"), time);
        }
        assertThat(hadoop.getFileStatus(there("timed")).getModificationTime()).isEqualTo(time.toMillis());
    }

    private static void failsWith(int errno, ThrowableAssert.ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        FuseException.class,
                        failed -> assertThat(failed.errno()).isEqualTo(errno));
    }

    /** Whoever saw no such name has checked nobody: it looks again, and then opens. */
    @Test
    void whatSomebodyElseMadeMeanwhileIsNotOpenedByACreation() throws IOException {
        writeThere("meanwhile", "before".getBytes(UTF_8));
        int flags = OpenFlags.O_RDWR | OpenFlags.O_TRUNC;
        try (FuseClient client = FuseClient.connect(share.socket(), ServedShare.PATIENT);
                FSDataOutputStream theirs = hadoop.create(there("in use"))) {
            theirs.write(1);
            theirs.hsync();
            for (String name : List.of("meanwhile", "in use")) {
                byte[] bytes = name.getBytes(UTF_8);
                failsWith(Errno.ESTALE, () -> client.files().create(FuseClient.ROOT, bytes, flags, 0644));
                failsWith(
                        Errno.EEXIST,
                        () -> client.files().create(FuseClient.ROOT, bytes, flags | OpenFlags.O_EXCL, 0644));
            }
        }
        assertThat(readThere("meanwhile")).asString(UTF_8).isEqualTo("before");
        assertThat(readThere("in use")).hasSize(1);
    }

    @Test
    void whatAClientKnowsIsBoundedAndCountedRight() throws IOException {
        for (int i = 0; i < 9; i++) {
            writeThere("bounded/" + i, new byte[0]);
        }
        ShareSettings settings = new ShareSettings(Map.of(), false, 4096, 1, null, 1 << 20);
        try (FileSystem files = new HadoopShares().open(cluster.share(scheme, "/" + scheme + "/bounded"), settings);
                Session client = new Session(files.begin(0))) {
            long all = client.left();
            int known = 0;
            while (client.lookup(Integer.toString(known)) == 0) {
                known++;
            }
            assertThat(known).isBetween(1, 8);
            assertThat(client.lookup("8")).isEqualTo(-Errno.ENFILE);
            assertThat(client.mkdir("directory")).isEqualTo(-Errno.ENFILE);
            assertThat(client.create("file")).isEqualTo(-Errno.ENFILE);
            assertThat(hadoop.listStatus(there("bounded"))).as("what there is").hasSize(9);
            // a longer name for which there is no room
            String longer = "0".repeat(200);
            assertThat(client.rename("0", longer)).isZero();
            client.forgetAll();
            assertThat(client.left()).isEqualTo(all);
        }
    }

    @Test
    void exclusiveCreationHappensOnce() throws IOException {
        Files.writeString(
                root.resolve("once"),
                "x",
                Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE).toArray(StandardOpenOption[]::new));
        assertThatThrownBy(() -> Files.createFile(root.resolve("once"))).isInstanceOf(FileAlreadyExistsException.class);
    }
}
