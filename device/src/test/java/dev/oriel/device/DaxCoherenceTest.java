package dev.oriel.device;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.oriel.filesystem.CachePolicy;
import dev.oriel.filesystem.FileSystem;
import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.filesystem.local.LocalFileSystem;
import dev.oriel.filesystem.local.LocalOptions;
import dev.oriel.fuse.FuseAttrOut;
import dev.oriel.fuse.FuseFlags;
import dev.oriel.fuse.FuseInitFlags;
import dev.oriel.fuse.FuseOpcode;
import dev.oriel.linux.Errno;
import dev.oriel.linux.FallocateMode;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What a client with a DAX window is told of its files: errors, sizes, times and blocks that are true of what it sees
 * in the window.
 */
@ParameterizedClass
@ValueSource(strings = {"direct", "staged", "memory"})
@Timeout(60)
class DaxCoherenceTest {
    private static final long RANGE = 2 << 20;
    private static final int READ = (int) FuseFlags.SETUPMAPPING_READ;
    private static final int READ_WRITE = READ | (int) FuseFlags.SETUPMAPPING_WRITE;
    private static final int O_RDWR = 2;
    private static final long CLIENT = Client.LINUX_FLAGS | FuseInitFlags.MAP_ALIGNMENT | FuseInitFlags.HAS_INODE_DAX;
    private static final FileTime LONG_AGO = FileTime.from(Instant.parse("2001-02-03T04:05:06Z"));

    @TempDir
    Path directory;

    private final boolean direct;
    private final boolean isMemory;
    private FrontEndWindow window;
    private LocalFileSystem share;
    private Client client;

    /** Called before each operation of the file system; an errno is answered in its place. */
    private Interference interference = (method, arguments) -> 0;

    private Runnable afterLook = () -> {};

    private interface Interference {
        int before(Method method, Object[] arguments) throws Exception;
    }

    DaxCoherenceTest(String mode) {
        direct = mode.equals("direct");
        isMemory = mode.equals("memory");
    }

    @BeforeEach
    void attach() throws Exception {
        attach(CachePolicy.AUTO);
    }

    private void attach(CachePolicy cache) throws Exception {
        window = new FrontEndWindow(8 * RANGE, 100, isMemory);
        share = LocalFileSystem.open(LocalOptions.of(directory).cache(cache).build());
        client = new Client(observed(share), LITTLE_ENDIAN, 2, new DaxOptions(window.length(), direct || isMemory));
        client.device.sharedMemoryRegion(0, window.region());
        client.mount(Client.MINOR, CLIENT);
    }

    private FileSystem observed(FileSystem behind) {
        return new FileSystem() {
            @Override
            public FileSystemSession begin(long offered) {
                FileSystemSession session = behind.begin(offered);
                return (FileSystemSession) Proxy.newProxyInstance(
                        FileSystemSession.class.getClassLoader(),
                        new Class<?>[] {FileSystemSession.class},
                        (proxy, method, arguments) -> {
                            int error = interference.before(method, arguments == null ? new Object[0] : arguments);
                            if (error != 0) {
                                return method.getReturnType() == long.class ? (Object) (long) error : (Object) error;
                            }
                            try {
                                Object result = method.invoke(session, arguments);
                                if (method.getName().equals("getattr")) {
                                    afterLook.run();
                                }
                                return result;
                            } catch (InvocationTargetException thrown) {
                                throw Objects.requireNonNull(thrown.getCause());
                            }
                        });
            }

            @Override
            public void close() {}
        };
    }

    @AfterEach
    void detach() {
        interference = (method, arguments) -> 0;
        client.close();
        client.device.sharedMemoryRegion(0, null);
        share.close();
        window.close();
    }

    /**
     * As on a full disk: neither a store into a mapped hole nor a write finds a block. Descriptors are not given out,
     * so all is written by request.
     */
    private void fillDisk() {
        interference = (method, arguments) -> switch (method.getName()) {
            case "write" -> -Errno.ENOSPC;
            case "descriptor" -> -Errno.EOPNOTSUPP;
            default -> 0;
        };
    }

    private void withoutDescriptors() {
        interference = (method, arguments) -> method.getName().equals("descriptor") ? -Errno.EOPNOTSUPP : 0;
    }

    private byte[] file(String name, int size) throws Exception {
        byte[] content = new byte[size];
        new Random(size).nextBytes(content);
        Files.write(directory.resolve(name), content);
        return content;
    }

    private long lookup(String name) {
        Answer answer = client.call(client.request(FuseOpcode.LOOKUP, 1).name(name), 128);
        assertThat(answer.error()).isZero();
        return answer.u64(0);
    }

    private int setup(long node, long fileOffset, int flags, long offset) {
        return client.call(client.request(FuseOpcode.SETUPMAPPING, node).u64(-1, fileOffset, RANGE, flags, offset))
                .error();
    }

    private int remove(long node, long offset) {
        return client.call(client.request(FuseOpcode.REMOVEMAPPING, node).u32(1).u64(offset, RANGE))
                .error();
    }

    private long open(long node, int flags) {
        Answer answer = client.call(client.request(FuseOpcode.OPEN, node).u32(flags, 0), 16);
        assertThat(answer.error()).isZero();
        return answer.u64(0);
    }

    private int fsync(long node, long fh) {
        return client.call(client.request(FuseOpcode.FSYNC, node).u64(fh).u32(0, 0))
                .error();
    }

    private int flush(long node, long fh) {
        return client.call(
                        client.request(FuseOpcode.FLUSH, node).u64(fh).u32(0, 0).u64(1))
                .error();
    }

    private int syncfs() {
        return client.call(client.request(FuseOpcode.SYNCFS, 1).u64(0)).error();
    }

    private Answer getattr(long node) {
        Answer answer =
                client.call(client.request(FuseOpcode.GETATTR, node).u32(0, 0).u64(0), FuseAttrOut.SIZE);
        assertThat(answer.error()).isZero();
        return answer;
    }

    private Answer list(long fh) {
        Answer listed = client.call(
                client.request(FuseOpcode.READDIRPLUS, 1)
                        .u64(fh, 0)
                        .u32(4096, 0)
                        .u64(0)
                        .u32(0, 0),
                4096);
        assertThat(listed.error()).isZero();
        return listed;
    }

    private byte[] seen(long offset, int length) {
        return window.at(offset, length).toArray(JAVA_BYTE);
    }

    private void store(long offset, String text) {
        MemorySegment.copy(
                MemorySegment.ofArray(text.getBytes(US_ASCII)), 0, window.at(offset, text.length()), 0, text.length());
    }

    private String onHost(String name, int offset, int length) throws Exception {
        byte[] all = Files.readAllBytes(directory.resolve(name));
        return new String(Arrays.copyOfRange(all, offset, offset + length), US_ASCII);
    }

    private static void append(Path file, String text) throws Exception {
        Files.writeString(file, text, StandardOpenOption.APPEND);
    }

    @Test
    void anErrorOfWriteBackIsToldOnceToEachFileThatWasOpenAndToNobodyElse() throws Exception {
        withoutDescriptors();
        file("file", 5000);
        long node = lookup("file");
        long first = open(node, O_RDWR);
        long second = open(node, O_RDWR);
        assertThat(setup(node, 0, READ_WRITE, 0)).isZero();
        store(4500, "stored");
        fillDisk();
        assertThat(remove(node, 0)).isZero();
        withoutDescriptors();

        assertThat(fsync(node, first)).as("first fsync").isEqualTo(-Errno.ENOSPC);
        assertThat(fsync(node, first)).as("told already").isZero();
        long third = open(node, O_RDWR);
        assertThat(fsync(node, third)).as("opened after somebody was told").isZero();
        assertThat(flush(node, second)).as("close of the second").isEqualTo(-Errno.ENOSPC);
        assertThat(flush(node, second)).isZero();
        assertThat(syncfs()).isEqualTo(-Errno.ENOSPC);
        assertThat(syncfs()).isZero();
    }

    @Test
    void whatCouldNotBeWrittenIsKeptAndWrittenWhenThereIsRoom() throws Exception {
        withoutDescriptors();
        file("file", 5000);
        long node = lookup("file");
        long fh = open(node, O_RDWR);
        assertThat(setup(node, 0, READ_WRITE, 0)).isZero();
        store(4500, "stored");
        fillDisk();
        assertThat(remove(node, 0)).isZero();
        assertThat(fsync(node, fh)).isEqualTo(-Errno.ENOSPC);
        assertThat(fsync(node, fh)).as("still not in the file").isEqualTo(-Errno.ENOSPC);
        assertThat(client.call(client.request(FuseOpcode.OPEN, node).u32(O_RDWR, 0), 16)
                        .error())
                .as("open")
                .isZero();
        // seen again, wherever the file is mapped
        assertThat(setup(node, 0, READ, RANGE)).isZero();
        assertThat(seen(RANGE + 4500, 6)).isEqualTo("stored".getBytes(US_ASCII));
        assertThat(setup(node, 0, READ_WRITE, RANGE)).isZero();
        store(RANGE + 4506, "again");
        withoutDescriptors();
        assertThat(fsync(node, fh)).isZero();
        assertThat(onHost("file", 4500, 11)).isEqualTo("storedagain");
    }

    @Test
    void whatCouldNotBeWrittenIsTriedOnceMoreWhenTheSessionEnds() throws Exception {
        withoutDescriptors();
        file("file", 5000);
        long node = lookup("file");
        assertThat(setup(node, 0, READ_WRITE, 0)).isZero();
        store(4500, "stored");
        fillDisk();
        assertThat(remove(node, 0)).isZero();
        withoutDescriptors();
        assertThat(client.call(client.request(FuseOpcode.DESTROY, 0)).error()).isZero();
        assertThat(onHost("file", 4500, 6)).isEqualTo("stored");
    }

    @Test
    void aPageThatCouldNotBeWrittenKeepsItsStoresThroughAWriteOverAPartOfIt() throws Exception {
        withoutDescriptors();
        file("file", 5000);
        long node = lookup("file");
        long fh = open(node, O_RDWR);
        assertThat(setup(node, 0, READ_WRITE, 0)).isZero();
        store(4100, "stored");
        fillDisk();
        assertThat(fsync(node, fh)).isEqualTo(-Errno.ENOSPC);
        withoutDescriptors();
        // the first byte of the page, by request
        Answer written = client.call(
                client.request(FuseOpcode.WRITE, node)
                        .u64(fh, 4096)
                        .u32(3, 0)
                        .u64(0)
                        .u32(O_RDWR, 0)
                        .raw("req"),
                8);
        assertThat(written.error()).isZero();
        assertThat(fsync(node, fh)).isZero();
        assertThat(onHost("file", 4096, 3)).isEqualTo("req");
        assertThat(onHost("file", 4100, 6)).isEqualTo("stored");
    }

    @Test
    void whoeverTellsANewSizeHasWhatTheFileHoldsUpToThere() throws Exception {
        byte[] content = file("log", 600_000);
        long node = lookup("log");
        assertThat(setup(node, 0, READ, 0)).isZero();
        append(directory.resolve("log"), "by GETATTR ");
        assertThat(getattr(node).u64(16 + 8)).isEqualTo(600_011);
        assertThat(seen(600_000, 11)).isEqualTo("by GETATTR ".getBytes(US_ASCII));
        append(directory.resolve("log"), "by LOOKUP ");
        Answer entry = client.call(client.request(FuseOpcode.LOOKUP, 1).name("log"), 128);
        assertThat(entry.u64(40 + 8)).isEqualTo(600_021);
        assertThat(seen(600_011, 10)).isEqualTo("by LOOKUP ".getBytes(US_ASCII));
        append(directory.resolve("log"), "by LINK ");
        Answer link = client.call(client.request(FuseOpcode.LINK, 1).u64(node).name("other"), 128);
        assertThat(link.u64(40 + 8)).isEqualTo(600_029);
        assertThat(seen(600_021, 8)).isEqualTo("by LINK ".getBytes(US_ASCII));
        assertThat(seen(0, 600_000)).isEqualTo(content);
    }

    /** As Linux asks by STATX where all files are in the window (dax=always). */
    @Test
    void statxTellsANewSizeWhenTheWindowHasIt() throws Exception {
        client.mount(Client.MINOR, CLIENT & ~FuseInitFlags.HAS_INODE_DAX);
        file("log", 600_000);
        long node = lookup("log");
        assertThat(setup(node, 0, READ, 0)).isZero();
        append(directory.resolve("log"), "by STATX ");
        Answer answer = client.call(
                client.request(FuseOpcode.STATX, node).u32(0, 0).u64(0).u32(0, 0xfff), 288);
        assertThat(answer.error()).isZero();
        assertThat(answer.u64(32 + 40)).as("size").isEqualTo(600_009);
        assertThat(seen(600_000, 9)).isEqualTo("by STATX ".getBytes(US_ASCII));
    }

    @Test
    void whatARangeThatIsTakenOutOrPutInMovesIsSeenWhereItIsNow() throws Exception {
        byte[] content = file("log", 600_000);
        long node = lookup("log");
        assertThat(setup(node, 0, READ, 0)).isZero();
        assertThat(seen(0, 600_000)).isEqualTo(content);
        long fh = open(node, O_RDWR);
        int error = fallocate(node, fh, FallocateMode.FALLOC_FL_COLLAPSE_RANGE);
        assumeThat(error).as("the host's file system can").isNotEqualTo(-Errno.EOPNOTSUPP);
        assertThat(error).isZero();
        assertThat(seen(0, 600_000 - 4096)).isEqualTo(Arrays.copyOfRange(content, 4096, 600_000));
        assertThat(fallocate(node, fh, FallocateMode.FALLOC_FL_INSERT_RANGE)).isZero();
        assertThat(seen(0, 4096)).isEqualTo(new byte[4096]);
        assertThat(seen(4096, 600_000 - 4096)).isEqualTo(Arrays.copyOfRange(content, 4096, 600_000));
    }

    /** Of the first page. */
    private int fallocate(long node, long fh, int mode) {
        return client.call(client.request(FuseOpcode.FALLOCATE, node)
                        .u64(fh, 0, 4096)
                        .u32(mode, 0))
                .error();
    }

    @Test
    void aListingLeavesAFileThatIsInTheWindowToBeLookedUp() throws Exception {
        file("log", 5000);
        file("other", 5000);
        long node = lookup("log");
        assertThat(setup(node, 0, READ, 0)).isZero();
        Answer opened = client.call(client.request(FuseOpcode.OPENDIR, 1).u32(0, 0), 16);
        Answer listed = list(opened.u64(0));
        int found = 0;
        for (int at = 0; at < listed.bodyLength(); ) {
            int length = listed.u32(at + 128 + 16);
            String name = listed.text(at + 128 + 24, length);
            if (name.equals("log")) {
                assertThat(listed.u64(at)).as("nodeid").isZero();
                found++;
            } else if (name.equals("other")) {
                assertThat(listed.u64(at)).as("nodeid").isNotZero();
                found++;
            }
            at += (128 + 24 + length + 7) & -8;
        }
        assertThat(found).isEqualTo(2);
    }

    /** "." and ".." are looked up by nobody; a program lists the folder of a file that it has open. */
    @Test
    void aListingForgetsNoFileThatTheClientUses() throws Exception {
        file("used", 5000);
        long node = lookup("used");
        assertThat(setup(node, 0, READ, 0)).isZero();
        Answer opened = client.call(client.request(FuseOpcode.OPENDIR, 1).u32(0, 0), 16);
        for (int i = 0; i < 3; i++) {
            assertThat(lookup("used")).isEqualTo(node);
            list(opened.u64(0));
            Guest.Sent forget = client.guest.send(
                    Client.HIPRIO,
                    client.request(FuseOpcode.FORGET, node).u64(1).done(),
                    0);
            assertThat(client.guest.await(forget)).isEmpty();
        }
        assertThat(getattr(node).u64(24)).as("size").isEqualTo(5000);
    }

    @Test
    void attributesOfAFileThatMayBeStoredIntoAreValidForNoTime() throws Exception {
        for (CachePolicy cache : List.of(CachePolicy.AUTO, CachePolicy.ALWAYS, CachePolicy.METADATA)) {
            detach();
            attach(cache);
            assertAttributesValidForNoTime();
        }
    }

    private void assertAttributesValidForNoTime() throws Exception {
        file("file", 600_000);
        long node = lookup("file");
        assertThat(getattr(node).u64(0))
                .as("Linux keeps what it knows when it opens the file")
                .isZero();
        Answer entry = client.call(client.request(FuseOpcode.LOOKUP, 1).name("file"), 128);
        assertThat(entry.u64(24)).as("by a name").isZero();
        assertThat(getattr(1).u64(0)).as("of a directory").isPositive();
    }

    @Test
    void attributesOfAFileThatGoesByRequestsAreValidForAWhile() throws Exception {
        file("small", 1000);
        long node = lookup("small");
        assertThat(getattr(node).u64(0)).isPositive();
    }

    @Test
    void blocksAreThoseOfWhatWasStored() throws Exception {
        try (RandomAccessFile sparse =
                new RandomAccessFile(directory.resolve("sparse").toFile(), "rw")) {
            sparse.setLength(RANGE);
        }
        long node = lookup("sparse");
        open(node, O_RDWR);
        assertThat(setup(node, 0, READ_WRITE, 0)).isZero();
        assertThat(getattr(node).u64(16 + 16)).as("blocks before").isZero();
        store(100_000, "stored");
        assertThat(getattr(node).u64(16 + 16)).as("blocks after").isPositive();
    }

    @Test
    void timesThatAreSetAfterAStoreStay() throws Exception {
        file("file", 5000);
        long node = lookup("file");
        long fh = open(node, O_RDWR);
        assertThat(setup(node, 0, READ_WRITE, 0)).isZero();
        store(4500, "stored");
        long seconds = LONG_AGO.to(TimeUnit.SECONDS);
        Answer set = client.call(
                client.request(FuseOpcode.SETATTR, node)
                        .u32(FuseFlags.FATTR_ATIME | FuseFlags.FATTR_MTIME, 0)
                        .u64(0, 0, 0, seconds, seconds, 0)
                        .u32(new int[8]),
                104);
        assertThat(set.error()).isZero();
        assertThat(set.u64(16 + 32)).as("mtime in the reply").isEqualTo(seconds);
        assertThat(flush(node, fh)).isZero();
        assertThat(Files.getLastModifiedTime(directory.resolve("file"))).isEqualTo(LONG_AGO);
        assertThat(onHost("file", 4500, 6)).isEqualTo("stored");
    }

    @Test
    void aStoreSetsTheTimesOfTheFile() throws Exception {
        file("file", 5000);
        Files.setLastModifiedTime(directory.resolve("file"), LONG_AGO);
        long node = lookup("file");
        long fh = open(node, O_RDWR);
        assertThat(setup(node, 0, READ_WRITE, 0)).isZero();
        store(4500, "stored");
        assertThat(fsync(node, fh)).isZero();
        assertThat(Files.getLastModifiedTime(directory.resolve("file"))).isGreaterThan(LONG_AGO);
    }

    @Test
    void aFileThatTheHostWroteAnewAndDatedBackIsSeenAtTheNextOpen() throws Exception {
        file("file", 5000);
        Files.setLastModifiedTime(directory.resolve("file"), LONG_AGO);
        long node = lookup("file");
        assertThat(setup(node, 0, READ, 0)).isZero();
        byte[] rewritten = new byte[5000];
        Arrays.fill(rewritten, (byte) 'n');
        try (FileChannel channel = FileChannel.open(directory.resolve("file"), StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(rewritten), 0);
        }
        Files.setLastModifiedTime(directory.resolve("file"), LONG_AGO);
        open(node, 0);
        assertThat(seen(0, 5000)).isEqualTo(rewritten);
    }

    @Test
    void aFileThatTheHostCutsShortWhileItIsWrittenBackStaysShort() throws Exception {
        file("file", 8000);
        long node = lookup("file");
        long fh = open(node, O_RDWR);
        assertThat(setup(node, 0, READ_WRITE, 0)).isZero();
        store(7500, "stored");
        // between the look at its size and the writing
        afterLook = () -> {
            afterLook = () -> {};
            try (FileChannel channel = FileChannel.open(directory.resolve("file"), StandardOpenOption.WRITE)) {
                channel.truncate(5000);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        };
        assertThat(fsync(node, fh)).isZero();
        assertThat(Files.size(directory.resolve("file"))).isEqualTo(5000);
    }

    @Test
    void aClientWithAWindowClearsSetIdBitsItself() throws Exception {
        detach();
        share = LocalFileSystem.open(LocalOptions.of(directory).killprivV2(true).build());
        client = new Client(share, LITTLE_ENDIAN, 2, new DaxOptions(window.length(), direct || isMemory));
        Answer without = client.call(client.init(7, Client.MINOR, CLIENT), 64);
        assertThat(without.u32(12) & FuseInitFlags.HANDLE_KILLPRIV_V2).isNotZero();
        window = new FrontEndWindow(8 * RANGE, 100, isMemory);
        client.device.sharedMemoryRegion(0, window.region());
        Answer with = client.call(client.init(7, Client.MINOR, CLIENT), 64);
        assertThat(with.u32(12) & FuseInitFlags.HANDLE_KILLPRIV_V2).isZero();
    }
}
