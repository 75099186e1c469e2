package dev.oriel.app.hostile;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/**
 * A guest that keeps to the protocol, on a thread of its own, beside those that do not: it looks up and reads one file
 * over and over.
 */
final class Neighbour implements AutoCloseable {
    private static final String NAME = "of the neighbour";
    private static final int SIZE = 100_000;

    private final RawGuest guest;
    private final byte[] content;
    private final Thread thread = new Thread(this::run, "neighbour");
    private volatile boolean ended;
    private volatile @Nullable Throwable failure;
    private volatile CountDownLatch rounds = new CountDownLatch(0);

    Neighbour(AttackedServer share) throws Exception {
        content = new byte[SIZE];
        new Random(1).nextBytes(content);
        Path file = share.folder().resolve(NAME);
        Files.write(file, content);
        guest = share.connect().mount();
        thread.start();
    }

    private void run() {
        try {
            while (!ended) {
                verify(guest, content);
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
    static void verify(RawGuest guest, byte[] content) throws Exception {
        long node = guest.node(NAME);
        long handle = guest.open(node);
        byte[] read = guest.read(node, handle, 0, RawGuest.REPLY_ROOM - 16);
        if (!java.util.Arrays.equals(read, content)) {
            throw new AssertionError("the neighbour read other bytes than the host has");
        }
        java.nio.ByteBuffer _ = guest.done(guest.request(18, node, 24).putLong(handle));
        java.nio.ByteBuffer _ = guest.done(guest.request(RawGuest.GETATTR, node, 16));
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
        try (RawGuest next = share.connect()) {
            verify(next.mount(), content);
        }
    }

    @Override
    public void close() {
        ended = true;
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        guest.close();
    }
}
