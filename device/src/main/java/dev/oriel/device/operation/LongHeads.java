package dev.oriel.device.operation;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;

/**
 * Memory for the few long requests of a device: {@value #MOST} pieces of {@link RequestLengths#LARGEST} bytes, made
 * when they are needed and used again. A queue that needs one more waits until another request has been answered; other
 * queues go on. Any thread.
 */
public final class LongHeads {
    public static final int MOST = 8;

    // Guarded by this.
    private final ArrayDeque<MemorySegment> free = new ArrayDeque<>(MOST);
    private int made;

    /** Takes memory, with what other requests left there. Waits while all is taken. */
    synchronized MemorySegment take() {
        boolean interrupted = false;
        while (free.isEmpty() && made == MOST) {
            try {
                wait();
            } catch (InterruptedException later) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        MemorySegment idle = free.poll();
        if (idle != null) {
            return idle;
        }
        MemorySegment fresh = Arena.ofAuto().allocate(RequestLengths.LARGEST, Long.BYTES);
        made++;
        return fresh;
    }

    /** Gives memory back that {@link #take} answered. */
    synchronized void giveBack(MemorySegment head) {
        free.push(head);
        notify();
    }

    /** How many there are, taken or not. */
    synchronized int made() {
        return made;
    }
}
