package dev.oriel.linux;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class SmallPartsTest {
    @Test
    void errorsHaveNamesAndMessages() {
        assertThat(Errno.name(Errno.ENOENT)).isEqualTo("ENOENT");
        assertThat(Errno.message(Errno.ENOENT)).isEqualTo("No such file or directory");
        assertThat(Errno.name(Errno.EKEYREJECTED)).isEqualTo("EKEYREJECTED");
        assertThat(Errno.message(Errno.EHWPOISON)).isEqualTo("Memory page has hardware error");
        assertThat(Errno.name(0)).isEqualTo("errno 0");
        assertThat(Errno.name(41)).as("a gap in the numbers").isEqualTo("errno 41");
        assertThat(Errno.message(4711)).isEqualTo("Unknown error 4711");
        assertThat(Errno.name(-2)).isEqualTo("errno -2");
        assertThat(new LinuxException("open x", Errno.EACCES))
                .hasMessage("open x: Permission denied (EACCES)")
                .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.EACCES));
    }

    @Test
    void aResultIsPassedOnAndAnErrorThrown() throws LinuxException {
        assertThat(LinuxException.check(5, "x")).isEqualTo(5);
        assertThat(LinuxException.checkLong(1L << 40, "x")).isEqualTo(1L << 40);
        assertThatThrownBy(() -> LinuxException.check(-2, "x")).hasMessage("x: No such file or directory (ENOENT)");
    }

    @Test
    void stringsEndWithNul() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment string = CString.of("né", arena);
            assertThat(string.byteSize()).isEqualTo(4);
            assertThat(CString.length(string, 0, 4)).isEqualTo(3);
            assertThat(CString.length(string, 0, 3)).isEqualTo(-1);
            assertThat(CString.text(string)).isEqualTo("né");
            assertThat(CString.bytes(string, 1, 2)).isEqualTo("é".getBytes(UTF_8));
            assertThat(CString.of(new byte[0], arena).byteSize()).isEqualTo(1);
            assertThatThrownBy(() -> CString.of("a\0b", arena)).isInstanceOf(IllegalArgumentException.class);
            MemorySegment open = arena.allocate(2).fill((byte) 'x');
            assertThatThrownBy(() -> CString.text(open)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void pathsOfDescriptorsAreWrittenInDecimal() {
        ProcSelfFd own = new ProcSelfFd();
        for (int fd : new int[] {1234567, 0, 9, 10, 99, 100, Integer.MAX_VALUE}) {
            assertThat(CString.text(own.set(fd))).isEqualTo("/proc/self/fd/" + fd);
            assertThat(CString.text(ProcSelfFd.path(fd))).isEqualTo("/proc/self/fd/" + fd);
        }
        assertThatThrownBy(() -> own.set(-1)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aDescriptorIsClosedOnceAndOnlyByItsOwner() throws LinuxException {
        EventDescriptor event = EventDescriptor.create(0);
        Descriptor copy = new Descriptor(FileCalls.dup(event.number()));
        Descriptor second = copy.duplicate();
        int released = second.release();
        second.close();
        assertThat(FileCalls.fcntl(released, FcntlCommand.F_GETFD, 0)).isEqualTo(FcntlCommand.FD_CLOEXEC);
        assertThat(FileCalls.close(released)).isZero();
        copy.close();
        copy.close();
        assertThat(copy.isOpen()).isFalse();
        assertThat(copy).hasToString("closed descriptor");
        assertThatThrownBy(copy::number).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(second::release).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> new Descriptor(-1)).isInstanceOf(IllegalArgumentException.class);
        event.close();
    }

    @Test
    void descriptorsWaitInTheOrderOfTheirArrival() {
        DescriptorQueue queue = new DescriptorQueue(2);
        assertThat(queue.take()).isEqualTo(-1);
        assertThat(queue.add(1 << 20)).isTrue();
        assertThat(queue.add(2 << 20)).isTrue();
        assertThat(queue.add(3 << 20)).isFalse();
        assertThat(queue.take()).isEqualTo(1 << 20);
        assertThat(queue.add(3 << 20)).isTrue();
        assertThat(queue.room()).isZero();
        assertThat(queue.take()).isEqualTo(2 << 20);
        assertThat(queue.take()).isEqualTo(3 << 20);
        assertThat(queue.count()).isZero();
    }

    @Test
    void deviceNumbersAreComposedAsInC() {
        assertThat(FileMode.device(1, 3)).isEqualTo(0x103);
        assertThat(FileMode.device(0x12345678, 0x9abcdef0)).isEqualTo(0x12345_9abcde_678_f0L);
    }

    /** A JVM of its own, as the choice is made once for a process. */
    @Test
    void withoutNativeAccessTheMissingOptionIsNamed() throws Exception {
        Process java = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--illegal-native-access=deny",
                        "--module-path=" + classesOf(Errno.class),
                        "--patch-module=dev.oriel.linux=" + classesOf(FirstCall.class),
                        "--module=dev.oriel.linux/dev.oriel.linux.FirstCall")
                .redirectErrorStream(true)
                .start();
        String output = new String(java.getInputStream().readAllBytes(), UTF_8);
        assertThat(java.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(output).contains("Add the option --enable-native-access=dev.oriel.linux to the java command.");
        assertThat(java.exitValue()).isEqualTo(3);
    }

    /** The directory with the class files of this package that has the given one. */
    private static Path classesOf(Class<?> type) throws URISyntaxException {
        URL file = requireNonNull(type.getResource(type.getSimpleName() + ".class"));
        return Path.of(file.toURI()).resolve("../../../..").normalize();
    }
}
