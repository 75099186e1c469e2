package dev.oriel.vhostuser;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.linux.Connection;
import dev.oriel.linux.Descriptor;
import dev.oriel.linux.DescriptorQueue;
import dev.oriel.linux.Errno;
import dev.oriel.linux.EventDescriptor;
import dev.oriel.linux.FileCalls;
import dev.oriel.linux.LinuxException;
import dev.oriel.linux.UnixSocket;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the back-end asks of a front-end that may refuse, be slow, lie or die. */
@Timeout(60)
class BackendChannelTest {
    private static final int MESSAGE = 52;
    private static final int ACKNOWLEDGED = 0;

    private final AtomicReference<Thread> deviceThread = new AtomicReference<>();
    private final ExecutorService device = Executors.newSingleThreadExecutor(work -> {
        Thread thread = new Thread(work);
        deviceThread.set(thread);
        return thread;
    });
    private final Arena arena = Arena.ofShared();
    private final MemorySegment bytes = arena.allocate(64, 8);
    private final DescriptorQueue descriptors = new DescriptorQueue(2);
    private EventDescriptor file;
    private Connection frontEnd;
    private Connection backEnd;
    private BackendChannel channel;

    @BeforeEach
    void connect() throws Exception {
        file = EventDescriptor.create(0);
        UnixSocket.Pair ends = UnixSocket.pair();
        frontEnd = ends.first();
        Descriptor end =
                new Descriptor(LinuxException.check(FileCalls.dup(ends.second().number()), "duplicate"));
        backEnd = ends.second();
        channel = new BackendChannel("test", end, 0, 1 << 20, 4, true);
    }

    @AfterEach
    void close() {
        device.close();
        channel.close();
        frontEnd.close();
        backEnd.close();
        descriptors.close();
        file.close();
        arena.close();
    }

    private CompletableFuture<Integer> ask(IntSupplier request) {
        return CompletableFuture.supplyAsync(request::getAsInt, device);
    }

    private CompletableFuture<Integer> map(long offset, long length) {
        return ask(() -> channel.map(offset, length, file.number(), 8192));
    }

    /** The next request as the front-end gets it. */
    private int received() {
        int have = 0;
        while (have < MESSAGE) {
            int count = frontEnd.receive(bytes, have, MESSAGE - have, descriptors);
            assertThat(count).isPositive();
            have += count;
        }
        assertThat(bytes.get(JAVA_INT, 4)).as("version 1, reply wanted").isEqualTo(9);
        assertThat(bytes.get(JAVA_INT, 8)).isEqualTo(40);
        return bytes.get(JAVA_INT, 0);
    }

    private void answer(int flags, int size, long value) {
        MemorySegment reply = arena.allocate(20, 8);
        reply.set(JAVA_INT, 0, 9);
        reply.set(JAVA_INT, 4, flags);
        reply.set(JAVA_INT, 8, size);
        reply.set(JAVA_LONG_UNALIGNED, 12, value);
        assertThat(frontEnd.send(reply, 0, 20, new int[0], 0)).isNotNegative();
    }

    private void answer(long value) {
        answer(5, 8, value);
    }

    /** Until the device waits for memory of the guest to change, or has its answer. */
    private void awaitWaitForMemory(CompletableFuture<Integer> asked) {
        Thread thread = Objects.requireNonNull(deviceThread.get());
        while (!asked.isDone() && !isWaitingForMemory(thread)) {
            Thread.onSpinWait();
        }
    }

    private static boolean isWaitingForMemory(Thread thread) {
        return Arrays.stream(thread.getStackTrace())
                        .anyMatch(frame -> frame.getMethodName().equals("awaitArrival"))
                && thread.getState() == Thread.State.TIMED_WAITING;
    }

    private void fillTheSocket() {
        while (backEnd.send(bytes, 0, MESSAGE, new int[0], 0, 0) > 0) {
            // until the front-end would have to read
        }
    }

    @Test
    void aFrontEndThatReadsNothingHoldsNobodyUpWhenItGoes() throws Exception {
        channel.resume();
        fillTheSocket();
        CompletableFuture<Integer> mapping = map(0, 4096);
        Thread thread = deviceThread.get();
        while (thread == null
                || Arrays.stream(thread.getStackTrace())
                        .noneMatch(frame -> frame.getMethodName().equals("send"))) {
            thread = deviceThread.get();
        }
        channel.interrupt();
        assertThat(mapping.get()).isEqualTo(-Errno.EINTR);
    }

    @Test
    void itKnowsAFileAgainThatIsInTheWindow() throws Exception {
        channel.resume();
        CompletableFuture<Integer> mapping = map(4096, 4096);
        received();
        int same = descriptors.take();
        assertThat(channel.shows(same)).isTrue();
        assertThat(channel.shows(frontEnd.number())).isFalse();
        answer(ACKNOWLEDGED);
        channel.memoryChanged(4096);
        assertThat(mapping.get()).isZero();
        CompletableFuture<Integer> unmapping = ask(() -> channel.unmap(4096, 4096));
        received();
        answer(ACKNOWLEDGED);
        assertThat(unmapping.get()).isZero();
        assertThat(channel.shows(same)).isFalse();
        FileCalls.close(same);
    }

    @Test
    void aMappingIsDoneWhenItHasBecomeMemoryOfTheGuestNotBefore() throws Exception {
        channel.resume();
        CompletableFuture<Integer> mapping = map(4096, 8192);
        assertThat(received()).isEqualTo(9);
        assertThat(bytes.get(JAVA_LONG_UNALIGNED, 12 + 8)).as("file offset").isEqualTo(8192);
        assertThat(bytes.get(JAVA_LONG_UNALIGNED, 12 + 16)).as("window offset").isEqualTo(4096);
        assertThat(bytes.get(JAVA_LONG_UNALIGNED, 12 + 24)).as("length").isEqualTo(8192);
        assertThat(descriptors.count()).isEqualTo(1);
        answer(ACKNOWLEDGED);
        awaitWaitForMemory(mapping);
        assertThat(mapping).as("acknowledged").isNotDone();
        channel.memoryChanged(4096);
        awaitWaitForMemory(mapping);
        assertThat(mapping).as("other memory of the guest").isNotDone();
        channel.memoryChanged(8192);
        assertThat(mapping.get()).isZero();

        CompletableFuture<Integer> taken = ask(() -> channel.unmap(4096, 8192));
        assertThat(received()).isEqualTo(10);
        answer(ACKNOWLEDGED);
        assertThat(taken.get()).isZero();
    }

    @Test
    void aRefusalIsAnErrorAndTheNextRequestGoesThrough() throws Exception {
        channel.resume();
        CompletableFuture<Integer> refused = map(0, 4096);
        received();
        answer(1);
        assertThat(refused.get()).isEqualTo(-Errno.EIO);
        CompletableFuture<Integer> next = ask(() -> channel.unmap(0, 4096));
        received();
        answer(ACKNOWLEDGED);
        assertThat(next.get()).isZero();
    }

    @Test
    void nothingIsAskedBeforeAQueueRuns() {
        assertThat(channel.map(0, 4096, file.number(), 0)).isEqualTo(-Errno.EINTR);
        channel.resume();
        channel.interrupt();
        assertThat(channel.unmap(0, 4096)).isEqualTo(-Errno.EINTR);
    }

    @Test
    void aQueueThatComesToRestEndsTheWaitAndALateAnswerIsNotTakenForAnother() throws Exception {
        channel.resume();
        CompletableFuture<Integer> waiting = map(0, 4096);
        received();
        channel.interrupt();
        assertThat(waiting.get()).isEqualTo(-Errno.EINTR);

        channel.resume();
        answer(ACKNOWLEDGED);
        CompletableFuture<Integer> next = ask(() -> channel.unmap(8192, 4096));
        received();
        answer(1);
        assertThat(next.get()).as("the answer to the unmap").isEqualTo(-Errno.EIO);
    }

    @Test
    void theWaitForTheGuestsMemoryEndsToo() throws Exception {
        channel.resume();
        CompletableFuture<Integer> waiting = map(0, 4096);
        received();
        answer(ACKNOWLEDGED);
        awaitWaitForMemory(waiting);
        channel.interrupt();
        assertThat(waiting.get()).isEqualTo(-Errno.EINTR);
    }

    @Test
    void anAnswerThatIsNoneLosesTheWindowOnly() throws Exception {
        channel.resume();
        CompletableFuture<Integer> asked = map(0, 4096);
        received();
        answer(1, 8, ACKNOWLEDGED);
        assertThat(asked.get()).isEqualTo(-Errno.EIO);
        assertThat(channel.unmap(0, 4096)).as("nobody waits any more").isEqualTo(-Errno.EIO);
    }

    @Test
    void aFrontEndThatDiesIsAnError() throws Exception {
        channel.resume();
        CompletableFuture<Integer> asked = map(0, 4096);
        received();
        frontEnd.close();
        assertThat(asked.get()).isEqualTo(-Errno.EIO);
        assertThat(channel.map(0, 4096, file.number(), 0)).isEqualTo(-Errno.EIO);
    }
}
