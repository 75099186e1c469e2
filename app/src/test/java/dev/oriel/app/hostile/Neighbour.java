package dev.oriel.app.hostile;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.oriel.fuse.FuseOpcode;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A guest that keeps to the protocol, on a thread of its own, beside those that do not. Over and over it looks up and
 * reads one file, writes into another, and stores into a third through its window, without ever asking that anything be
 * synchronised.
 */
final class Neighbour implements AutoCloseable {
    /** A server that answers later than this does not serve. */
    private static final int ANSWER_MILLIS = 10_000;

    private static final String READ = "of the neighbour";
    private static final String WRITTEN = "written by the neighbour";
    private static final String STORED = "stored by the neighbour";
    private static final int SIZE = 100_000;
    private static final int BLOCK = 4096;
    private static final int BLOCKS = 64;
    private static final int UNUSED = 8 << 20;

    private final RawGuest guest;
    private final byte[] content = new byte[SIZE];
    private final byte[] written = new byte[BLOCKS * BLOCK];
    private final MemorySegment stored = MemorySegment.ofArray(new byte[BLOCKS * BLOCK]);
    private final MemorySegment window;

    /** Memory of its guest of which no device was told, and what is in it. */
    private final MemorySegment unused;

    private final byte[] pattern = new byte[UNUSED];

    private final long writtenNode;
    private final long writtenHandle;
    private final Thread thread = new Thread(this::run, "neighbour");
    private long round;
    private volatile boolean ended;
    private volatile @Nullable Throwable failure;
    private volatile CountDownLatch rounds = new CountDownLatch(0);

    Neighbour(AttackedServer share) throws Exception {
        Random random = new Random(1);
        random.nextBytes(content);
        random.nextBytes(pattern);
        Files.write(share.folder().resolve(READ), content);
        Files.write(share.folder().resolve(WRITTEN), written);
        Files.write(share.folder().resolve(STORED), new byte[BLOCKS * BLOCK]);
        guest = share.connect().mountWithWindow();
        guest.patience(ANSWER_MILLIS);
        unused = guest.memory.memory().asSlice(guest.memory.allocate(UNUSED, BLOCK), UNUSED);
        unused.copyFrom(MemorySegment.ofArray(pattern));
        writtenNode = guest.node(WRITTEN);
        writtenHandle = guest.open(writtenNode);
        window = guest.map(guest.node(STORED), (long) BLOCKS * BLOCK).memory();
        thread.start();
    }

    private void run() {
        try {
            while (!ended) {
                verify(guest, content);
                write();
                store();
                round++;
                rounds.countDown();
            }
        } catch (Exception | AssertionError e) {
            failure = e;
            for (CountDownLatch waited = rounds; waited.getCount() > 0; ) {
                waited.countDown();
            }
        }
    }

    /** What a guest that just came does: finds the file and reads all of it. */
    private static void verify(RawGuest guest, byte[] content) throws Exception {
        long node = guest.node(READ);
        long handle = guest.open(node);
        byte[] read = guest.read(node, handle, 0, RawGuest.REPLY_ROOM - 16);
        if (!Arrays.equals(read, content)) {
            throw new AssertionError("the neighbour read other bytes than the host has");
        }
        ByteBuffer _ = guest.done(guest.request(FuseOpcode.RELEASE, node, 24).putLong(handle));
        ByteBuffer _ = guest.done(guest.request(FuseOpcode.GETATTR, node, 16));
    }

    private void write() throws Exception {
        int at = (int) (round % BLOCKS) * BLOCK;
        byte[] bytes = new byte[BLOCK];
        Arrays.fill(bytes, (byte) ('a' + round % 26));
        ByteBuffer _ = guest.done(guest.write(writtenNode, writtenHandle, at, bytes));
        System.arraycopy(bytes, 0, written, at, BLOCK);
    }

    private void store() {
        long at = round % BLOCKS * BLOCK + 8 * (round % (BLOCK / 8));
        window.set(JAVA_LONG, at, ~round);
        stored.set(JAVA_LONG.withByteAlignment(1), at, ~round);
    }

    /** Insists that the neighbour was served until now, and is served again, and that a new guest is served too. */
    void assertServed(AttackedServer share) throws Exception {
        CountDownLatch two = new CountDownLatch(2);
        rounds = two;
        if (failure == null) {
            two.await();
        }
        Throwable thrown = failure;
        if (thrown != null) {
            throw new AssertionError("the neighbour was harmed; the server says: " + share.log(), thrown);
        }
        try (RawGuest next = nextGuest(share)) {
            verify(next, content);
        }
    }

    /** There is room for it when what is left of those that have gone is cleared away. */
    private static RawGuest nextGuest(AttackedServer share) throws Exception {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(ANSWER_MILLIS);
        while (true) {
            RawGuest next = share.connect();
            next.patience(ANSWER_MILLIS);
            try {
                return next.mount();
            } catch (IOException turnedAway) {
                next.close();
                if (System.nanoTime() > end) {
                    throw new AssertionError("no guest can connect; the server says: " + share.log(), turnedAway);
                }
            }
        }
    }

    /** Asks for nothing more, and stays connected. */
    void rest() throws InterruptedException {
        ended = true;
        thread.join();
    }

    /** Insists that the host has all that was written and stored, and that nobody touched the guest's other memory. */
    void assertWholeAfterTheEnd(AttackedServer share) throws IOException {
        assertContent(share, WRITTEN, MemorySegment.ofArray(written));
        assertContent(share, STORED, stored);
        if (unused.mismatch(MemorySegment.ofArray(pattern)) >= 0) {
            throw new AssertionError("memory of the neighbour was written that it told nobody of");
        }
    }

    private void assertContent(AttackedServer share, String name, MemorySegment expected) throws IOException {
        Path file = share.folder().resolve(name);
        long different = MemorySegment.ofArray(Files.readAllBytes(file)).mismatch(expected);
        if (different >= 0) {
            throw new AssertionError("the host lacks what was " + name + ", at byte " + different + " after " + round
                    + " rounds; the server says: " + share.log());
        }
    }

    @Override
    public void close() {
        guest.close();
    }
}
