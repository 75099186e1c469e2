package dev.oriel.virtio;

import dev.oriel.linux.Descriptor;
import dev.oriel.linux.Errno;
import dev.oriel.linux.EventDescriptor;
import dev.oriel.linux.LinuxException;
import dev.oriel.linux.Poll;
import org.jspecify.annotations.Nullable;

/**
 * Where the thread of a queue sleeps: until the driver kicks, or we wake it ourselves.
 *
 * <p>Only the thread that waits reads and closes the kick descriptor while it runs: a number that another thread closed could
 * meanwhile stand for another file.
 */
final class Doorbell implements AutoCloseable {
    /** How often to look at a ring whose driver does not kick (vhost-user, SET_VRING_KICK without a descriptor), in milliseconds. */
    private static final int POLLING_INTERVAL = 1;

    private static final int WAKE = 0;
    private static final int KICK = 1;

    private final EventDescriptor wake = EventDescriptor.create(EventDescriptor.EFD_NONBLOCK);
    private final Poll poll = new Poll(2);
    private @Nullable Descriptor kick;
    private boolean deaf;

    // Guarded by this.
    private @Nullable Descriptor next;
    private boolean replaced;

    Doorbell() throws LinuxException {}

    /** Waits. For the thread of the queue; may return for no reason. */
    void await() {
        adopt();
        Descriptor current = kick;
        poll.set(WAKE, wake.number(), Poll.POLLIN);
        poll.set(KICK, current == null || deaf ? -1 : current.number(), Poll.POLLIN);
        if (poll.await(current == null ? POLLING_INTERVAL : Poll.FOREVER) <= 0) {
            return;
        }
        if (poll.events(WAKE) != 0) {
            EventDescriptor.read(wake.number());
        }
        int events = poll.events(KICK);
        if (events != 0 && current != null) {
            long result = (events & Poll.POLLIN) == 0 ? -Errno.EPIPE : EventDescriptor.read(current.number());
            // something that ended or is no eventfd would be ready for ever
            deaf = result < 0 && result != -Errno.EAGAIN;
        }
    }

    private synchronized void adopt() {
        if (replaced) {
            if (kick != null) {
                kick.close();
            }
            kick = next;
            next = null;
            deaf = false;
            replaced = false;
        }
    }

    /** Ends the wait of the thread, or its next one. Any thread. */
    void ring() {
        wake.signal();
    }

    /**
     * Takes ownership of a kick descriptor, O_NONBLOCK, or null if the driver does not kick. The one before is closed when the thread
     * of the queue notices. Any thread.
     */
    synchronized void replace(@Nullable Descriptor descriptor) {
        if (next != null) {
            next.close();
        }
        next = descriptor;
        replaced = true;
        ring();
    }

    /** Closes all descriptors. Nobody waits. */
    @Override
    public void close() {
        replace(null);
        adopt();
        wake.close();
    }
}
