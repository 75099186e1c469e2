package dev.oriel.virtio.queue;

import dev.oriel.linux.Descriptor;
import dev.oriel.linux.PeerEvent;
import org.jspecify.annotations.Nullable;

/**
 * An eventfd of the other side that we signal: an interrupt or an error of a queue. May be absent, come late, and be
 * replaced at any time: what was signalled in the absence of one reaches the next. A listener, once set, is told in its
 * place. Any thread.
 */
final class EventSink implements AutoCloseable {
    private volatile @Nullable Runnable listener;
    private @Nullable PeerEvent event;
    private boolean missed;

    /** Signals it. If the other side makes it wait, then until {@link #release}. */
    void signal() {
        Runnable told = listener;
        if (told != null) {
            told.run();
            return;
        }
        PeerEvent current = eventOrMissed();
        while (current != null && !current.signal()) {
            current = eventOrMissed();
        }
    }

    private synchronized @Nullable PeerEvent eventOrMissed() {
        if (event == null) {
            missed = true;
        }
        return event;
    }

    /** Who is told instead of a descriptor, on any thread. */
    void listener(Runnable told) {
        listener = told;
    }

    /** Takes ownership of a descriptor, which may be null, and closes the one before. */
    void replace(@Nullable Descriptor descriptor) {
        PeerEvent next = descriptor == null ? null : new PeerEvent(descriptor);
        PeerEvent last;
        boolean late;
        synchronized (this) {
            last = event;
            event = next;
            late = missed && next != null;
            missed = missed && next == null;
        }
        if (last != null) {
            last.close();
        }
        if (late && next != null) {
            next.signalInTime();
        }
    }

    /** Lets a thread go on that the other side makes wait. */
    synchronized void release() {
        if (event != null) {
            event.release();
        }
    }

    /** Forgets a signal that nobody has heard: the queue it belongs to is gone. */
    synchronized void forget() {
        missed = false;
    }

    @Override
    public void close() {
        replace(null);
    }
}
