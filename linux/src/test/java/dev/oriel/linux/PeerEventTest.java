package dev.oriel.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** An event whose other owner may do with it what it likes. */
@Timeout(60)
class PeerEventTest {
    private EventDescriptor theirs;
    private PeerEvent ours;

    @BeforeEach
    void open() throws LinuxException {
        theirs = EventDescriptor.create(0);
        ours = new PeerEvent(new Descriptor(LinuxException.check(FileCalls.dup(theirs.number()), "dup")));
    }

    @AfterEach
    void close() {
        ours.close();
        theirs.close();
    }

    private void fill() {
        EventDescriptor.take(theirs.number());
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment most = arena.allocateFrom(JAVA_LONG, -2);
            assertThat(FileCalls.write(theirs.number(), most, Long.BYTES)).isEqualTo(Long.BYTES);
        }
    }

    /** A thread that signals, and waits in the kernel, or is about to. */
    private Thread waiting() {
        fill();
        return Thread.ofPlatform().daemon().start(ours::signal);
    }

    @Test
    void aSignalArrives() {
        assertThat(ours.signal()).isTrue();
        assertThat(ours.signalInTime()).isTrue();
        assertThat(EventDescriptor.take(theirs.number())).isEqualTo(2);
        assertThat(EventDescriptor.take(theirs.number())).isEqualTo(-Errno.EAGAIN);
    }

    @Test
    void manyThreadsLoseNoSignal() throws Exception {
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            threads.add(Thread.ofPlatform().start(() -> {
                for (int n = 0; n < 1000; n++) {
                    ours.signal();
                    ours.release();
                }
            }));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(EventDescriptor.take(theirs.number())).isPositive();
    }

    @Test
    void whoMustNotWaitDoesNotForLong() {
        fill();
        assertThat(ours.signalInTime()).isTrue();
        assertThat(EventDescriptor.take(theirs.number())).isPositive();
    }

    @Test
    void whatWaitsIsReleasedAndTheSignalIsThere() throws Exception {
        Thread waiting = waiting();
        while (waiting.isAlive()) {
            ours.release();
        }
        assertThat(EventDescriptor.take(theirs.number())).isPositive();
    }

    @Test
    void closingLetsWhatWaitsGo() throws Exception {
        Thread waiting = waiting();
        ours.close();
        waiting.join();
        assertThat(ours.signal()).isFalse();
        assertThat(ours.signalInTime()).isFalse();
    }

    /** As user-mode Linux does; though it fills the socket, and lets it wait. */
    @Test
    void aSocketIsSignalledWithoutWaiting() throws LinuxException {
        int[] numbers = new int[2];
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment pair = arena.allocate(2L * Integer.BYTES, Integer.BYTES);
            assertThat(SocketCalls.socketpair(pair)).isZero();
            numbers[0] = pair.getAtIndex(JAVA_INT, 0);
            numbers[1] = pair.getAtIndex(JAVA_INT, 1);
            try (PeerEvent event = new PeerEvent(new Descriptor(numbers[0]))) {
                for (int i = 0; i < 100_000; i++) {
                    assertThat(event.signal()).isTrue();
                }
            }
            MemorySegment first = arena.allocate(Long.BYTES, Long.BYTES);
            assertThat(Transfers.read(numbers[1], first, Long.BYTES)).isEqualTo(Long.BYTES);
        }
        FileCalls.close(numbers[1]);
    }
}
