package dev.oriel.virtio.memory;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.oriel.linux.Errno;
import dev.oriel.virtio.testing.SharedMemory;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

class SharedMemoryWindowTest {
    private static final int SIZE = 1 << 16;

    @Test
    void nothingIsMappedIntoAWindowThatIsClosed() throws Exception {
        SharedMemoryWindow window = SharedMemoryWindow.reserve(SIZE);
        try (SharedMemory file = new SharedMemory(SIZE)) {
            assertThat(window.map(0, SIZE, file.fd(), 0)).isZero();
            window.close();
            assertThat(window.map(0, SIZE, file.fd(), 0)).isEqualTo(-Errno.ENXIO);
            assertThat(window.unmap(0, SIZE)).isEqualTo(-Errno.ENXIO);
            window.clear();
        }
    }

    @Test
    void aViewShowsTheWindowUntilItIsClosed() throws Exception {
        try (SharedMemoryWindow window = SharedMemoryWindow.reserve(SIZE);
                SharedMemory file = new SharedMemory(SIZE)) {
            SharedMemoryWindow view = window.view();
            MemorySegment seen = view.segment();
            file.memory().set(JAVA_BYTE, 7, (byte) 7);
            assertThat(window.map(0, SIZE, file.fd(), 0)).isZero();
            assertThat(view.isMapped(0, SIZE)).isTrue();
            assertThat(seen.get(JAVA_BYTE, 7)).isEqualTo((byte) 7);
            view.close();
            view.close();
            assertThatExceptionOfType(IllegalStateException.class).isThrownBy(() -> seen.get(JAVA_BYTE, 7));
            assertThat(window.segment().get(JAVA_BYTE, 7)).isEqualTo((byte) 7);
            assertThat(window.isMapped(0, SIZE)).isTrue();
        }
    }

    @Test
    void aPartOfADriversMemoryIsGivenBackOnceAndNotReadAfterwards() throws Exception {
        int[] released = new int[1];
        try (DriverMemory memory = DriverMemory.create(SIZE)) {
            DriverMemory part = memory.part(4096, 4096, () -> released[0]++);
            MemorySegment segment = part.segment();
            segment.set(JAVA_BYTE, 0, (byte) 3);
            part.close();
            part.close();
            assertThat(released[0]).isEqualTo(1);
            assertThatExceptionOfType(IllegalStateException.class).isThrownBy(() -> segment.get(JAVA_BYTE, 0));
            assertThat(memory.segment().get(JAVA_BYTE, 4096)).isEqualTo((byte) 3);
        }
    }

    /** A device that maps page by page must not take all the mappings that the process may have: the JVM needs some. */
    @Test
    void mappingsAreLimitedHoweverTheyAreMade() throws Exception {
        int page = 4096;
        long size = 0;
        try (SharedMemoryWindow probe = SharedMemoryWindow.reserve(page)) {
            assertThat(probe.mappingsMax()).isGreaterThan(10_000);
            size = 4L * page * probe.mappingsMax();
        }
        try (SharedMemoryWindow window = SharedMemoryWindow.reserve(size);
                SharedMemory file = new SharedMemory(page)) {
            int most = window.mappingsMax();
            for (long i = 0; i < most; i++) {
                assertThat(window.map(2 * i * page, page, file.fd(), 0)).isZero();
            }
            assertThat(window.map(2L * most * page, page, file.fd(), 0)).isEqualTo(-Errno.ENOMEM);
            assertThat(window.unmap(0, page)).isZero();
            assertThat(window.map(0, page, file.fd(), 0)).isZero();
        }
        try (SharedMemoryWindow window = SharedMemoryWindow.reserve(size);
                SharedMemory file = new SharedMemory(size)) {
            assertThat(window.map(0, size, file.fd(), 0)).isZero();
            long i = 0;
            int result = 0;
            while (result == 0) {
                result = window.unmap((2 * i + 1) * page, page);
                i++;
            }
            assertThat(result).isEqualTo(-Errno.ENOMEM);
            assertThat(i).isEqualTo(window.mappingsMax());
            window.clear();
            assertThat(window.mappedBytes()).isZero();
        }
    }
}
