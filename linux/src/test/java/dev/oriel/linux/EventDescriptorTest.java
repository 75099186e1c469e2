package dev.oriel.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class EventDescriptorTest {
    @ParameterizedTest
    @ValueSource(ints = {0, EventDescriptor.EFD_NONBLOCK})
    void aWaiterIsWokenBySignals(int flags) throws Exception {
        try (EventDescriptor event = EventDescriptor.create(flags);
                var threads = Executors.newSingleThreadExecutor()) {
            var waiting = threads.submit(() -> event.await());
            assertThat(event.signal()).isZero();
            assertThat(waiting.get(30, TimeUnit.SECONDS)).isEqualTo(1);
            event.signal();
            event.signal();
            assertThat(event.await()).isEqualTo(2);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, EventDescriptor.EFD_NONBLOCK})
    void drainingNeverWaits(int flags) throws LinuxException {
        try (EventDescriptor event = EventDescriptor.create(flags)) {
            assertThat(event.drain()).isZero();
            event.signal();
            assertThat(event.drain()).isEqualTo(1);
            assertThat(event.drain()).isZero();
        }
    }

    @Test
    void anEmptyNonBlockingCounterAnswersAgain() throws LinuxException {
        try (EventDescriptor event = EventDescriptor.create(EventDescriptor.EFD_NONBLOCK)) {
            assertThat(EventDescriptor.read(event.number())).isEqualTo(-Errno.EAGAIN);
            for (int i = 0; i < 10; i++) {
                assertThat(EventDescriptor.signal(event.number())).isZero();
            }
            assertThat(EventDescriptor.read(event.number())).isEqualTo(10);
        }
    }

    @Test
    void whatIsNoEventDescriptorAnswersAnError() throws LinuxException {
        assertThat(EventDescriptor.signal(-1)).isEqualTo(-Errno.EBADF);
        assertThat(EventDescriptor.await(-1)).isEqualTo(-Errno.EBADF);
        try (UnixSocket.Pair pair = UnixSocket.pair()) {
            var two = Arena.ofAuto().allocate(2);
            pair.first().send(two, 0, 2, new int[0], 0);
            assertThat(EventDescriptor.read(pair.second().number())).isEqualTo(-Errno.EIO);
        }
    }

    @Test
    void pollTellsWhichDescriptorIsReady() throws LinuxException {
        Poll poll = new Poll(3);
        try (EventDescriptor quiet =
                        EventDescriptor.adopt(EventDescriptor.create(0).number());
                UnixSocket.Pair pair = UnixSocket.pair()) {
            poll.set(0, quiet.number(), Poll.POLLIN);
            poll.set(2, pair.first().number(), Poll.POLLIN);
            assertThat(poll.await(0)).isZero();
            pair.second().close();
            assertThat(poll.await(Poll.FOREVER)).isEqualTo(1);
            assertThat(poll.events(0)).isZero();
            assertThat(poll.events(1)).isZero();
            assertThat(poll.events(2)).isEqualTo(Poll.POLLIN | Poll.POLLHUP);
            quiet.signal();
            poll.set(2, -1, 0);
            assertThat(poll.await(1000)).isEqualTo(1);
            assertThat(poll.events(0)).isEqualTo(Poll.POLLIN);
        }
        poll.set(0, 1 << 20, Poll.POLLIN);
        assertThat(poll.await(0)).isEqualTo(1);
        assertThat(poll.events(0)).isEqualTo(Poll.POLLNVAL);
    }
}
