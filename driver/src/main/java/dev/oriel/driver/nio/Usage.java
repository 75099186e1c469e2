package dev.oriel.driver.nio;

/**
 * Who uses an open file at this moment. A file is given up only when nobody uses it: a device may give its number to
 * the next file that is opened, and what is late would read and write that one. Any thread.
 */
final class Usage {
    private int users;
    private boolean closed;

    /** One user more; false if it is closed. */
    synchronized boolean enter() {
        if (closed) {
            return false;
        }
        users++;
        return true;
    }

    /** Whether somebody waits for the users to leave. */
    synchronized boolean isClosed() {
        return closed;
    }

    synchronized void leave() {
        users--;
        if (closed && users == 0) {
            notifyAll();
        }
    }

    /** Lets nobody in any more, and waits until all are out: as long as a request may take. */
    synchronized void close() {
        closed = true;
        boolean interrupted = false;
        while (users > 0) {
            try {
                wait();
            } catch (InterruptedException later) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
