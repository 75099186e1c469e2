package dev.oriel.bus;

import java.lang.System.Logger.Level;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * An interrupt that devices raise and drivers in this process handle. Handlers run on the thread that raises it, never
 * twice at a time; what is raised while they run makes them run again afterwards. Any thread.
 */
public final class InterruptLine {
    private static final System.Logger LOGGER = System.getLogger("dev.oriel.bus");

    private final AtomicInteger raised = new AtomicInteger();
    private final List<Runnable> handlers = new CopyOnWriteArrayList<>();

    /**
     * Adds one that handles it; all are asked, as whose interrupt it is only they know.
     *
     * @param handler does not wait; one that throws costs the others nothing
     */
    public void addHandler(Runnable handler) {
        handlers.add(handler);
    }

    /** Removes a handler; it may still run once. */
    public void removeHandler(Runnable handler) {
        handlers.remove(handler);
    }

    /** Interrupts. */
    public void raise() {
        if (raised.getAndIncrement() != 0) {
            // whoever runs the handlers now will run them again
            return;
        }
        int seen = 1;
        while (seen != 0) {
            for (Runnable handler : handlers) {
                handle(handler);
            }
            seen = raised.addAndGet(-seen);
        }
    }

    private static void handle(Runnable handler) {
        try {
            handler.run();
        } catch (RuntimeException | Error failure) {
            LOGGER.log(
                    Level.ERROR,
                    "this is a bug in Oriel, please report it: an interrupt could not be handled",
                    failure);
        }
    }
}
