package dev.oriel.bus.pci;

import dev.oriel.bus.BasicFacilities;
import dev.oriel.bus.DeviceStatus;
import dev.oriel.linux.Failure;
import dev.oriel.linux.Patience;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Resets a device without holding up whoever asks for it: what was begun must end first, and a request may wait for a
 * disk, or a large window be written back. While that goes on, in a thread of its own, nobody else uses the facilities.
 */
final class DeviceReset {
    private static final System.Logger LOGGER = System.getLogger("dev.oriel.bus");

    /** How often somebody who waits looks whether he has waited for long. */
    private static final long LOOK_MILLIS = 100;

    private final String name;
    private final BasicFacilities facilities;

    // Guarded by this.
    private final List<Runnable> waiting = new ArrayList<>();
    private @Nullable Thread thread;

    DeviceReset(String name, BasicFacilities facilities) {
        this.name = name;
        this.facilities = facilities;
    }

    /** Whether a reset goes on. */
    synchronized boolean underWay() {
        return thread != null;
    }

    /**
     * Begins a reset, unless one goes on.
     *
     * @param done called when the device was reset, here or on the other thread
     */
    void begin(Runnable done) {
        synchronized (this) {
            if (thread != null) {
                waiting.add(done);
                return;
            }
            if ((facilities.status() & DeviceStatus.DRIVER_OK) != 0) {
                try {
                    thread = Thread.ofPlatform().name(name + ", reset").daemon().start(this::run);
                    waiting.add(done);
                    return;
                } catch (OutOfMemoryError none) {
                    LOGGER.log(Level.WARNING, "{0}: a reset holds up its guest: {1}", name, Failure.reason(none));
                }
            }
        }
        // nothing runs, or there is no thread for it
        try {
            facilities.reset();
        } finally {
            done.run();
        }
    }

    private void run() {
        try {
            facilities.reset();
        } catch (RuntimeException | Error failure) {
            LOGGER.log(Level.ERROR, "{0}: the reset failed: {1}", name, Failure.reason(failure));
            LOGGER.log(Level.DEBUG, "this is where", failure);
        } finally {
            List<Runnable> told;
            synchronized (this) {
                thread = null;
                told = List.copyOf(waiting);
                waiting.clear();
                notifyAll();
            }
            told.forEach(Runnable::run);
        }
    }

    /** Waits until no reset goes on, for as long as it takes: after a while a line in the log says so. */
    void await() {
        await(Patience.USUAL_NANOS);
    }

    /** @param patienceNanos how long to wait without a word, in nanoseconds; less in a test */
    synchronized void await(long patienceNanos) {
        boolean interrupted = false;
        Patience patience = new Patience(patienceNanos);
        while (thread != null) {
            try {
                TimeUnit.MILLISECONDS.timedWait(this, LOOK_MILLIS);
            } catch (InterruptedException later) {
                interrupted = true;
            }
            if (thread != null && patience.ends()) {
                LOGGER.log(
                        Level.WARNING, "{0}: its end waits for a reset, and that for files that do not answer", name);
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
