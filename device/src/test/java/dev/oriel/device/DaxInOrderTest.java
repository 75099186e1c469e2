package dev.oriel.device;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.oriel.filesystem.local.LocalFileSystem;
import dev.oriel.filesystem.local.LocalOptions;
import dev.oriel.fuse.FuseFlags;
import dev.oriel.fuse.FuseInitFlags;
import dev.oriel.fuse.FuseOpcode;
import dev.oriel.linux.MemoryCalls;
import dev.oriel.linux.PageCache;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A window that copies what is read in order: which ranges, and that none of them shows an old byte. */
@Timeout(60)
class DaxInOrderTest {
    private static final int RANGE = 2 << 20;
    private static final int WINDOW_RANGES = 8;
    private static final int READ = (int) FuseFlags.SETUPMAPPING_READ;
    private static final int READ_WRITE = READ | (int) FuseFlags.SETUPMAPPING_WRITE;
    private static final int O_RDWR = 2;

    @TempDir
    private Path directory;

    private FrontEndWindow window;
    private LocalFileSystem share;
    private Client client;
    private byte[] content;
    private Path file;
    private long node;

    @BeforeEach
    void attach() throws Exception {
        content = new byte[WINDOW_RANGES * RANGE];
        new Random(21).nextBytes(content);
        file = Files.write(directory.resolve("file"), content);
        window = new FrontEndWindow(WINDOW_RANGES * RANGE, 100, false);
        share = LocalFileSystem.open(LocalOptions.of(directory).build());
        client = new Client(share, LITTLE_ENDIAN, 2, new DaxOptions(window.length(), true, true));
        client.device.sharedMemoryRegion(0, window);
        client.mount(Client.MINOR, Client.LINUX_FLAGS | FuseInitFlags.MAP_ALIGNMENT | FuseInitFlags.HAS_INODE_DAX);
        node = client.call(client.request(FuseOpcode.LOOKUP, 1).name("file"), 128)
                .u64(0);
    }

    @AfterEach
    void detach() {
        client.close();
        client.device.sharedMemoryRegion(0, null);
        share.close();
        window.close();
    }

    private void setup(int range, int flags, int place) {
        assertThat(client.call(client.request(FuseOpcode.SETUPMAPPING, node)
                                .u64(-1, (long) range * RANGE, RANGE, flags, (long) place * RANGE))
                        .error())
                .isZero();
    }

    private void remove(int place) {
        assertThat(client.call(client.request(FuseOpcode.REMOVEMAPPING, node)
                                .u32(1)
                                .u64((long) place * RANGE, RANGE))
                        .error())
                .isZero();
    }

    private long open() {
        return client.call(client.request(FuseOpcode.OPEN, node).u32(O_RDWR, 0), 16)
                .u64(0);
    }

    private byte[] seen(int place) {
        return window.at((long) place * RANGE, RANGE).toArray(JAVA_BYTE);
    }

    private byte[] range(int range) {
        return Arrays.copyOfRange(content, range * RANGE, (range + 1) * RANGE);
    }

    /** Changes one byte of a range on the host. */
    private void change(int range) throws Exception {
        try (RandomAccessFile out = new RandomAccessFile(file.toFile(), "rw")) {
            out.seek((long) range * RANGE + 1000);
            out.write(++content[range * RANGE + 1000]);
        }
    }

    /** Whether a place shows the file's own pages, in which a change is seen at once. */
    private boolean isDirect(int place, int range) throws Exception {
        change(range);
        return Arrays.equals(seen(place), range(range));
    }

    @Test
    void theThirdRangeInOrderIsCopied() throws Exception {
        for (int i = 0; i < 3; i++) {
            setup(i, READ, i);
            assertThat(seen(i)).isEqualTo(range(i));
        }
        assertThat(isDirect(0, 0)).isTrue();
        assertThat(isDirect(1, 1)).isTrue();
        assertThat(isDirect(2, 2)).isFalse();
        open();
        assertThat(seen(2)).as("after the next open").isEqualTo(range(2));
    }

    @Test
    void whatIsReadAtRandomOrIsToBeWrittenIsNot() throws Exception {
        int[] ranges = {5, 2, 0, 3, 1};
        for (int i = 0; i < ranges.length; i++) {
            setup(ranges[i], READ, i);
            assertThat(isDirect(i, ranges[i])).isTrue();
        }
        setup(2, READ, 5);
        setup(3, READ_WRITE, 6);
        assertThat(isDirect(6, 3)).as("to be written").isTrue();
    }

    @Test
    void aPlaceShowsWhatTheFileHasWhenItIsAskedForAgain() throws Exception {
        for (int turn = 0; turn < 3; turn++) {
            for (int i = 0; i < WINDOW_RANGES; i++) {
                setup(i, READ, i);
                assertThat(seen(i)).as("range %s in turn %s", i, turn).isEqualTo(range(i));
            }
            for (int i = 0; i < WINDOW_RANGES; i++) {
                remove(i);
                change(i);
            }
        }
        // here stand-ins have been mapped, and are not in the way
        setup(6, READ_WRITE, 3);
        assertThat(isDirect(3, 6)).isTrue();
    }

    @Test
    void whatIsStoredIntoACopyIsInTheFileAfterFsync() throws Exception {
        for (int i = 0; i < 3; i++) {
            setup(i, READ, i);
        }
        long fh = open();
        setup(2, READ_WRITE, 2);
        window.at(2L * RANGE + 5, 1).set(JAVA_BYTE, 0, ++content[2 * RANGE + 5]);
        assertThat(client.call(client.request(FuseOpcode.FSYNC, node).u64(fh).u32(0, 0))
                        .error())
                .isZero();
        assertThat(Files.readAllBytes(file)).isEqualTo(content);
    }

    @Test
    void theHostReadsAhead() throws Exception {
        assumeFalse(Files.getFileStore(file).type().equals("tmpfs"), "this takes a disk");
        PageCache.drop(file);
        setup(5, READ, 5);
        setup(0, READ, 0);
        setup(1, READ, 1);
        assertThat(PageCache.pages(file, content.length)).as("not in order").isZero();
        setup(2, READ, 2);
        // range 2, which is copied, and the four behind it
        long pages = 5L * RANGE / MemoryCalls.pageSize();
        while (PageCache.pages(file, content.length) < pages) {
            assertThat(Thread.interrupted()).as("out of time").isFalse();
        }
    }
}
