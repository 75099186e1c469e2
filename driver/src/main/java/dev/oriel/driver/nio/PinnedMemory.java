package dev.oriel.driver.nio;

import dev.oriel.driver.DaxDevice;
import dev.oriel.driver.FuseException;
import dev.oriel.linux.ArenaMapping;
import dev.oriel.linux.Errno;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Cleaner;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.util.concurrent.locks.LockSupport;

/**
 * Pinned ranges of the DAX window as buffers, and as segments of an arena. A buffer has no other end than to be
 * garbage: the pin ends when the collector has found that out. So a window in which all is pinned may be full of
 * garbage, and the collector is asked to look.
 */
final class PinnedMemory {
    private static final Cleaner CLEANER = Cleaner.create();

    /** The first pause between two tries; each is twice as long as the one before, about half a second in all. */
    private static final long FIRST_PAUSE_NANOS = 1_000_000;

    private static final int TRIES = 10;

    private PinnedMemory() {}

    /**
     * Maps a range as a buffer, which holds the node, too.
     *
     * @throws FuseException EBUSY if what is in use pins too much, or a copy of a part of the range
     */
    static MappedByteBuffer buffer(OpenNode open, DaxDevice dax, long offset, long length, boolean writable)
            throws FuseException {
        Pin pin = new Pin(open, pin(dax, open.node(), offset, length, writable));
        ByteBuffer buffer = pin.memory.segment().asByteBuffer();
        CLEANER.register(buffer, pin);
        return (MappedByteBuffer) buffer;
    }

    /**
     * Maps a range as a segment that lives as long as an arena.
     *
     * @throws FuseException as {@link #buffer}
     */
    static MemorySegment segment(OpenNode open, DaxDevice dax, long offset, long length, boolean writable, Arena arena)
            throws FuseException {
        Pin pin = new Pin(open, pin(dax, open.node(), offset, length, writable));
        boolean shown = false;
        try {
            MemorySegment segment = pin.memory.show(arena);
            ArenaMapping.onClose(arena, pin);
            shown = true;
            return segment;
        } finally {
            if (!shown) {
                pin.run();
            }
        }
    }

    /** Ends a pin and lets the node go. */
    private static final class Pin implements Runnable {
        final DaxDevice.Pin memory;
        private final Node node;

        Pin(OpenNode open, DaxDevice.Pin memory) {
            this.memory = memory;
            node = open.place().fileSystem().nodes().share(open.node());
        }

        @Override
        public void run() {
            memory.close();
            node.close();
        }
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
