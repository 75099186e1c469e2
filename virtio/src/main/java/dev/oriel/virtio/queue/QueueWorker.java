package dev.oriel.virtio.queue;

import dev.oriel.linux.Descriptor;
import dev.oriel.linux.Failure;
import dev.oriel.linux.LinuxException;
import dev.oriel.linux.Patience;
import dev.oriel.linux.Teardown;
import dev.oriel.virtio.memory.GuestMemoryTable;
import dev.oriel.virtio.memory.InvalidSetupException;
import dev.oriel.virtio.ring.QueueSetup;
import java.lang.System.Logger.Level;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Serves one queue of a device: its ring, the thread that takes chains from it, and its eventfds.
 *
 * <p>While there is work, and for as long as {@link Polling} says after it, the driver is asked not to kick; before the
 * thread sleeps it asks for kicks again and looks once more. A queue that the driver does not wait for ({@link
 * ChainHandler#isAwaited}) is not polled: after each chain its thread rests, and then takes what came meanwhile. A ring
 * is looked at when it starts, without a kick. A {@link ChainHandler} that throws, or memory that vanishes, stops this
 * queue and no other.
 *
 * <p>For the one thread that controls the device, with threads of its own.
 */
public final class QueueWorker implements QueueActivity, AutoCloseable {
    /** How long chains that nobody waits for are left to gather, in nanoseconds. */
    private static final long GATHERING_NANOS = 500_000;

    /**
     * A driver that was told of something and has not looked at it for so long may have lost the interrupt, in
     * nanoseconds. One that has no processor to spare for a moment only looks as if it had, and is disturbed for
     * nothing: so it is not less.
     */
    private static final long ANSWER_NANOS = 300_000;

    /** A driver is watched for so many sleeps of its queue after an interrupt that may have been lost. */
    private static final int WATCHED = 256;

    /** And in one of so many sleeps in any case. */
    private static final int SAMPLE = 16;

    /** How often to look, while the queue comes to rest, after those whom the driver makes wait. */
    private static final long LOOK_MILLIS = 100;

    private static final System.Logger LOGGER = System.getLogger("dev.oriel.virtio");

    private final String name;
    private final GuestMemoryTable memory;
    private final Doorbell doorbell;
    private final EventSink call = new EventSink();
    private final EventSink error = new EventSink();
    private final Virtqueue queue;
    private final long patienceNanos;
    private final RingPoller poller = new RingPoller();
    private volatile boolean running;

    // Of the queue's thread.
    private int watched = WATCHED;
    private int unwatched;

    private @Nullable Thread thread;
    private @Nullable ChainHandler served;

    /**
     * A queue that does not run.
     *
     * @param name what the log calls it
     * @param memory where its ring and buffers are
     * @throws LinuxException if there are no file descriptors left
     */
    public QueueWorker(String name, GuestMemoryTable memory) throws LinuxException {
        this(name, memory, Patience.USUAL_NANOS);
    }

    /** @param patienceNanos how long it waits for its thread without a word, in nanoseconds; less in a test */
    QueueWorker(String name, GuestMemoryTable memory, long patienceNanos) throws LinuxException {
        this.name = name;
        this.memory = memory;
        this.patienceNanos = patienceNanos;
        doorbell = new Doorbell();
        try {
            queue = new Virtqueue(name, memory, doorbell, call, error);
            memory.attach(queue);
        } catch (RuntimeException | Error failed) {
            doorbell.close();
            throw failed;
        }
    }

    /**
     * Starts the queue; chains are taken once it is also enabled.
     *
     * @param handler who takes the chains until the queue stops
     * @throws InvalidSetupException if the ring cannot be used
     * @throws IllegalStateException if it runs already
     * @throws OutOfMemoryError if there is no thread for it; it does not run then
     */
    public void start(QueueSetup setup, ChainHandler handler) throws InvalidSetupException {
        if (thread != null) {
            throw new IllegalStateException(name + " runs already");
        }
        Thread next = Thread.ofPlatform().name(name).daemon().unstarted(() -> run(handler));
        queue.start(setup, next);
        running = true;
        thread = next;
        served = handler;
        handler.serves(this);
        try {
            next.start();
        } catch (Throwable failed) {
            stop();
            throw failed;
        }
    }

    private void run(ChainHandler handler) {
        try {
            while (running && !queue.failed()) {
                serve(handler);
                sleep();
                poller.woke();
            }
        } catch (RuntimeException | Error failure) {
            fail(failure);
        }
    }

    /**
     * Until there may be something to do.
     *
     * <p>Guests lose interrupts: user-mode Linux (seen with Linux 7.2) sleeps until its next timer tick, up to 10 ms,
     * if one comes between its last look for work and its sleep, and a quick device often answers just then. So one
     * that does not answer is told once more. That does no harm to others: a driver handles spurious notifications
     * (virtio 1.4, 2.7.7.1). But a sleep with a time limit sets and cancels a timer as well, so a driver that loses
     * nothing is rarely watched.
     */
    private void sleep() {
        if (queue.unanswered() && watches()) {
            if (doorbell.await(ANSWER_NANOS)) {
                return;
            }
            if (queue.remind()) {
                watched = WATCHED;
            }
        }
        doorbell.await();
    }

    private boolean watches() {
        if (watched > 0) {
            watched--;
            return true;
        }
        unwatched = (unwatched + 1) % SAMPLE;
        return unwatched == 0;
    }

    private void serve(ChainHandler handler) {
        try {
            boolean awaited = handler.isAwaited();
            do {
                queue.disableNotifications();
                int served;
                do {
                    served = 0;
                    for (QueuedChain chain = queue.next(); chain != null; chain = queue.next()) {
                        handler.handle(chain);
                        served++;
                    }
                } while (awaited ? poller.findsWork(queue, served) : served > 0 && gathersWork());
            } while (queue.enableNotifications());
        } catch (RuntimeException | Error failure) {
            fail(failure);
        }
    }

    private boolean gathersWork() {
        LockSupport.parkNanos(GATHERING_NANOS);
        return queue.available();
    }

    private void fail(Throwable failure) {
        try {
            queue.abandon();
            LOGGER.log(Level.DEBUG, name + ": this is why it failed", failure);
        } finally {
            queue.fail(Failure.reason(failure));
        }
    }

    /** Whether it was started and not stopped. It may have failed meanwhile. */
    public boolean running() {
        return thread != null;
    }

    /**
     * Whether the queue was stopped by nonsense in its ring or by a failure. It stays in that state until it is stopped
     * and started.
     */
    public boolean failed() {
        return queue.failed();
    }

    /**
     * Stops the queue: takes no chain any more, and waits until those in flight are completed. Nothing is signalled
     * after that.
     *
     * @return where the ring stands, as {@link QueueSetup#base()}; 0 if the queue did not run
     */
    public int stop() {
        Thread last = thread;
        if (last == null) {
            return 0;
        }
        running = false;
        queue.close();
        join(last);
        try {
            if (served != null) {
                served.drain();
            }
        } catch (RuntimeException | Error failure) {
            LOGGER.log(Level.ERROR, "{0}: what waits for others may go on waiting: {1}", name, Failure.reason(failure));
        }
        int base = queue.leave(this::releaseSignals);
        // whoever is thrown out before this tries again at close
        thread = null;
        call.forget();
        error.forget();
        return base;
    }

    /** Lets threads go on that wait as the driver has filled an eventfd and reads nothing. */
    private void releaseSignals() {
        call.release();
        error.release();
    }

    private void join(Thread ending) {
        boolean interrupted = false;
        Patience patience = new Patience(patienceNanos);
        while (ending.isAlive()) {
            try {
                ending.join(LOOK_MILLIS);
            } catch (InterruptedException later) {
                interrupted = true;
            }
            releaseSignals();
            if (ending.isAlive() && patience.ends()) {
                LOGGER.log(
                        Level.WARNING,
                        "{0}: waits for its own thread, whose request waits for files that do not answer; the guest''s memory"
                                + " stays mapped until they do",
                        name);
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public int inFlight() {
        return queue.inFlight();
    }

    @Override
    public long looksThatFound() {
        return poller.found();
    }

    @Override
    public long looksInVain() {
        return poller.inVain();
    }

    /** Whether chains are taken while the queue runs. A new queue is not enabled. */
    public void enable(boolean enable) {
        queue.enable(enable);
    }

    /**
     * Sets how long the thread looks at the ring of a queue that is awaited before it sleeps. A new queue sleeps at
     * once.
     */
    public void polling(Polling polling) {
        poller.use(polling);
        queue.polled(polling.mostNanos() > 0);
    }

    /** Makes the queue look at its ring, as a kick does. */
    public void kick() {
        doorbell.ring();
    }

    /** Sets the eventfd with which the driver kicks, and owns it; null if it never kicks: then the ring is polled. */
    public void kickDescriptor(@Nullable Descriptor descriptor) {
        doorbell.replace(descriptor);
    }

    /** Sets the eventfd that interrupts the driver, and owns it; null for none. */
    public void callDescriptor(@Nullable Descriptor descriptor) {
        call.replace(descriptor);
    }

    /**
     * Sets who interrupts the driver in place of an eventfd, when the queue asks for it. Told on any thread; does not
     * wait or throw.
     */
    public void onCall(Runnable interrupt) {
        call.listener(interrupt);
    }

    /** Sets who is told, in place of an eventfd, that the queue failed. Told on any thread; does not wait or throw. */
    public void onError(Runnable failed) {
        error.listener(failed);
    }

    /** Sets the eventfd that is signalled when the queue fails, and owns it; null for none. */
    public void errorDescriptor(@Nullable Descriptor descriptor) {
        error.replace(descriptor);
    }

    /**
     * Stops the queue if it runs, and closes its descriptors. If it cannot be stopped, the memory that it uses stays
     * mapped, and what its thread waits for stays open as long as that lives.
     */
    @Override
    public void close() {
        Teardown all = new Teardown();
        all.step(this::stop);
        if (thread == null) {
            all.step(() -> memory.detach(queue));
        }
        if (thread == null || !thread.isAlive()) {
            all.step(doorbell::close);
        }
        all.step(call::close);
        all.step(error::close);
        all.finish();
    }
}
