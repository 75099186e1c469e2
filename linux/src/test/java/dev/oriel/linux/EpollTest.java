package dev.oriel.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EpollTest {
    @Test
    void everySignalIsAnEventThoughNobodyReadsTheCounter() throws LinuxException {
        try (Epoll epoll = new Epoll();
                EventDescriptor event = EventDescriptor.create(EventDescriptor.EFD_NONBLOCK)) {
            assertThat(epoll.add(event.number())).isZero();
            assertThat(epoll.await(0)).isZero();
            for (int i = 0; i < 3; i++) {
                event.signal();
                assertThat(epoll.await(0)).isOne();
                assertThat(epoll.await(0)).isZero();
            }
        }
    }

    @Test
    void whatWasSignalledBeforeIsAnEvent() throws LinuxException {
        try (Epoll epoll = new Epoll();
                EventDescriptor event = EventDescriptor.create(EventDescriptor.EFD_NONBLOCK)) {
            event.signal();
            assertThat(epoll.add(event.number())).isZero();
            assertThat(epoll.await(0)).isOne();
        }
    }

    @Test
    void bothOfTwoAreWaitedFor() throws LinuxException {
        try (Epoll epoll = new Epoll();
                EventDescriptor one = EventDescriptor.create(EventDescriptor.EFD_NONBLOCK);
                EventDescriptor other = EventDescriptor.create(EventDescriptor.EFD_NONBLOCK)) {
            assertThat(epoll.add(one.number())).isZero();
            assertThat(epoll.add(other.number())).isZero();
            one.signal();
            other.signal();
            assertThat(epoll.await(Epoll.FOREVER)).isEqualTo(2);
        }
    }

    @Test
    void aWaitEndsAfterItsTimeOrWithASignal() throws LinuxException {
        try (Epoll epoll = new Epoll();
                EventDescriptor event = EventDescriptor.create(EventDescriptor.EFD_NONBLOCK)) {
            assertThat(epoll.add(event.number())).isZero();
            assertThat(epoll.await(1)).isZero();
            long begin = System.nanoTime();
            assertThat(epoll.await(2_000_000)).isZero();
            assertThat(System.nanoTime() - begin).isGreaterThanOrEqualTo(2_000_000);
            event.signal();
            assertThat(epoll.await(60_000_000_000L)).isOne();
        }
    }

    /** Somebody else may have the same eventfd open. */
    @Test
    void whatIsRemovedIsHeardNoMore() throws LinuxException {
        try (Epoll epoll = new Epoll();
                EventDescriptor event = EventDescriptor.create(EventDescriptor.EFD_NONBLOCK)) {
            int same = FileCalls.fcntl(event.number(), FcntlCommand.F_DUPFD_CLOEXEC, 0);
            assertThat(epoll.add(same)).isZero();
            assertThat(epoll.remove(same)).isZero();
            FileCalls.close(same);
            event.signal();
            assertThat(epoll.await(0)).isZero();
        }
    }

    @Test
    void aPlainFileCannotBeWaitedFor(@TempDir Path directory) throws Exception {
        Path file = Files.createFile(directory.resolve("file"));
        try (Epoll epoll = new Epoll();
                Arena arena = Arena.ofConfined()) {
            int fd = FileCalls.openat(At.AT_FDCWD, arena.allocateFrom(file.toString()), OpenFlags.O_RDONLY, 0);
            assertThat(epoll.add(fd)).isEqualTo(-Errno.EPERM);
            FileCalls.close(fd);
        }
    }
}
