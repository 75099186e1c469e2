package dev.oriel.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class MemoryTest {
    private static final int READ_WRITE = MemoryCalls.PROT_READ | MemoryCalls.PROT_WRITE;

    private static Descriptor memoryFile(long size) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            Descriptor file = new Descriptor(LinuxException.check(
                    MemoryCalls.memfd_create(CString.of("test", arena), MemoryCalls.MFD_ALLOW_SEALING), "memfd"));
            assertThat(FileCalls.ftruncate(file.number(), size)).isZero();
            return file;
        }
    }

    private static boolean isMapped(long address) throws IOException {
        return Files.readAllLines(Path.of("/proc/self/maps")).stream()
                .anyMatch(line -> line.startsWith(Long.toHexString(address) + "-"));
    }

    @Test
    void twoMappingsOfAFileShowTheSameMemory() throws IOException {
        int page = MemoryCalls.pageSize();
        try (Descriptor file = memoryFile(3L * page);
                MappedMemory whole = MappedMemory.ofFile(file.number(), 0, 3L * page, READ_WRITE);
                MappedMemory last = MappedMemory.ofFile(file.number(), 2L * page, page, MemoryCalls.PROT_READ)) {
            whole.segment().set(JAVA_BYTE, 2L * page + 5, (byte) 42);
            assertThat(last.segment().get(JAVA_BYTE, 5)).isEqualTo((byte) 42);
            assertThat(last.size()).isEqualTo(page);
            assertThat(MemoryCalls.madvise(whole.address(), 3L * page, MemoryCalls.MADV_REMOVE))
                    .isZero();
            assertThat(last.segment().get(JAVA_BYTE, 5)).isZero();
            assertThatThrownBy(() -> last.segment().get(JAVA_BYTE, page)).isInstanceOf(IndexOutOfBoundsException.class);
        }
    }

    @Test
    void useAfterCloseThrowsInsteadOfCrashing() throws IOException {
        MappedMemory memory = MappedMemory.anonymous(1 << 20, READ_WRITE);
        MemorySegment segment = memory.segment();
        segment.set(JAVA_BYTE, 77, (byte) 1);
        assertThat(isMapped(memory.address())).isTrue();
        memory.close();
        memory.close();
        assertThat(isMapped(segment.address())).isFalse();
        assertThatThrownBy(() -> segment.get(JAVA_BYTE, 77)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> NameCalls.getdents64(0, segment, 1)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void mappingsThatCannotBeAreExplained() throws IOException {
        assertThatThrownBy(() -> MappedMemory.ofFile(-1, 0, 4096, READ_WRITE))
                .hasMessage("map 4096 bytes of a file at 0: Bad file descriptor (EBADF)");
        assertThatThrownBy(() -> MappedMemory.anonymous(0, READ_WRITE)).hasMessageContaining("EINVAL");
        assertThatThrownBy(() -> MappedMemory.anonymous(-4096, READ_WRITE)).hasMessageContaining("EINVAL");
        assertThatThrownBy(() -> MappedMemory.anonymous(Long.MAX_VALUE, READ_WRITE))
                .hasMessageContaining("ENOMEM");
        try (Descriptor file = memoryFile(4096)) {
            assertThatThrownBy(() -> MappedMemory.ofFile(file.number(), 1, 4096, READ_WRITE))
                    .hasMessageContaining("EINVAL");
        }
    }

    @Test
    void aSealedFileCannotShrink() throws IOException {
        try (Descriptor file = memoryFile(8192)) {
            assertThat(MemoryCalls.getSeals(file.number())).isZero();
            assertThat(MemoryCalls.addSeals(file.number(), MemoryCalls.F_SEAL_SHRINK))
                    .isZero();
            assertThat(MemoryCalls.getSeals(file.number())).isEqualTo(MemoryCalls.F_SEAL_SHRINK);
            assertThat(FileCalls.ftruncate(file.number(), 4096)).isEqualTo(-Errno.EPERM);
        }
        try (EventDescriptor event = EventDescriptor.create(0)) {
            assertThat(MemoryCalls.getSeals(event.number())).isEqualTo(-Errno.EINVAL);
        }
    }

    @Test
    void aFixedMappingReplacesWhatWasThere() throws IOException {
        int page = MemoryCalls.pageSize();
        try (Descriptor file = memoryFile(page);
                MappedMemory window = MappedMemory.anonymous(4L * page, READ_WRITE);
                MappedMemory view = MappedMemory.ofFile(file.number(), 0, page, READ_WRITE)) {
            view.segment().set(JAVA_BYTE, 0, (byte) 7);
            long place = window.address() + page;
            int flags = MemoryCalls.MAP_SHARED | MemoryCalls.MAP_FIXED;
            assertThat(MemoryCalls.mmap(place, page, READ_WRITE, flags, file.number(), 0))
                    .isEqualTo(place);
            assertThat(window.segment().get(JAVA_BYTE, page)).isEqualTo((byte) 7);
            assertThat(MemoryCalls.mmap(
                            place,
                            page,
                            READ_WRITE,
                            MemoryCalls.MAP_SHARED | MemoryCalls.MAP_FIXED_NOREPLACE,
                            file.number(),
                            0))
                    .isEqualTo(-Errno.EEXIST);
        }
    }
}
