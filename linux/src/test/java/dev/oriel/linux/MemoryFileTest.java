package dev.oriel.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.lang.foreign.Arena;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MemoryFileTest {
    @TempDir
    Path folder;

    private static Descriptor open(Path file, int flags) throws LinuxException {
        try (Arena arena = Arena.ofConfined()) {
            return new Descriptor(LinuxException.check(
                    FileCalls.openat(At.AT_FDCWD, CString.of(file.toString(), arena), flags, 0600), "open " + file));
        }
    }

    private static Descriptor memfd() throws LinuxException {
        try (Arena arena = Arena.ofConfined()) {
            return new Descriptor(LinuxException.check(
                    MemoryCalls.memfd_create(CString.of("test", arena), MemoryCalls.MFD_ALLOW_SEALING), "memfd"));
        }
    }

    @Test
    void memoryAndFilesOfLocalDisksAreSuitable() throws Exception {
        try (Descriptor memfd = memfd();
                Descriptor shared = open(Path.of("/dev/shm"), OpenFlags.O_TMPFILE | OpenFlags.O_RDWR);
                Descriptor file = open(folder.resolve("memory"), OpenFlags.O_CREAT | OpenFlags.O_RDWR)) {
            assertThat(MemoryFile.unsuitable(memfd.number())).isNull();
            assertThat(MemoryFile.unsuitable(shared.number())).isNull();
            assertThat(MemoryFile.unsuitable(file.number())).isNull();
        }
    }

    @Test
    void aFileThatWasUnlinkedIsSuitable() throws Exception {
        Path name = folder.resolve("memory");
        try (Descriptor file = open(name, OpenFlags.O_CREAT | OpenFlags.O_RDWR)) {
            java.nio.file.Files.delete(name);
            assertThat(MemoryFile.unsuitable(file.number())).isNull();
        }
    }

    /** As a virtual machine's memory is to a server in a sandbox. */
    @Test
    void aFileOfALocalDiskIsSuitableInWhateverMountNamespaceItWasOpened() throws Exception {
        Path file = java.nio.file.Files.createFile(folder.resolve("memory"));
        Process elsewhere = new ProcessBuilder("unshare", "--mount", "--map-root-user", "cat").start();
        try {
            Path own = java.nio.file.Files.readSymbolicLink(Path.of("/proc/self/ns/mnt"));
            Path other = Path.of("/proc/" + elsewhere.pid() + "/ns/mnt");
            while (elsewhere.isAlive()
                    && java.nio.file.Files.readSymbolicLink(other).equals(own)) {
                Thread.onSpinWait();
            }
            assumeThat(elsewhere.isAlive()).as("this host has mount namespaces").isTrue();
            try (Descriptor there = open(Path.of("/proc/" + elsewhere.pid() + "/root" + file), OpenFlags.O_RDWR)) {
                assertThat(MemoryFile.unsuitable(there.number())).isNull();
            }
        } finally {
            elsewhere.destroy();
        }
    }

    @Test
    void anotherFileSystemIsRefusedByItsName() throws Exception {
        try (Descriptor file = open(Path.of("/proc/self/status"), OpenFlags.O_RDONLY)) {
            assertThat(MemoryFile.unsuitable(file.number())).contains("/proc of type proc", "memory-backend-memfd");
        }
    }

    @Test
    void whatIsMountedNowhereIsRefused() throws Exception {
        try (EventDescriptor event = EventDescriptor.create(0)) {
            assertThat(MemoryFile.unsuitable(event.number())).contains("no file system that is mounted here");
        }
        assertThat(MemoryFile.unsuitable(1 << 20)).contains("/proc/self/fdinfo");
    }

    @Test
    void aFileIsKnownAgainByAnotherDescriptor() throws Exception {
        try (Descriptor first = open(folder.resolve("first"), OpenFlags.O_CREAT | OpenFlags.O_RDWR);
                Descriptor again = open(folder.resolve("first"), OpenFlags.O_RDONLY);
                Descriptor other = open(folder.resolve("second"), OpenFlags.O_CREAT | OpenFlags.O_RDWR)) {
            assertThat(MemoryFile.identity(first.number()))
                    .isNotNull()
                    .isEqualTo(MemoryFile.identity(again.number()))
                    .isNotEqualTo(MemoryFile.identity(other.number()));
        }
    }
}
