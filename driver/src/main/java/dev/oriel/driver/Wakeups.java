package dev.oriel.driver;

import dev.oriel.linux.EventDescriptor;
import dev.oriel.linux.Poll;

/**
 * What wakes a thread that waits for a device: its interrupt, or the end of its connection. For one thread at a time;
 * owns nothing.
 */
final class Wakeups {
    private static final int CALL = 0;
    private static final int CONNECTION = 1;

    private final EventDescriptor call;
    private final Poll poll = new Poll(2);

    /** @param connection the socket of the device; -1 where there is none to watch */
    Wakeups(EventDescriptor call, int connection) {
        this.call = call;
        poll.set(CALL, call.number(), Poll.POLLIN);
        poll.set(CONNECTION, connection, 0);
    }

    /**
     * Sleeps until the device interrupts, is gone, or the time is over; may also end early.
     *
     * @return false if the device is gone
     */
    boolean await(int timeoutMillis) {
        int ready = poll.await(timeoutMillis);
        if (ready <= 0) {
            return true;
        }
        if (poll.events(CALL) != 0) {
            // how often it was signalled does not matter, nor that the device may have taken the signal back
            long _ = EventDescriptor.take(call.number());
        }
        return poll.events(CONNECTION) == 0;
    }
}
