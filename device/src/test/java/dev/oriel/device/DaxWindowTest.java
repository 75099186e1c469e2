package dev.oriel.device;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.ByteOrder.BIG_ENDIAN;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.filesystem.FileSystem;
import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.filesystem.local.LocalFileSystem;
import dev.oriel.filesystem.local.LocalOptions;
import dev.oriel.fuse.FuseFlags;
import dev.oriel.fuse.FuseInitFlags;
import dev.oriel.fuse.FuseOpcode;
import dev.oriel.linux.Errno;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.Proxy;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The DAX window of a device with a directory of this host, in a front-end that is as strict as QEMU: direct, staged,
 * and in a window that is memory.
 */
@ParameterizedClass
@CsvSource({"direct,little", "staged,little", "memory,little", "direct,big", "staged,big", "memory,big"})
@Timeout(60)
class DaxWindowTest {
    private static final long RANGE = 2 << 20;
    private static final int WINDOW_RANGES = 8;
    private static final int READ = (int) FuseFlags.SETUPMAPPING_READ;
    private static final int READ_WRITE = READ | (int) FuseFlags.SETUPMAPPING_WRITE;
    private static final int O_RDWR = 2;
    private static final long WINDOW_CLIENT =
            Client.LINUX_FLAGS | FuseInitFlags.MAP_ALIGNMENT | FuseInitFlags.HAS_INODE_DAX;

    @TempDir
    Path directory;

    private final boolean direct;
    private final boolean isMemory;
    private final ByteOrder order;
    private FrontEndWindow window;
    private LocalFileSystem share;
    private Client client;
    private Runnable atOpen = () -> {};

    DaxWindowTest(String mode, String order) {
        direct = mode.equals("direct");
        isMemory = mode.equals("memory");
        this.order = order.equals("big") ? BIG_ENDIAN : LITTLE_ENDIAN;
    }

    @BeforeEach
    void attach() throws Exception {
        attach(100);
    }

    private void attach(int mappingsMax) throws Exception {
        window = new FrontEndWindow(WINDOW_RANGES * RANGE, mappingsMax, isMemory);
        share = LocalFileSystem.open(LocalOptions.of(directory).build());
        client = new Client(observed(share), order, 2, new DaxOptions(window.length(), direct || isMemory));
        client.device.sharedMemoryRegion(0, window.region());
        client.mount(Client.MINOR, WINDOW_CLIENT);
    }

    /** A share that calls the test when a file is opened. */
    private FileSystem observed(FileSystem behind) {
        return new FileSystem() {
            @Override
            public FileSystemSession begin(long offered) {
                FileSystemSession session = behind.begin(offered);
                return (FileSystemSession) Proxy.newProxyInstance(
                        FileSystemSession.class.getClassLoader(),
                        new Class<?>[] {FileSystemSession.class},
                        (proxy, method, arguments) -> {
                            if (method.getName().equals("open")) {
                                atOpen.run();
                            }
                            return method.invoke(session, arguments);
                        });
            }

            @Override
            public void close() {}
        };
    }

    @AfterEach
    void detach() {
        client.close();
        client.device.sharedMemoryRegion(0, null);
        share.close();
        window.close();
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

    private int setup(long node, long fileOffset, long length, int flags, long offset) {
        return client.call(client.request(FuseOpcode.SETUPMAPPING, node).u64(-1, fileOffset, length, flags, offset))
                .error();
    }

    private int remove(long node, long offset, long length) {
        return client.call(client.request(FuseOpcode.REMOVEMAPPING, node).u32(1).u64(offset, length))
                .error();
    }

    private long open(long node) {
        Answer answer = client.call(client.request(FuseOpcode.OPEN, node).u32(O_RDWR, 0), 16);
        assertThat(answer.error()).isZero();
        return answer.u64(0);
    }

    private void write(long node, long fh, long offset, byte[] content) {
        Answer written = client.call(
                client.request(FuseOpcode.WRITE, node)
                        .u64(fh, offset)
                        .u32(content.length, 0)
                        .u64(0)
                        .u32(O_RDWR, 0)
                        .raw(content),
                8);
        assertThat(written.error()).isZero();
        assertThat(written.u32(0)).isEqualTo(content.length);
    }

    private void resize(long node, long size) {
        Answer answer = client.call(
                client.request(FuseOpcode.SETATTR, node)
                        .u32(FuseFlags.FATTR_SIZE, 0)
                        .u64(0, size, 0, 0, 0, 0)
                        .u32(new int[8]),
                104);
        assertThat(answer.error()).isZero();
    }

    private int fsync(long node, long fh) {
        return client.call(client.request(FuseOpcode.FSYNC, node).u64(fh).u32(0, 0))
                .error();
    }

    private byte[] seen(long offset, int length) {
        return window.at(offset, length).toArray(JAVA_BYTE);
    }

    private void store(long offset, String text) {
        MemorySegment.copy(
                MemorySegment.ofArray(text.getBytes(US_ASCII)), 0, window.at(offset, text.length()), 0, text.length());
    }

    private byte[] onHost(String name) throws Exception {
        return Files.readAllBytes(directory.resolve(name));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 4095, 4096, 4097, 5000, 2097151, 2097152, 2097153, 6000000})
    void aFileOfAnySizeIsSeenByteForByteAndZerosBehindIt(int size) throws Exception {
        byte[] content = file("file", size);
        long node = lookup("file");
        for (long at = 0; at <= size; at += RANGE) {
            assertThat(setup(node, at, RANGE, READ, at)).isZero();
        }
        int whole = (int) ((size / RANGE + 1) * RANGE);
        assertThat(seen(0, whole)).isEqualTo(Arrays.copyOf(content, whole));
        assertThat(Files.size(directory.resolve("file"))).isEqualTo(size);
    }

    @ParameterizedTest
    @ValueSource(ints = {4096, 5000, 2097153})
    void whatIsStoredIsInTheFileAfterFsyncAndAfterTheMappingIsGone(int size) throws Exception {
        byte[] content = file("file", size);
        long node = lookup("file");
        long fh = open(node);
        for (long at = 0; at < size; at += RANGE) {
            assertThat(setup(node, at, RANGE, READ, at)).isZero();
            assertThat(setup(node, at, RANGE, READ_WRITE, at)).as("upgrade").isZero();
        }
        store(10, "first");
        store(size - 4, "last");
        assertThat(fsync(node, fh)).isZero();
        System.arraycopy("first".getBytes(US_ASCII), 0, content, 10, 5);
        System.arraycopy("last".getBytes(US_ASCII), 0, content, size - 4, 4);
        assertThat(onHost("file")).isEqualTo(content);

        store(size - 5, "again");
        System.arraycopy("again".getBytes(US_ASCII), 0, content, size - 5, 5);
        for (long at = 0; at < size; at += RANGE) {
            assertThat(remove(node, at, RANGE)).isZero();
        }
        assertThat(onHost("file")).isEqualTo(content);
    }

    @Test
    void whatIsWrittenByRequestIsSeenThroughTheWindowAndTheOtherWayRound() throws Exception {
        file("file", 5000);
        long node = lookup("file");
        long fh = open(node);
        assertThat(setup(node, 0, RANGE, READ_WRITE, 0)).isZero();
        store(4500, "stored");
        write(node, fh, 4506, "written".getBytes(US_ASCII));
        assertThat(seen(4500, 13)).isEqualTo("storedwritten".getBytes(US_ASCII));
        write(node, fh, 9000, "far behind the end".getBytes(US_ASCII));
        assertThat(seen(0, (int) RANGE)).isEqualTo(Arrays.copyOf(onHost("file"), (int) RANGE));
        store(9000, "FAR");
        Answer read = client.call(
                client.request(FuseOpcode.READ, node)
                        .u64(fh, 9000)
                        .u32(4, 0)
                        .u64(0)
                        .u32(O_RDWR, 0),
                4);
        assertThat(read.body()).isEqualTo("FAR ".getBytes(US_ASCII));
    }

    @Test
    void aFileThatShrinksAndGrowsKeepsNoBytesOfTheOldEnd() throws Exception {
        byte[] content = file("file", 10_000);
        long node = lookup("file");
        assertThat(setup(node, 0, RANGE, READ_WRITE, 0)).isZero();
        resize(node, 8500);
        resize(node, 20_000);
        byte[] expected = Arrays.copyOf(Arrays.copyOf(content, 8500), 20_000);
        assertThat(seen(0, 20_000)).isEqualTo(expected);
        assertThat(onHost("file")).isEqualTo(expected);
    }

    @Test
    void aChangeOnTheHostIsSeenAtTheNextOpen() throws Exception {
        file("file", 5000);
        long node = lookup("file");
        assertThat(setup(node, 0, RANGE, READ, 0)).isZero();
        Files.writeString(directory.resolve("file"), "the host was here", StandardOpenOption.WRITE);
        Files.writeString(directory.resolve("file"), "and at the end", StandardOpenOption.APPEND);
        open(node);
        assertThat(seen(0, 8192)).isEqualTo(Arrays.copyOf(onHost("file"), 8192));
    }

    @Test
    void aHostThatWritesElsewhereLosesNothingToAStoreOfTheClient() throws Exception {
        file("file", 3 * 4096 + 100);
        long node = lookup("file");
        long fh = open(node);
        assertThat(setup(node, 0, RANGE, READ_WRITE, 0)).isZero();
        store(3 * 4096 + 10, "client");
        byte[] host = onHost("file");
        System.arraycopy("host".getBytes(US_ASCII), 0, host, 4096, 4);
        Files.write(directory.resolve("file"), host, StandardOpenOption.WRITE);
        assertThat(fsync(node, fh)).isZero();
        System.arraycopy("client".getBytes(US_ASCII), 0, host, 3 * 4096 + 10, 6);
        assertThat(onHost("file")).isEqualTo(host);
    }

    @Test
    void whatTheHostAppendsIsNotOverwrittenByAStoreBeforeIt() throws Exception {
        byte[] content = file("file", 5000);
        long node = lookup("file");
        long fh = open(node);
        assertThat(setup(node, 0, RANGE, READ_WRITE, 0)).isZero();
        Files.writeString(directory.resolve("file"), "appended", StandardOpenOption.APPEND);
        byte[] expected = Arrays.copyOf(content, 5008);
        System.arraycopy("appended".getBytes(US_ASCII), 0, expected, 5000, 8);
        for (String text : new String[] {"one", "two"}) {
            store(4990, text);
            System.arraycopy(text.getBytes(US_ASCII), 0, expected, 4990, 3);
            assertThat(fsync(node, fh)).isZero();
            assertThat(onHost("file")).isEqualTo(expected);
        }
        write(node, fh, 4980, "request".getBytes(US_ASCII));
        store(4990, "three");
        System.arraycopy("request".getBytes(US_ASCII), 0, expected, 4980, 7);
        System.arraycopy("three".getBytes(US_ASCII), 0, expected, 4990, 5);
        assertThat(fsync(node, fh)).isZero();
        assertThat(onHost("file")).isEqualTo(expected);
    }

    @Test
    void whatTheHostAppendsIsNotOverwrittenByAStoreBetweenWriteBackAndOpen() throws Exception {
        byte[] content = file("file", 5000);
        long node = lookup("file");
        assertThat(setup(node, 0, RANGE, READ_WRITE, 0)).isZero();
        Files.writeString(directory.resolve("file"), "appended", StandardOpenOption.APPEND);
        atOpen = () -> store(4990, "meanwhile");
        long fh = open(node);
        byte[] expected = Arrays.copyOf(content, 5008);
        System.arraycopy("meanwhile".getBytes(US_ASCII), 0, expected, 4990, 9);
        System.arraycopy("appended".getBytes(US_ASCII), 0, expected, 5000, 8);
        assertThat(seen(0, 5008)).isEqualTo(expected);
        assertThat(fsync(node, fh)).isZero();
        assertThat(onHost("file")).isEqualTo(expected);
    }

    @Test
    void aMappingReplacesWhatItOverlapsAndAPartCanBeTakenAway() throws Exception {
        byte[] one = file("one", 3 << 20);
        byte[] two = file("two", 3 << 20);
        long first = lookup("one");
        long second = lookup("two");
        assertThat(setup(first, 0, RANGE, READ_WRITE, 0)).isZero();
        store(5, "kept");
        assertThat(setup(second, 4096, 8192, READ, 1 << 20)).isZero();
        System.arraycopy("kept".getBytes(US_ASCII), 0, one, 5, 4);
        byte[] expected = Arrays.copyOf(one, (int) RANGE);
        System.arraycopy(two, 4096, expected, 1 << 20, 8192);
        assertThat(seen(0, (int) RANGE)).isEqualTo(expected);
        assertThat(onHost("one")).isEqualTo(one);

        assertThat(remove(first, 4096, 4096)).isZero();
        Arrays.fill(expected, 4096, 8192, (byte) 0);
        assertThat(seen(0, (int) RANGE)).isEqualTo(expected);
        assertThat(remove(first, 0, RANGE)).isZero();
        assertThat(seen(0, (int) RANGE)).containsOnly(0);
    }

    @Test
    void aRangeIsUsedForOneFileAfterAnother() throws Exception {
        for (int i = 0; i < 3 * WINDOW_RANGES; i++) {
            byte[] content = file("file" + i, 4000 + 777 * i);
            long node = lookup("file" + i);
            long offset = i % WINDOW_RANGES * RANGE;
            assertThat(setup(node, 0, RANGE, READ_WRITE, offset)).isZero();
            assertThat(seen(offset, (int) RANGE)).isEqualTo(Arrays.copyOf(content, (int) RANGE));
        }
    }

    @Test
    void theEndOfASessionWritesBackAndTakesEverythingAway() throws Exception {
        file("file", 5000);
        assertThat(setup(lookup("file"), 0, RANGE, READ_WRITE, RANGE)).isZero();
        store(RANGE + 4990, "destroyed");
        assertThat(client.call(client.request(FuseOpcode.DESTROY, 0)).error()).isZero();
        assertThat(Arrays.copyOfRange(onHost("file"), 4990, 4999)).isEqualTo("destroyed".getBytes(US_ASCII));
        assertThat(seen(RANGE, (int) RANGE)).containsOnly(0);

        client.mount(Client.MINOR, WINDOW_CLIENT);
        assertThat(setup(lookup("file"), 0, RANGE, READ_WRITE, 0)).isZero();
        store(4990, "initiated");
        client.mount(Client.MINOR, WINDOW_CLIENT);
        assertThat(Arrays.copyOfRange(onHost("file"), 4990, 4999)).isEqualTo("initiated".getBytes(US_ASCII));
        assertThat(seen(0, (int) RANGE)).containsOnly(0);
    }

    @Test
    void aResetWritesBackAndTheNextSessionCleansUp() throws Exception {
        file("file", 5000);
        assertThat(setup(lookup("file"), 0, RANGE, READ_WRITE, 0)).isZero();
        store(4990, "reset");
        client.device.reset();
        assertThat(Arrays.copyOfRange(onHost("file"), 4990, 4995)).isEqualTo("reset".getBytes(US_ASCII));

        client.mount(Client.MINOR, WINDOW_CLIENT);
        byte[] content = file("other", 9000);
        assertThat(setup(lookup("other"), 0, RANGE, READ, 0)).isZero();
        assertThat(seen(0, (int) RANGE)).isEqualTo(Arrays.copyOf(content, (int) RANGE));
    }

    @Test
    void nonsenseGetsAnErrnoAndMapsNothing() throws Exception {
        file("file", 5000);
        Files.createDirectory(directory.resolve("directory"));
        long node = lookup("file");
        assertThat(setup(node, 0, 0, READ, 0)).as("no length").isEqualTo(-Errno.EINVAL);
        assertThat(setup(node, 100, RANGE, READ, 0)).as("file offset").isEqualTo(-Errno.EINVAL);
        assertThat(setup(node, 0, 100, READ, 0)).as("length").isEqualTo(-Errno.EINVAL);
        assertThat(setup(node, 0, RANGE, READ, 5)).as("offset").isEqualTo(-Errno.EINVAL);
        assertThat(setup(node, 0, RANGE, READ, window.length())).as("behind").isEqualTo(-Errno.EINVAL);
        assertThat(setup(node, 0, RANGE, READ, window.length() - 4096))
                .as("past")
                .isEqualTo(-Errno.EINVAL);
        assertThat(setup(node, 0, Long.MIN_VALUE, READ, 0)).as("huge").isEqualTo(-Errno.EINVAL);
        assertThat(setup(node, -4096, RANGE, READ, 0)).as("negative").isEqualTo(-Errno.EINVAL);
        assertThat(setup(node, Long.MAX_VALUE & -4096, RANGE, READ, 0))
                .as("wraps")
                .isEqualTo(-Errno.EINVAL);
        assertThat(setup(node, 0, RANGE, 0xff, 0)).as("flags").isEqualTo(-Errno.EINVAL);
        assertThat(setup(lookup("directory"), 0, RANGE, READ, 0))
                .as("directory")
                .isEqualTo(-Errno.ENODEV);
        assertThat(setup(12345, 0, RANGE, READ, 0)).as("unknown node").isNegative();
        assertThat(remove(node, 5, RANGE)).isEqualTo(-Errno.EINVAL);
        assertThat(remove(node, 0, window.length() + 4096)).isEqualTo(-Errno.EINVAL);
        assertThat(client.call(client.request(FuseOpcode.REMOVEMAPPING, node)
                                .u32(1000)
                                .u64(0, RANGE))
                        .error())
                .as("lying count")
                .isEqualTo(-Errno.EINVAL);
        assertThat(window.mappings).isEmpty();
        assertThat(remove(node, 0, RANGE)).as("nothing is there").isZero();
    }

    @Test
    void aFrontEndThatRefusesIsAnErrorOfThatRequestOnly() throws Exception {
        byte[] content = file("file", 9000);
        long node = lookup("file");
        window.refusal = -Errno.EIO;
        assertThat(setup(node, 0, RANGE, READ, 0)).isEqualTo(isMemory ? 0 : -Errno.EIO);
        window.refusal = 0;
        assertThat(setup(node, 0, RANGE, READ, 0)).isZero();
        assertThat(seen(0, 9000)).isEqualTo(content);
    }

    @Test
    void aFloodOfMappingsEndsAtTheLimitOfTheFrontEnd() throws Exception {
        detach();
        attach(WINDOW_RANGES);
        byte[] content = file("file", 3 << 20);
        long node = lookup("file");
        int accepted = 0;
        int last = 0;
        for (long at = 0; at < 2 << 20; at += 4096) {
            last = setup(node, at, 4096, READ, 2 * at);
            accepted += last == 0 ? 1 : 0;
        }
        assertThat(window.most).isLessThanOrEqualTo(WINDOW_RANGES);
        assertThat(last).isEqualTo(direct ? -Errno.ENOMEM : 0);
        assertThat(accepted).isEqualTo(direct ? WINDOW_RANGES : 512);
        assertThat(remove(node, 0, window.length())).isZero();
        assertThat(setup(node, 0, RANGE, READ, 0)).isZero();
        assertThat(seen(0, (int) RANGE)).isEqualTo(Arrays.copyOf(content, (int) RANGE));
    }

    @Test
    void aClientThatLeavesTheChoiceIsToldWhichFilesAreWorthIt() throws Exception {
        file("small", 500_000);
        file("large", 600_000);
        Answer small = client.call(client.request(FuseOpcode.LOOKUP, 1).name("small"), 128);
        Answer large = client.call(client.request(FuseOpcode.LOOKUP, 1).name("large"), 128);
        assertThat(small.u32(40 + 84) & FuseFlags.ATTR_DAX).isZero();
        assertThat(large.u32(40 + 84) & FuseFlags.ATTR_DAX).isEqualTo(FuseFlags.ATTR_DAX);
    }

    /** As a Linux mount does over QEMU's vhost-user-fs-pci, whose front-end knows windows and whose device has none. */
    @Test
    void aClientThatFoundNoWindowIsToldOfNone() throws Exception {
        client.mount(Client.MINOR, Client.LINUX_FLAGS | FuseInitFlags.HAS_INODE_DAX);
        file("large", 600_000);
        Answer large = client.call(client.request(FuseOpcode.LOOKUP, 1).name("large"), 128);
        assertThat(large.u32(40 + 84) & FuseFlags.ATTR_DAX).isZero();
        assertThat(large.u64(24)).as("seconds that attributes are valid").isEqualTo(1);
    }

    @Test
    void aDirectMappingIsTheFilesOwnPages() throws Exception {
        file("file", 8192);
        long node = lookup("file");
        assertThat(setup(node, 0, RANGE, READ_WRITE, 0)).isZero();
        store(0, "stored");
        boolean there = Arrays.equals(Arrays.copyOf(onHost("file"), 6), "stored".getBytes(US_ASCII));
        assertThat(there).as("seen by the host without any request").isEqualTo(direct);
    }
}
