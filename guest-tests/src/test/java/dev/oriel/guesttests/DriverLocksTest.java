package dev.oriel.guesttests;

import static java.nio.file.StandardOpenOption.WRITE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.AsynchronousFileChannel;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.FileLockInterruptionException;
import java.nio.file.FileSystem;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Two clients of one share and a lock that one of them has: the other's waits end in each way that java.nio knows. */
@Timeout(60)
class DriverLocksTest {
    @SuppressWarnings("NullAway.Init") // by lock
    private DriverShare share;

    @SuppressWarnings("NullAway.Init") // by lock
    private FileSystem holder;

    @SuppressWarnings("NullAway.Init") // by lock
    private FileSystem other;

    @SuppressWarnings("NullAway.Init") // by lock
    private FileLock held;

    @BeforeEach
    void lock() throws Exception {
        share = DriverShare.serve(DriverSubject.BY_REQUEST, "--posix-lock");
        share.make("file", 10);
        holder = share.mount();
        other = share.mount();
        held = FileChannel.open(holder.getPath("/file"), WRITE).lock(0, 5, false);
    }

    @AfterEach
    void end() throws IOException {
        holder.close();
        other.close();
        share.close();
    }

    private FileChannel channel() throws IOException {
        return FileChannel.open(other.getPath("/file"), WRITE);
    }

    /** A thread that waits for a lock. */
    private static final class Waiting {
        final FutureTask<FileLock> lock;
        final Thread thread;

        Waiting(FileChannel channel) {
            lock = new FutureTask<>(() -> channel.lock(4, 1, false));
            thread = Thread.ofPlatform().daemon().start(lock);
            while (thread.getState() != Thread.State.TIMED_WAITING) {
                Thread.onSpinWait();
            }
        }
    }

    private static void endsWith(Class<? extends Throwable> kind, Future<?> lock) {
        assertThatExceptionOfType(ExecutionException.class)
                .isThrownBy(lock::get)
                .withCauseInstanceOf(kind);
    }

    @Test
    void aLockOfAnotherClientIsNotTakenUntilItIsReleased() throws Exception {
        try (FileChannel channel = channel()) {
            assertThat(channel.tryLock(4, 1, false)).isNull();
            assertThat(channel.tryLock(5, 1, false)).isNotNull();
            Waiting waiting = new Waiting(channel);
            held.release();
            assertThat(waiting.lock.get().isValid()).isTrue();
        }
    }

    @Test
    void aWaitEndsWhenItsChannelIsClosed() throws Exception {
        FileChannel channel = channel();
        Waiting waiting = new Waiting(channel);
        channel.close();
        endsWith(AsynchronousCloseException.class, waiting.lock);
    }

    @Test
    void aWaitEndsWhenItsThreadIsInterruptedAndTheRangeIsFreeAgain() throws Exception {
        try (FileChannel channel = channel()) {
            Waiting waiting = new Waiting(channel);
            waiting.thread.interrupt();
            endsWith(FileLockInterruptionException.class, waiting.lock);
            assertThat(channel.isOpen()).isTrue();
            held.release();
            assertThat(channel.tryLock(4, 1, false)).isNotNull();
        }
    }

    @Test
    void aWaitOnAnotherThreadEndsWhenItsChannelIsClosed() throws Exception {
        AsynchronousFileChannel channel = AsynchronousFileChannel.open(other.getPath("/file"), WRITE);
        Future<FileLock> lock = channel.lock(4, 1, false);
        channel.close();
        endsWith(AsynchronousCloseException.class, lock);
    }

    @Test
    void theLocksOfAClosedFileSystemAreGivenUp() throws Exception {
        holder.close();
        try (FileChannel channel = channel()) {
            assertThat(channel.tryLock(0, 10, false)).isNotNull();
        }
    }
}
