package dev.oriel.virtio.queue;

import dev.oriel.linux.Descriptor;
import dev.oriel.linux.Epoll;
import dev.oriel.linux.EventDescriptor;
import dev.oriel.linux.LinuxException;
import org.jspecify.annotations.Nullable;

/**
 * Where the thread of a queue sleeps: until the driver kicks, or we wake it ourselves. What counters hold is of no
 * interest: they are never read, so that whatever flags the other side gives the descriptor, nobody waits but here.
 *
 * <p>Only the thread that waits closes the kick descriptor while it runs: a number that another thread closed could
 * meanwhile stand for another file.
 */
final class Doorbell implements AutoCloseable {
    /** How often to look at a ring whose driver does not kick (vhost-user, SET_VRING_KICK without a descriptor). */
    private static final long POLLING_NANOS = 1_000_000;

    private final EventDescriptor wake;
    private final Epoll epoll;
    private @Nullable Descriptor kick;

    /**
     * Whether no kick can be heard: there is none, or the kernel waits for no more descriptors (max_user_watches,
     * epoll(7)).
     */
    private boolean deaf = true;

    // Guarded by this.
    private @Nullable Descriptor next;
    private boolean replaced;

    /** @throws LinuxException if there are no file descriptors left */
    Doorbell() throws LinuxException {
        epoll = new Epoll();
        try {
            wake = EventDescriptor.create(EventDescriptor.EFD_NONBLOCK);
        } catch (LinuxException none) {
            epoll.close();
            throw none;
        }
        int added = epoll.add(wake.number());
        if (added < 0) {
            wake.close();
            epoll.close();
            throw new LinuxException("wait for an eventfd", -added);
        }
    }

    /** Waits. For the thread of the queue; may return for no reason. */
    void await() {
        adopt();
        epoll.await(deaf ? POLLING_NANOS : Epoll.FOREVER);
    }

    /** As {@link #await()}, for so long at most; answers whether something woke the thread before that. */
    boolean await(long nanos) {
        adopt();
        return epoll.await(nanos) > 0;
    }

    private synchronized void adopt() {
        if (replaced) {
            if (kick != null) {
                epoll.remove(kick.number());
                kick.close();
            }
            kick = next;
            deaf = kick == null || epoll.add(kick.number()) < 0;
            next = null;
            replaced = false;
        }
    }

    /** Ends the wait of the thread, or its next one. Any thread. */
    void ring() {
        wake.signal();
    }

    /**
     * Takes ownership of a kick descriptor, an eventfd, or null if the driver does not kick. The one before is closed
     * when the thread of the queue notices. Any thread.
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
        epoll.close();
        wake.close();
    }
}
