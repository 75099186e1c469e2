package dev.oriel.virtio.ring;

import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.linux.IoVector;
import dev.oriel.linux.MappedMemory;
import dev.oriel.linux.MemoryCalls;
import dev.oriel.virtio.memory.GuestMemory;
import dev.oriel.virtio.memory.GuestMemoryTable;
import dev.oriel.virtio.memory.GuestRegion;
import dev.oriel.virtio.testing.SharedMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ChainBytesTest {
    private static final long PAGE = 4096;

    private final List<GuestRegion> regions = new ArrayList<>();

    @AfterEach
    void release() {
        regions.forEach(GuestRegion::close);
    }

    private GuestRegion region(long guestAddress, long size, long userAddress) throws Exception {
        MappedMemory mapping = MappedMemory.anonymous(size, MemoryCalls.PROT_READ | MemoryCalls.PROT_WRITE);
        GuestRegion region = new GuestRegion(guestAddress, size, userAddress, mapping, 0);
        regions.add(region);
        return region;
    }

    @Test
    void aBufferThatCrossesRegionsIsOneStream() throws Exception {
        GuestMemory memory = GuestMemory.EMPTY
                .with(region(0, PAGE, 0))
                .with(region(PAGE, PAGE, 0))
                .with(region(2 * PAGE, PAGE, 0));
        ChainBytes bytes = new ChainBytes();
        bytes.append(memory, PAGE - 8, PAGE + 16);
        assertThat(bytes.length()).isEqualTo(PAGE + 16);
        assertThat(bytes.pieceOf(0, 8)).isZero();
        assertThat(bytes.pieceOf(0, 9)).isEqualTo(-1);
        assertThat(bytes.pieceOf(8, PAGE)).isEqualTo(1);
        assertThat(bytes.pieceOf(PAGE + 8, 8)).isEqualTo(2);
        assertThat(bytes.pieceOf(PAGE + 8, 9)).isEqualTo(-1);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment source = arena.allocate(PAGE + 16);
            for (int i = 0; i < source.byteSize(); i++) {
                source.set(java.lang.foreign.ValueLayout.JAVA_BYTE, i, (byte) (i * 31));
            }
            bytes.copyFrom(0, source, 0, source.byteSize());
            MemorySegment target = arena.allocate(PAGE + 16);
            bytes.copyTo(0, target, 0, 5);
            bytes.copyTo(5, target, 5, target.byteSize() - 5);
            assertThat(target.mismatch(source)).isEqualTo(-1);
            IoVector vector = new IoVector(4);
            bytes.vector(4, PAGE + 8, vector);
            assertThat(vector.count()).isEqualTo(3);
            assertThat(vector.bytes()).isEqualTo(PAGE + 8);
            assertThat(vector.address(0)).isEqualTo(bytes.segment(0).address() + PAGE - 4);
            assertThat(vector.length(2)).isEqualTo(4);
        }
    }

    @Test
    void neighbouringBuffersBecomeOnePiece() throws Exception {
        GuestMemory memory = GuestMemory.EMPTY.with(region(0, 16 * PAGE, 0));
        ChainBytes bytes = new ChainBytes();
        for (int i = 0; i < 8; i++) {
            bytes.append(memory, i * PAGE, PAGE);
        }
        bytes.append(memory, 12 * PAGE, PAGE);
        assertThat(bytes.pieceOf(0, 8 * PAGE)).isZero();
        assertThat(bytes.pieceOf(8 * PAGE, PAGE)).isEqualTo(1);
        assertThat(bytes.segmentOffset(1, 8 * PAGE + 1)).isEqualTo(12 * PAGE + 1);
    }

    @Test
    void manySmallBuffersKeepTheirOrder() throws Exception {
        GuestMemory memory = GuestMemory.EMPTY.with(region(0, 64 * PAGE, 0));
        ChainBytes bytes = new ChainBytes();
        for (int i = 0; i < 60; i++) {
            bytes.append(memory, (60 - i) * PAGE, 16);
        }
        assertThat(bytes.length()).isEqualTo(60 * 16);
        for (int i = 0; i < 60; i++) {
            int piece = bytes.pieceOf(i * 16L, 16);
            assertThat(piece).isEqualTo(i);
            assertThat(bytes.segmentOffset(piece, i * 16L)).isEqualTo((60 - i) * PAGE);
        }
    }

    @ParameterizedTest
    @CsvSource({"0x1000, 1", "0x0fff, 2", "-1, 2", "-1, 1"})
    void aStreamEndsBeforeABufferOutsideMemory(String address, long length) throws Exception {
        GuestMemory memory = GuestMemory.EMPTY.with(region(0, PAGE, 0));
        ChainBytes bytes = new ChainBytes();
        bytes.append(memory, 16, 16);
        bytes.append(memory, Long.decode(address), length);
        bytes.append(memory, 64, 16);
        assertThat(bytes.cut()).isTrue();
        assertThat(bytes.length()).isEqualTo(16);
        assertThat(bytes.pieceOf(0, 16)).isZero();
    }

    @Test
    void aStreamTellsWhereAWindowBegins() throws Exception {
        try (GuestMemoryTable table = new GuestMemoryTable();
                SharedMemory shared = new SharedMemory(4 * PAGE)) {
            table.add(shared.region(0, PAGE, 0, 0));
            table.add(shared.window(PAGE, PAGE, PAGE, PAGE));
            ChainBytes bytes = new ChainBytes();
            bytes.clear();
            bytes.append(table.current(), 0, 16);
            assertThat(bytes.ownLength()).isEqualTo(16);
            bytes.append(table.current(), PAGE - 8, 16);
            bytes.append(table.current(), 0, 16);
            assertThat(bytes.ownLength()).isEqualTo(24);
            assertThat(bytes.length()).isEqualTo(48);
            // and a buffer that is left out leaves no trace
            bytes.clear();
            bytes.append(table.current(), 2 * PAGE - 8, 16);
            assertThat(bytes.cut()).isTrue();
            assertThat(bytes.ownLength()).isZero();
            bytes.clear();
            bytes.append(table.current(), 0, 16);
            assertThat(bytes.ownLength()).isEqualTo(16);
        }
    }
}
