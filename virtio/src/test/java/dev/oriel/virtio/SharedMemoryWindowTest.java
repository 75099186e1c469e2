package dev.oriel.virtio;

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
}
