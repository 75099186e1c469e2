package dev.oriel.virtio;

import dev.oriel.linux.Descriptor;
import dev.oriel.linux.EventDescriptor;
import org.jspecify.annotations.Nullable;

/**
 * An eventfd of the other side that we signal: an interrupt or an error of a queue. May be absent, come late, and be replaced at any
 * time: what was signalled in the absence of one reaches the next. Any thread.
 */
final class EventSink implements AutoCloseable {
    private @Nullable Descriptor descriptor;
    private boolean missed;

    /** Signals it. Does not wait: the descriptor is O_NONBLOCK, and a full one has been signalled already. */
    synchronized void signal() {
        if (descriptor == null) {
            missed = true;
        } else {
            // an error means that nobody is there who could be told
            EventDescriptor.signal(descriptor.number());
        }
    }

    /** Takes ownership of a descriptor, which may be null, and closes the one before. */
    synchronized void replace(@Nullable Descriptor next) {
        close();
        descriptor = next;
        if (missed && next != null) {
            missed = false;
            signal();
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
