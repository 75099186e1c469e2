package dev.oriel.linux;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * Owns a file descriptor of this process and closes it once, whichever thread comes first.
 *
 * <p>For set-up code and long-lived objects. The request path passes plain numbers, whose owner must outlive the call.
 */
public final class Descriptor implements AutoCloseable {
    private static final int NONE = -1;

    private final AtomicInteger number;
    private final boolean received;

    /**
     * Takes ownership.
     *
     * @param number an open descriptor that nobody else will close
     */
    public Descriptor(int number) {
        this(number, false);
    }

    private Descriptor(int number, boolean received) {
        if (number < 0) {
            throw new IllegalArgumentException("not a file descriptor: " + number);
        }
        this.number = new AtomicInteger(number);
        this.received = received;
    }

    /**
     * Takes ownership of what another process passed: closing it never waits for that process ({@link
     * ReceivedDescriptors}).
     */
    public static Descriptor received(int number) {
        return new Descriptor(number, true);
    }

    /**
     * The descriptor, still owned by this object.
     *
     * @throws IllegalStateException if it is closed or released
     */
    public int number() {
        int current = number.get();
        if (current == NONE) {
            throw new IllegalStateException("the file descriptor is already closed");
        }
        return current;
    }

    /** The descriptor, or -1 if it is closed or released: what a system call answers with -EBADF. */
    int numberOrNone() {
        return number.get();
    }

    /**
     * Gives ownership to the caller.
     *
     * @throws IllegalStateException if it is closed or released
     */
    public int release() {
        int last = number.getAndSet(NONE);
        if (last == NONE) {
            throw new IllegalStateException("the file descriptor is already closed");
        }
        return last;
    }

    /** Whether this object still owns a descriptor. */
    public boolean isOpen() {
        return number.get() != NONE;
    }

    /** A second descriptor for the same open file, closed on exec. */
    public Descriptor duplicate() throws LinuxException {
        return new Descriptor(LinuxException.check(FileCalls.dup(number()), "duplicate a file descriptor"));
    }

    /**
     * Closes it; does nothing the second time. Errors of close(2) are not reported: the descriptor is gone either way,
     * and who must know whether data arrived calls fsync(2) first.
     */
    @Override
    public void close() {
        int last = number.getAndSet(NONE);
        if (last == NONE) {
            return;
        }
        if (received) {
            ReceivedDescriptors.close(last);
        } else {
            FileCalls.close(last);
        }
    }

    @Override
    public String toString() {
        int current = number.get();
        return current == NONE ? "closed descriptor" : "descriptor " + current;
    }
}
