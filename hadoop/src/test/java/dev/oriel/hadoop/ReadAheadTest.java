package dev.oriel.hadoop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.PositionedReadable;
import org.apache.hadoop.fs.Seekable;
import org.junit.jupiter.api.Test;

/** What whoever reads a file of a cluster relies on, wherever it reads. */
class ReadAheadTest {
    private static final int BLOCK = 1 << 20;
    private static final int REQUEST = 128 << 10;

    private final byte[] content = content();
    private final Bytes bytes = new Bytes(content);
    private final FSDataInputStream in = new FSDataInputStream(bytes);

    private Semaphore places = new Semaphore(1);

    /** What threads are to do. */
    private final Queue<Runnable> waiting = new ConcurrentLinkedQueue<>();

    private static byte[] content() {
        byte[] content = new byte[7 * BLOCK + 12_345];
        new Random(1).nextBytes(content);
        return content;
    }

    /** A file of a cluster that counts what is read of it in order. */
    private static final class Bytes extends ByteArrayInputStream implements Seekable, PositionedReadable {
        int inOrder;
        boolean isLost;
        boolean isOfOnePosition;
        boolean isClosed;

        Bytes(byte[] content) {
            super(content);
        }

        @Override
        public void seek(long position) {
            pos = (int) position;
        }

        @Override
        public long getPos() {
            return pos;
        }

        @Override
        public boolean seekToNewSource(long target) {
            return false;
        }

        @Override
        public synchronized int read(byte[] into, int offset, int length) {
            if (isLost) {
                throw new IllegalStateException("lost");
            }
            int count = super.read(into, offset, length);
            inOrder += Math.max(0, count);
            return count;
        }

        @Override
        public int read(long position, byte[] into, int offset, int length) {
            if (isOfOnePosition) {
                long before = getPos();
                seek(position);
                int count = super.read(into, offset, length);
                seek(before);
                return count;
            }
            int count = (int) Math.min(length, buf.length - position);
            System.arraycopy(buf, (int) position, into, offset, Math.max(0, count));
            return count <= 0 ? -1 : count;
        }

        @Override
        public void readFully(long position, byte[] into, int offset, int length) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void readFully(long position, byte[] into) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void close() throws IOException {
            isClosed = true;
            super.close();
        }
    }

    private ReadAhead readAhead(Executor readers) {
        places = new Semaphore(1);
        return new ReadAhead(places, readers);
    }

    private byte[] read(ReadAhead ahead, int offset, int length) throws IOException {
        ByteBuffer to = ByteBuffer.allocate(length);
        int count = ahead.read(in, content.length, offset, to, new byte[length]);
        assertThat(to.position()).isEqualTo(count);
        return Arrays.copyOf(to.array(), count);
    }

    private byte[] expected(int offset, int length) {
        return Arrays.copyOfRange(content, offset, Math.min(content.length, offset + length));
    }

    @Test
    void whatIsReadInOrderIsReadOfTheFileOnce() throws IOException {
        ReadAhead ahead = readAhead(Runnable::run);
        for (int at = 0; at < content.length; at += REQUEST) {
            assertThat(read(ahead, at, REQUEST)).isEqualTo(expected(at, REQUEST));
        }
        assertThat(bytes.inOrder).isEqualTo(content.length);
    }

    @Test
    void requestsThatComeALittleOutOfOrderReadNothingTwice() throws IOException {
        ReadAhead ahead = readAhead(Runnable::run);
        for (int at = 0; at + 2 * REQUEST <= content.length; at += 2 * REQUEST) {
            assertThat(read(ahead, at + REQUEST, REQUEST)).isEqualTo(expected(at + REQUEST, REQUEST));
            assertThat(read(ahead, at, REQUEST)).isEqualTo(expected(at, REQUEST));
        }
        assertThat(bytes.inOrder).isLessThanOrEqualTo(content.length);
    }

    @Test
    void blocksAreAskedForBeforeTheyAreRead() throws IOException {
        ReadAhead ahead = readAhead(waiting::add);
        read(ahead, 0, 10);
        Thread reader = Thread.ofPlatform().start(() -> {
            while (bytes.inOrder < 3 * BLOCK) {
                Runnable next = waiting.poll();
                if (next != null) {
                    next.run();
                }
            }
        });
        assertThat(read(ahead, 10, 10)).isEqualTo(expected(10, 10));
        assertThatCodeEnds(reader);
        assertThat(bytes.inOrder).as("this block and two more").isEqualTo(3 * BLOCK);
        assertThat(ahead.atHand(BLOCK + 10)).isEqualTo(BLOCK - 10);
        assertThat(ahead.atHand(3 * BLOCK)).isZero();
        assertThat(ahead.has(2 * BLOCK + 10)).isTrue();
        assertThat(ahead.has(3 * BLOCK)).isFalse();
    }

    private static void assertThatCodeEnds(Thread thread) {
        try {
            assertThat(thread.join(Duration.ofMinutes(1))).isTrue();
        } catch (InterruptedException stopped) {
            throw new AssertionError(stopped);
        }
    }

    @Test
    void whatCannotBeFetchedAheadIsAnErrorForWhoReadsIt() throws IOException {
        ReadAhead ahead = readAhead(Runnable::run);
        for (int at = 0; at < BLOCK; at += REQUEST) {
            read(ahead, at, REQUEST);
        }
        bytes.isLost = true;
        for (int at = BLOCK; at < 3 * BLOCK; at += REQUEST) {
            assertThat(read(ahead, at, REQUEST)).isEqualTo(expected(at, REQUEST));
        }
        assertThatThrownBy(() -> read(ahead, 3 * BLOCK, REQUEST)).isInstanceOf(IOException.class);
        bytes.isLost = false;
        assertThat(read(ahead, 3 * BLOCK, REQUEST)).isEqualTo(expected(3 * BLOCK, REQUEST));
    }

    @Test
    void aFileThatIsReadHereAndThereIsReadRight() throws IOException {
        ReadAhead ahead = readAhead(Runnable::run);
        Random random = new Random(2);
        int at = 0;
        for (int i = 0; i < 500; i++) {
            at = random.nextInt(4) == 0 ? random.nextInt(content.length) : Math.min(at + REQUEST, content.length - 1);
            assertThat(read(ahead, at, REQUEST)).as("read " + i + " at " + at).isEqualTo(expected(at, REQUEST));
        }
    }

    /** As WebHDFS's: it seeks for a read at a place, and back. */
    @Test
    void aStreamOfOnePositionIsReadByOneAtATime() throws IOException {
        bytes.isOfOnePosition = true;
        try (ExecutorService readers = Executors.newSingleThreadExecutor()) {
            ReadAhead ahead = readAhead(readers);
            Random random = new Random(3);
            int at = 0;
            for (int i = 0; i < 300; i++) {
                at = random.nextInt(3) == 0
                        ? random.nextInt(content.length)
                        : Math.min(at + REQUEST, content.length - 1);
                assertThat(read(ahead, at, REQUEST))
                        .as("read " + i + " at " + at)
                        .isEqualTo(expected(at, REQUEST));
            }
        }
    }

    @Test
    void aStreamThatIsStillReadIsClosedAfterThat() throws IOException {
        ReadAhead ahead = readAhead(Runnable::run);
        read(ahead, 0, REQUEST);
        read(ahead, REQUEST, REQUEST);
        ahead.forget(in);
        assertThat(bytes.isClosed).isTrue();

        bytes.isClosed = false;
        ReadAhead slow = readAhead(task -> {
            if (bytes.inOrder < 4 * BLOCK) {
                task.run();
            } else {
                waiting.add(task);
            }
        });
        for (int at = 0; at < BLOCK; at += REQUEST) {
            read(slow, at, REQUEST);
        }
        assertThat(waiting).isNotEmpty();
        slow.forget(in);
        assertThat(bytes.isClosed).isFalse();
        slow.close();
        assertThat(places.availablePermits())
                .as("the memory that is still written to has its place")
                .isZero();
        while (!waiting.isEmpty()) {
            waiting.remove().run();
        }
        assertThat(bytes.isClosed).isTrue();
        assertThat(places.availablePermits()).isEqualTo(1);
    }
}
