package dev.oriel.virtio;

import dev.oriel.linux.Descriptor;
import dev.oriel.linux.EventDescriptor;
import org.jspecify.annotations.Nullable;

/**
 * An eventfd of the other side that we signal: an interrupt or an error of a queue. May be absent, come late, and be replaced at any
 * time: what was signalled in the absence of one reaches the next. A listener, once set, is told in its place. Any thread.
 */
final class EventSink implements AutoCloseable {
    private volatile @Nullable Runnable listener;
    private @Nullable Descriptor descriptor;
    private boolean missed;

    /** Signals it. Does not wait: the descriptor is O_NONBLOCK, and a full one has been signalled already. */
    void signal() {
        Runnable told = listener;
        if (told == null) {
            signalDescriptor();
        } else {
            // not under the lock: whoever is told may come back here
            told.run();
        }
    }

    private synchronized void signalDescriptor() {
        if (descriptor == null) {
            missed = true;
        } else {
            // an error means that nobody is there who could be told
            EventDescriptor.signal(descriptor.number());
        }
    }

    /** Who is told instead of a descriptor, on any thread. */
    void listener(Runnable told) {
        listener = told;
    }

    /** Takes ownership of a descriptor, which may be null, and closes the one before. */
    synchronized void replace(@Nullable Descriptor next) {
        close();
        descriptor = next;
        if (missed && next != null) {
            missed = false;
            signalDescriptor();
        }
    }

    /** Forgets a signal that nobody has heard: the queue it belongs to is gone. */
    synchronized void forget() {
        missed = false;
    }

    @Override
    public synchronized void close() {
        if (descriptor != null) {
            descriptor.close();
            descriptor = null;
        }
    }
}
