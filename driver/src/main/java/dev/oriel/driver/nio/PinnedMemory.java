package dev.oriel.driver.nio;

import dev.oriel.driver.DaxDevice;
import dev.oriel.driver.FuseException;
import dev.oriel.linux.Errno;
import java.lang.ref.Cleaner;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.util.concurrent.locks.LockSupport;

/**
 * Pinned ranges of the DAX window as buffers. java.nio has no way to end a mapping: the pin ends when the buffer is garbage and the collector
 * has found that out. So a window in which all is pinned may be full of garbage, and the collector is asked to look.
 */
final class PinnedBuffer {
    private static final Cleaner CLEANER = Cleaner.create();

    /** The first pause between two tries; each is twice as long as the one before, about half a second in all. */
    private static final long FIRST_PAUSE_NANOS = 1_000_000;

    private static final int TRIES = 10;

    private PinnedBuffer() {}

    /**
     * Maps a range; the buffer holds the node, too.
     *
     * @throws FuseException EBUSY if buffers that are in use pin too much, or a copy of a part of the range
     */
    static MappedByteBuffer map(DaxDevice dax, NodeTable nodes, Node node, long offset, long length, boolean writable)
            throws FuseException {
        DaxDevice.Pin pin = pin(dax, node, offset, length, writable);
        ByteBuffer buffer = pin.segment().asByteBuffer();
        nodes.share(node);
        CLEANER.register(buffer, () -> {
            pin.close();
            node.close();
        });
        return (MappedByteBuffer) buffer;
    }

    private static DaxDevice.Pin pin(DaxDevice dax, Node node, long offset, long length, boolean writable)
            throws FuseException {
        long pause = FIRST_PAUSE_NANOS;
        for (int i = 1; true; i++) {
            try {
                return dax.map(node.nodeid, offset, length, writable);
            } catch (FuseException failed) {
                if (failed.errno() != Errno.EBUSY || i == TRIES) {
                    throw failed;
                }
            }
            if (i == 1) {
                System.gc();
            }
            LockSupport.parkNanos(pause);
            pause *= 2;
        }
    }
}
