package dev.oriel.vfiouser;

import dev.oriel.linux.EventDescriptor;
import dev.oriel.linux.LinuxException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The end of a connection from this side, in order: somebody asks for it, the device comes to rest, and only then is it
 * over. Any thread may ask and say that the device is at rest; the rest is for the thread of the connection.
 */
final class Farewell implements AutoCloseable {
    /** So long a client may go on talking to a device that is at rest. */
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(1);

    private boolean begun;
    private boolean over;
    private long since;

    // Guarded by this.
    private @Nullable EventDescriptor wake;
    private boolean asked;
    private boolean atRest;

    /** Makes the descriptor that wakes the thread of the connection. */
    synchronized void open() throws LinuxException {
        wake = EventDescriptor.create(EventDescriptor.EFD_NONBLOCK);
        if (asked) {
            wake.signal();
        }
    }

    /** Asks for the end. */
    synchronized void ask() {
        asked = true;
        signal();
    }

    /** Says that nothing of the device runs any more. */
    synchronized void atRest() {
        atRest = true;
        signal();
    }

    private void signal() {
        if (wake != null) {
            wake.signal();
        }
    }

    /**
     * A descriptor that is readable when somebody asked or said something since the last {@link #begins}; -1 if it is
     * closed.
     */
    synchronized int number() {
        return wake == null ? -1 : wake.number();
    }

    /** Whether the end was asked for; true once. */
    boolean begins() {
        synchronized (this) {
            if (wake != null) {
                wake.drain();
            }
            if (!asked || begun) {
                return false;
            }
        }
        begun = true;
        return true;
    }

    /** Whether the device comes to rest, or has. */
    boolean begun() {
        return begun;
    }

    /** Whether all is done but for what the client has still to say. */
    boolean over() {
        synchronized (this) {
            if (!over && begun && atRest) {
                over = true;
                since = System.nanoTime();
            }
        }
        return over;
    }

    /** Whether the client does not come to an end. */
    boolean tooLong() {
        return over && System.nanoTime() - since > PATIENCE_NANOS;
    }

    @Override
    public synchronized void close() {
        if (wake != null) {
            wake.close();
            wake = null;
        }
    }
}
