package dev.oriel.linux;

/**
 * An eventfd, or a socket in place of one, that the other side gave us to signal. It shares the counter and the flags
 * with us: it may fill the one and clear O_NONBLOCK of the other, and a write(2) waits for as long as it likes. So one
 * thread at a time writes, without a lock, and whoever comes meanwhile asks it to do so once more; and what waits is
 * let go by taking the counter. To a socket we send without waiting. Any thread.
 */
public final class PeerEvent implements AutoCloseable {
    private static final long PATIENCE_MILLIS = 100;

    private final Descriptor descriptor;
    private final boolean socket;

    // Guarded by this.
    private boolean writing;
    private boolean again;
    private boolean closed;

    /** @param descriptor an eventfd or a socket, owned by this object from now on */
    public PeerEvent(Descriptor descriptor) {
        this.descriptor = descriptor;
        socket = EventDescriptor.isSocket(descriptor.number());
    }

    /**
     * Signals it. Waits if the other side wants it so, until it is {@link #release released}.
     *
     * @return false if it was closed before
     */
    public boolean signal() {
        synchronized (this) {
            if (closed) {
                return false;
            }
            if (writing) {
                again = true;
                return true;
            }
            writing = true;
        }
        boolean more = true;
        while (more) {
            // an error means that nobody is there who could be told
            int number = descriptor.number();
            int _ = socket ? EventDescriptor.signalSocket(number) : EventDescriptor.signal(number);
            synchronized (this) {
                more = again;
                again = false;
                if (!more) {
                    writing = false;
                    notifyAll();
                }
            }
        }
        return true;
    }

    /**
     * Signals it, and does not wait for long: for a thread that has others to serve.
     *
     * @return false if it was closed before
     */
    public boolean signalInTime() {
        Thread releasing = releasing(this::release);
        try {
            return signal();
        } finally {
            releasing.interrupt();
        }
    }

    /**
     * Starts to release events over and over, while another thread does what ends only if nobody waits in {@link
     * #signal}.
     *
     * @param release calls {@link #release}
     * @return a thread to interrupt when that is done
     */
    public static Thread releasing(Runnable release) {
        return Thread.ofVirtual().start(() -> {
            try {
                while (true) {
                    Thread.sleep(PATIENCE_MILLIS);
                    release.run();
                }
            } catch (InterruptedException done) {
                Thread.currentThread().interrupt();
            }
        });
    }

    /** Lets a thread go on that waits in {@link #signal}. The other side may make it wait again. */
    public synchronized void release() {
        if (writing && EventDescriptor.take(descriptor.number()) > 0) {
            // that may have been what it wrote
            again = true;
        }
    }

    /** Closes it, when nobody is about to signal it any more. */
    @Override
    public void close() {
        boolean interrupted = false;
        synchronized (this) {
            closed = true;
            while (writing) {
                release();
                try {
                    wait(1);
                } catch (InterruptedException later) {
                    interrupted = true;
                }
            }
        }
        descriptor.close();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
