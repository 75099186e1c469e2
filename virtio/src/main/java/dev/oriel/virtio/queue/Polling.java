package dev.oriel.virtio.queue;

import dev.oriel.virtio.ring.DescriptorChain;
import java.time.Duration;

/**
 * How long the thread of a queue goes on looking at its ring after the last chain, before it sleeps. While it looks,
 * the driver need not kick, and nobody has to be woken: that saves most of the time of a short request, and costs a
 * processor meanwhile. Who serves the requests of a queue that is not polled does not spend any for speed either, see
 * {@link DescriptorChain#isUrgent}.
 *
 * @param mostNanos the longest look, in nanoseconds; 0: none
 * @param adaptive whether to look less often, down to once in 64 waits, while looks find nothing, and not at all where
 *     the queue's rate gains less than a tenth by it
 */
public record Polling(long mostNanos, boolean adaptive) {
    private static final long LONGEST_NANOS = 100_000_000;

    /** Sleeps at once. */
    public static final Polling OFF = new Polling(0, false);

    /**
     * Up to 200 microseconds, as KVM does for a halted virtual processor (halt_poll_ns): most guests take less from a
     * reply to their next request.
     */
    public static final Polling AUTO = new Polling(200_000, true);

    public Polling {
        if (mostNanos < 0 || mostNanos > LONGEST_NANOS) {
            throw new IllegalArgumentException("a queue is polled for 0 to " + LONGEST_NANOS / 1000
                    + " microseconds, not for " + mostNanos / 1000.0);
        }
    }

    /**
     * Always for so long.
     *
     * @throws IllegalArgumentException if it is negative or more than 100 milliseconds
     */
    public static Polling fixed(Duration time) {
        return new Polling(time.toNanos(), false);
    }
}
