package dev.oriel.driver;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.oriel.linux.Errno;
import dev.oriel.linux.FileCalls;
import dev.oriel.linux.OpenFlags;
import dev.oriel.vhostuser.wire.BackendRequest;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The DAX window of a device that behaves, and of devices that do not. */
class DaxDeviceTest {
    private static final int SLOT = (int) DaxDevice.SLOT_SIZE;
    private static final int SLOTS = 4;
    private static final long WINDOW = SLOTS * DaxDevice.SLOT_SIZE;

    @TempDir
    private Path folder;

    private DaxScript device;
    private FuseClient client;
    private DaxDevice dax;

    @BeforeEach
    void connect() throws IOException {
        use(new DaxScript(folder.resolve("socket"), WINDOW, folder), FuseClientOptions.DEFAULTS);
    }

    private void use(DaxScript script, FuseClientOptions options) throws IOException {
        device = script;
        client = FuseClient.connect(folder.resolve("socket"), options);
        dax = client.dax().orElseThrow();
    }

    @AfterEach
    void disconnect() {
        client.close();
        device.close();
    }

    private byte[] file(long node, int size) throws IOException {
        byte[] content = new byte[size];
        new Random(node).nextBytes(content);
        Files.write(device.file(node), content);
        return content;
    }

    private static void failsWith(int errno, org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
        assertThatExceptionOfType(FuseException.class)
                .isThrownBy(call)
                .satisfies(failed -> assertThat(Errno.name(failed.errno())).isEqualTo(Errno.name(errno)));
    }

    @Test
    void aPinnedRangeIsTheFile() throws IOException {
        byte[] content = file(2, SLOT + 5000);
        try (DaxDevice.Pin pin = dax.map(2, SLOT - 10, 5010, false)) {
            assertThat(pin.segment().toArray(JAVA_BYTE)).isEqualTo(Arrays.copyOfRange(content, SLOT - 10, SLOT + 5000));
            assertThat(pin.segment().isReadOnly()).isTrue();
            try (RandomAccessFile host = new RandomAccessFile(device.file(2).toFile(), "rw")) {
                host.seek(SLOT);
                host.write(77);
            }
            assertThat(pin.segment().get(JAVA_BYTE, 10)).isEqualTo((byte) 77);
        }
        assertThat(dax.slotsInUse()).isEqualTo(2);
    }

    @Test
    void aStoreReachesTheFile() throws IOException {
        file(2, 10_000);
        try (DaxDevice.Pin pin = dax.map(2, 4000, 6000, true)) {
            pin.segment().set(JAVA_BYTE, 5999, (byte) 42);
        }
        byte[] host = Files.readAllBytes(device.file(2));
        assertThat(host[9999]).isEqualTo((byte) 42);
        assertThat(host).hasSize(10_000);
    }

    @Test
    void copiesCrossSlotsAndZerosAreWritten() throws IOException {
        byte[] content = file(2, 3 * SLOT);
        byte[] copy = new byte[2 * SLOT];
        dax.copyOut(2, SLOT / 2, MemorySegment.ofArray(copy));
        assertThat(copy).isEqualTo(Arrays.copyOfRange(content, SLOT / 2, SLOT / 2 + 2 * SLOT));

        dax.copyIn(2, 7, MemorySegment.ofArray("written".getBytes(java.nio.charset.StandardCharsets.UTF_8)));
        dax.zero(2, SLOT - 100, 200);
        System.arraycopy("written".getBytes(java.nio.charset.StandardCharsets.UTF_8), 0, content, 7, 7);
        Arrays.fill(content, SLOT - 100, SLOT + 100, (byte) 0);
        assertThat(Files.readAllBytes(device.file(2))).isEqualTo(content);
    }

    @Test
    void theLeastRecentlyUsedGivesWayAndThePinnedNever() throws IOException {
        for (int node = 2; node < 8; node++) {
            file(node, 4096);
        }
        List<DaxDevice.Pin> pins = new ArrayList<>();
        for (int node = 2; node < 2 + SLOTS - 1; node++) {
            pins.add(dax.map(node, 0, 4096, false));
        }
        dax.map(5, 0, 4096, false).close();
        assertThat(dax.slotsInUse()).isEqualTo(SLOTS);
        assertThat(device.removals).isZero();

        dax.map(6, 0, 4096, false).close();
        assertThat(device.removals).isEqualTo(1);
        pins.add(dax.map(7, 0, 4096, false));
        failsWith(Errno.EBUSY, () -> dax.map(5, 0, 4096, false));
        for (int i = 0; i < 3; i++) {
            byte[] expected = Files.readAllBytes(device.file(2 + i));
            assertThat(pins.get(i).segment().toArray(JAVA_BYTE)).isEqualTo(expected);
        }
        pins.forEach(DaxDevice.Pin::close);
        int setups = device.setups;
        dax.map(3, 0, 4096, false).close();
        assertThat(device.setups).as("what stays mapped needs no request").isEqualTo(setups);
    }

    @Test
    void aWindowFourTimesSmallerThanTheDataServesAllOfIt() throws IOException {
        byte[] content = file(2, 4 * SLOTS * SLOT);
        Random random = new Random(5);
        byte[] part = new byte[10_000];
        for (int i = 0; i < 300; i++) {
            int offset = random.nextInt(content.length - part.length);
            dax.copyOut(2, offset, MemorySegment.ofArray(part));
            assertThat(part).isEqualTo(Arrays.copyOfRange(content, offset, offset + part.length));
        }
        assertThat(dax.slotsInUse()).isLessThanOrEqualTo(SLOTS);
        failsWith(Errno.ENOSPC, () -> dax.map(2, 0, (SLOTS + 1L) * SLOT, false));
    }

    @Test
    void aFileThatGrewIsMappedAnew() throws IOException {
        file(2, 100);
        dax.map(2, 0, 100, false).close();
        failsWith(Errno.EINVAL, () -> dax.map(2, 0, 101, false));
        byte[] content = file(2, 20_000);
        try (DaxDevice.Pin pin = dax.map(2, 0, 20_000, false)) {
            assertThat(pin.segment().toArray(JAVA_BYTE)).isEqualTo(content);
        }
        assertThat(dax.slotsInUse()).isEqualTo(1);
    }

    @Test
    void aGrowingFileIsMappedAgainBesideWhatIsPinned() throws IOException {
        file(2, SLOT / 2);
        try (DaxDevice.Pin small = dax.map(2, 0, SLOT / 2, true)) {
            try (RandomAccessFile host = new RandomAccessFile(device.file(2).toFile(), "rw")) {
                host.setLength(SLOT + SLOT / 2);
            }
            try (DaxDevice.Pin large = dax.map(2, 0, SLOT + SLOT / 2, true)) {
                small.segment().set(JAVA_BYTE, 7, (byte) 71);
                large.segment().set(JAVA_BYTE, 8, (byte) 81);
                assertThat(large.segment().get(JAVA_BYTE, 7)).isEqualTo((byte) 71);
                assertThat(small.segment().get(JAVA_BYTE, 8)).isEqualTo((byte) 81);
            }
        }
    }

    @Test
    void noCopyIsMadeOfWhatIsPinnedForWriting() throws Exception {
        disconnect();
        use(new StagingScript(folder.resolve("socket"), WINDOW, folder), FuseClientOptions.DEFAULTS);
        file(2, 2 * SLOT);
        try (DaxDevice.Pin part = dax.map(2, SLOT, SLOT, true)) {
            failsWith(Errno.EBUSY, () -> dax.map(2, 0, 2 * SLOT, false));
            assertThat(dax.slotsInUse()).isEqualTo(1);
            part.segment().set(JAVA_BYTE, 0, (byte) 42);
        }
        dax.map(2, 0, 2 * SLOT, false).close();
    }

    @Test
    void noPartOfWhatIsMappedForWritingIsPinnedAsACopy() throws Exception {
        disconnect();
        use(new StagingScript(folder.resolve("socket"), WINDOW, folder), FuseClientOptions.DEFAULTS);
        file(2, 3 * SLOT);
        try (DaxDevice.Pin last = dax.map(2, 2 * SLOT, SLOT, false)) {
            dax.map(2, SLOT, 2 * SLOT, false).close();
            failsWith(Errno.EBUSY, () -> dax.map(2, SLOT, 4096, true));
            assertThat(dax.slotsInUse()).isEqualTo(1);
            try (DaxDevice.Pin alone = dax.map(2, SLOT, 4096, true)) {
                alone.segment().set(JAVA_BYTE, 0, (byte) 42);
                failsWith(Errno.EBUSY, () -> dax.map(2, 2 * SLOT - 4096, 8192, true));
            }
            assertThat(last.segment().byteSize()).isEqualTo(SLOT);
        }
    }

    @Test
    void whatIsOnlyReadMayBeThereTwice() throws IOException {
        file(2, 2 * SLOT);
        dax.map(2, 0, 4096, false).close();
        dax.map(2, 0, 2 * SLOT, false).close();
        assertThat(device.removals).isZero();
        assertThat(dax.slotsInUse()).isEqualTo(3);
        dax.map(2, 0, 4096, true).close();
        assertThat(dax.slotsInUse()).isEqualTo(1);
    }

    @Test
    void whatIsMappedForWritingInPlaceDoesNotMakeRoomForItself() throws Exception {
        disconnect();
        use(
                new DaxScript(folder.resolve("socket"), WINDOW, folder) {
                    private boolean full = true;

                    @Override
                    byte @Nullable [] setUp(long node, long fileOffset, long length, long flags, long offset)
                            throws IOException {
                        refusal = Errno.ENOSPC;
                        if (full && (flags & 1) != 0) {
                            full = false;
                            return null;
                        }
                        return super.setUp(node, fileOffset, length, flags, offset);
                    }
                },
                FuseClientOptions.DEFAULTS);
        for (int node = 2; node < 6; node++) {
            file(node, 4096);
        }
        dax.map(2, 0, 4096, false).close();
        dax.map(3, 0, 4096, false).close();
        try (DaxDevice.Pin pin = dax.map(2, 0, 4096, true)) {
            for (int node = 3; node < 6; node++) {
                dax.map(node, 0, 4096, false).close();
            }
            assertThat(pin.segment().toArray(JAVA_BYTE)).isEqualTo(Files.readAllBytes(device.file(2)));
            assertThat(dax.slotsInUse()).isEqualTo(SLOTS);
        }
    }

    @Test
    void aLimitedInstanceOnlyCopies() throws Exception {
        disconnect();
        use(new DaxScript(folder.resolve("socket"), WINDOW, folder), FuseClientOptions.DEFAULTS.withPinnable(false));
        byte[] content = file(2, 5000);
        byte[] copy = new byte[5000];
        dax.copyOut(2, 0, MemorySegment.ofArray(copy));
        assertThat(copy).isEqualTo(content);
        assertThat(dax.pinnable()).isFalse();
        assertThatExceptionOfType(UnsupportedOperationException.class)
                .isThrownBy(() -> dax.map(2, 0, 10, false))
                .withMessageContaining("without pinning");
    }

    @Test
    void aFileThatShrinksUnderACopyIsAnErrorAndNoCrash() throws IOException {
        file(2, SLOT);
        dax.map(2, 0, SLOT, false).close();
        try (RandomAccessFile host = new RandomAccessFile(device.file(2).toFile(), "rw")) {
            host.setLength(4096);
        }
        failsWith(Errno.EIO, () -> dax.copyOut(2, 0, MemorySegment.ofArray(new byte[SLOT])));
    }

    @Test
    void aDeviceThatSaysItMappedAndDidNotIsFoundOut() throws Exception {
        disconnect();
        use(
                new DaxScript(folder.resolve("socket"), WINDOW, folder) {
                    @Override
                    byte @Nullable [] setUp(long node, long fileOffset, long length, long flags, long offset) {
                        return new byte[0];
                    }
                },
                FuseClientOptions.DEFAULTS);
        file(2, 5000);
        for (int i = 0; i < 2; i++) {
            failsWith(Errno.EIO, () -> dax.map(2, 0, 5000, false));
            failsWith(Errno.EIO, () -> dax.copyOut(2, 0, MemorySegment.ofArray(new byte[5000])));
        }
        assertThat(dax.slotsInUse()).isZero();
    }

    @Test
    void aPlaceThatTheDeviceTookAwayIsFoundOut() throws Exception {
        file(2, 5000);
        dax.map(2, 0, 5000, false).close();
        assertThat(device.ask(BackendRequest.SHMEM_UNMAP, 0, 0, 0, 8192, false)).isZero();
        failsWith(Errno.EIO, () -> dax.map(2, 0, 5000, false));
        dax.map(2, 0, 5000, false).close();
    }

    @Test
    void aDeviceThatMapsForReadingOnlyIsNotWrittenThrough() throws Exception {
        disconnect();
        use(
                new DaxScript(folder.resolve("socket"), WINDOW, folder) {
                    @Override
                    byte @Nullable [] setUp(long node, long fileOffset, long length, long flags, long offset)
                            throws IOException {
                        return super.setUp(node, fileOffset, length, 2, offset);
                    }
                },
                FuseClientOptions.DEFAULTS);
        file(2, 5000);
        failsWith(Errno.EACCES, () -> dax.map(2, 0, 5000, true));
        failsWith(Errno.EACCES, () -> dax.map(2, 0, 5000, true));
        try (DaxDevice.Pin pin = dax.map(2, 0, 5000, false)) {
            failsWith(Errno.EACCES, () -> dax.map(2, 0, 5000, true));
            failsWith(Errno.EACCES, () -> dax.map(2, 0, 5000, true));
            assertThat(pin.segment().toArray(JAVA_BYTE)).isEqualTo(Files.readAllBytes(device.file(2)));
        }
    }

    @Test
    void nonsenseOnTheBackEndChannelIsRefusedAndChangesNothing() throws IOException {
        byte[] content = file(2, 2 * SLOT);
        try (DaxDevice.Pin pin = dax.map(2, 0, 2L * SLOT, false)) {
            int fd = device.open(2, OpenFlags.O_RDWR);
            int directory = device.open(2, OpenFlags.O_RDONLY);
            long page = 4096;
            assertThat(device.ask(BackendRequest.SHMEM_MAP, 0, 0, WINDOW, page, true, fd))
                    .isEqualTo(1);
            assertThat(device.ask(BackendRequest.SHMEM_MAP, 0, 0, WINDOW - page, 2 * page, true, fd))
                    .isEqualTo(1);
            assertThat(device.ask(BackendRequest.SHMEM_MAP, 0, 0, 100, page, true, fd))
                    .isEqualTo(1);
            assertThat(device.ask(BackendRequest.SHMEM_MAP, 0, 0, 0, 100, true, fd))
                    .isEqualTo(1);
            assertThat(device.ask(BackendRequest.SHMEM_MAP, 0, 0, 0, 0, true, fd))
                    .isEqualTo(1);
            assertThat(device.ask(BackendRequest.SHMEM_MAP, 0, 0, 0, -page, true, fd))
                    .isEqualTo(1);
            assertThat(device.ask(BackendRequest.SHMEM_MAP, 0, Long.MAX_VALUE & -page, 0, page, true, fd))
                    .isEqualTo(1);
            assertThat(device.ask(BackendRequest.SHMEM_MAP, 0, 2L * SLOT, 0, page, true, fd))
                    .isEqualTo(1);
            assertThat(device.ask(BackendRequest.SHMEM_MAP, 1, 0, 0, page, true, fd))
                    .isEqualTo(1);
            assertThat(device.ask(BackendRequest.SHMEM_MAP, 0, 0, 0, page, true))
                    .isEqualTo(1);
            assertThat(device.ask(BackendRequest.SHMEM_MAP, 0, 0, 0, page, true, directory))
                    .isEqualTo(1);
            assertThat(device.ask(BackendRequest.SHMEM_UNMAP, 0, 0, 3L * SLOT, page, false))
                    .isEqualTo(1);
            assertThat(device.ask(BackendRequest.SHMEM_UNMAP, 0, 0, 0, WINDOW, false))
                    .isEqualTo(1);
            assertThat(device.ask(4711, 0, 0, 0, page, false)).isEqualTo(1);
            assertThat(pin.segment().toArray(JAVA_BYTE)).isEqualTo(content);
            assertThat(device.ask(BackendRequest.SHMEM_UNMAP, 0, 0, page, page, false))
                    .isZero();
            assertThat(pin.segment().get(JAVA_BYTE, page))
                    .as("a hole is zeros, no fault")
                    .isZero();
            FileCalls.close(fd);
            FileCalls.close(directory);
        }
    }

    @Test
    void memoryOfAClosedClientThrowsAndDoesNotCrash() throws IOException {
        file(2, 5000);
        MemorySegment segment;
        try (DaxDevice.Pin pin = dax.map(2, 0, 5000, false)) {
            segment = pin.segment();
        }
        client.close();
        assertThatExceptionOfType(IllegalStateException.class).isThrownBy(() -> segment.get(JAVA_BYTE, 0));
    }
}
