package dev.oriel.virtio.queue;

import dev.oriel.linux.Failure;
import dev.oriel.virtio.memory.GuestMemory;
import dev.oriel.virtio.memory.GuestMemoryTable;
import dev.oriel.virtio.memory.GuestMemoryUser;
import dev.oriel.virtio.memory.GuestRegion;
import dev.oriel.virtio.memory.InvalidSetupException;
import dev.oriel.virtio.ring.QueueSetup;
import dev.oriel.virtio.ring.Ring;
import java.lang.System.Logger.Level;
import org.jspecify.annotations.Nullable;

/**
 * The chains of one queue: taken from its ring, in flight, given back.
 *
 * <p>One thread takes, any thread completes. All of it is under one lock of the queue, held for as long as it takes to
 * walk one chain or to publish some, never while a device works or an eventfd is written. Chains are pooled: nothing is
 * allocated once as many exist as were ever in flight at once.
 *
 * <p>What the taking thread completes itself is published together with what follows at once, see {@link #next()}; what
 * others complete is published immediately.
 */
final class Virtqueue implements GuestMemoryUser {
    private static final System.Logger LOGGER = System.getLogger("dev.oriel.virtio");

    /**
     * So many chains are given back at once at most. With more, a driver that keeps few in flight has nothing to do
     * while they are served, and the device nothing while the driver sees to them.
     */
    private static final int BATCH = 4;

    private final String name;
    private final Doorbell doorbell;
    private final EventSink call;
    private final EventSink error;
    private final GuestMemoryTable table;
    private final Object lock = new Object();
    private volatile boolean polled;

    // Guarded by the lock.
    private GuestMemory memory = GuestMemory.EMPTY;
    private @Nullable Ring ring;
    private boolean resolved;
    private boolean enabled;
    private boolean stopping;
    private boolean broken;

    /**
     * A page of the ring was gone when something was given back: nothing is, and nothing is taken, until the queue
     * starts again.
     */
    private boolean lost;

    /** Nothing is taken before a chain is completed: those in flight have as many pieces as they may. */
    private boolean full;

    /** What {@link #take} found wrong, until it can be said without the lock. */
    private @Nullable String fault;

    /**
     * What {@link #next} has taken last, until it is called again: compiled code may learn that memory is gone when it
     * has taken a chain and nobody knows of it yet.
     */
    private @Nullable QueuedChain last;

    private @Nullable Thread taker;
    private ChainPool chains = new ChainPool(this, lock, 0);

    Virtqueue(String name, GuestMemoryTable table, Doorbell doorbell, EventSink call, EventSink error) {
        this.name = name;
        this.table = table;
        this.doorbell = doorbell;
        this.call = call;
        this.error = error;
    }

    /**
     * Begins with a ring.
     *
     * @param thread who calls {@link #next()}
     * @throws InvalidSetupException if the ring is none or not in memory
     */
    void start(QueueSetup setup, Thread thread) throws InvalidSetupException {
        Ring opened = setup.open();
        synchronized (lock) {
            if (!opened.resolve(memory)) {
                throw new InvalidSetupException(
                        "a ring whose parts are not all in guest memory, each in one region and aligned: 0x%x, 0x%x and 0x%x"
                                .formatted(setup.descriptors(), setup.driver(), setup.device()));
            }
            if (chains.size() != setup.size()) {
                chains = new ChainPool(this, lock, setup.size());
            }
            ring = opened;
            resolved = true;
            stopping = false;
            broken = false;
            lost = false;
            full = false;
            taker = thread;
        }
    }

    /** Whether a thread looks for work in it while there is none. */
    boolean polled() {
        return polled;
    }

    void polled(boolean poll) {
        polled = poll;
    }

    /** Lets the ring be served, or not. */
    void enable(boolean enable) {
        synchronized (lock) {
            enabled = enable;
        }
        doorbell.ring();
    }

    @Override
    public void use(GuestMemory snapshot) {
        boolean before;
        boolean after = false;
        synchronized (lock) {
            memory = snapshot;
            before = resolved;
            Ring current = ring;
            if (current != null) {
                after = current.resolve(snapshot);
                resolved = after;
            }
        }
        if (before && !after) {
            LOGGER.log(Level.WARNING, "{0}: its ring is not in guest memory any more; waits until it is again", name);
        } else if (after && !before) {
            doorbell.ring();
        }
    }

    /** Whether a chain in flight has a buffer in a region. */
    @Override
    public boolean uses(GuestRegion region) {
        synchronized (lock) {
            return chains.use(region);
        }
    }

    /** Served, found in memory, and sound. */
    private @Nullable Ring runnable() {
        return enabled && resolved && !stopping && !broken && !lost && !full ? ring : null;
    }

    /**
     * Takes the next chain. Before it answers null, before a chain that moves much, and at every {@link #BATCH}th, it
     * gives back what was completed meanwhile.
     *
     * @return null if there is none
     */
    @Nullable
    QueuedChain next() {
        QueuedChain chain = null;
        boolean interrupt = false;
        String wrong;
        try {
            synchronized (lock) {
                last = null;
                Ring current = runnable();
                chain = current == null ? null : take(current);
                if (chain == null || chains.pending() >= BATCH || (chains.pending() > 0 && chain.isBulk())) {
                    interrupt = publish();
                }
                wrong = fault;
                fault = null;
            }
        } catch (InternalError gone) {
            abandon();
            fail(Failure.reason(gone));
            return null;
        }
        if (interrupt) {
            call.signal();
        }
        if (wrong != null) {
            fail(wrong);
        }
        if (chain != null && chain.faulty()) {
            table.tellOfFault(name, chain.faultAddress());
        }
        return chain;
    }

    private @Nullable QueuedChain take(Ring current) {
        if (!chains.haveRoom()) {
            full = true;
            return null;
        }
        QueuedChain chain = chains.obtain();
        if (chain == null) {
            if (current.available()) {
                fault = "more chains than the ring has descriptors";
            }
            return null;
        }
        int before = chain.capacity();
        int outcome;
        try {
            outcome = current.take(chain, memory);
        } finally {
            chains.grown(chain.capacity() - before);
        }
        if (outcome == Ring.TAKEN) {
            chain.turn++;
            chain.held = false;
            last = chain;
            chain.inFlight = true;
            return chain;
        }
        chains.free(chain);
        if (outcome == Ring.BROKEN) {
            fault = String.valueOf(current.fault());
        }
        return null;
    }

    /**
     * Gives back what was completed; answers whether the driver wants to be told. A chain is free when the driver can
     * see it, not before: if a page of the ring is gone, all stay where they are, and nothing is given back any more.
     */
    private boolean publish() {
        Ring current = ring;
        if (chains.pending() == 0 || current == null || !resolved || lost) {
            return false;
        }
        try {
            return chains.publish(current);
        } catch (InternalError gone) {
            lost = true;
            throw gone;
        }
    }

    /** Gives back what the taking thread has completed, before it does what may take long. For the taking thread. */
    void giveBack() {
        // only this thread makes it more than 0 for longer than it holds the lock
        if (chains.pending() == 0) {
            return;
        }
        boolean interrupt;
        try {
            synchronized (lock) {
                interrupt = publish();
            }
        } catch (InternalError gone) {
            fail(Failure.reason(gone));
            return;
        }
        if (interrupt) {
            call.signal();
        }
    }

    void complete(QueuedChain chain, int written) {
        int turn = chain.turn;
        boolean interrupt = false;
        boolean outdated;
        try {
            synchronized (lock) {
                if (!chain.inFlight) {
                    throw new IllegalStateException("a chain of " + name + " was completed twice");
                }
                outdated = chain.isOlderThan(memory);
                chain.written = written;
                settle(chain);
                if (!Thread.currentThread().equals(taker) || stopping) {
                    interrupt = publish();
                }
            }
        } catch (InternalError gone) {
            // the JVM may have said so before anything was done
            abandon(chain, turn);
            fail(Failure.reason(gone));
            return;
        }
        if (interrupt) {
            call.signal();
        }
        if (outdated) {
            table.reclaim();
        }
    }

    private void settle(QueuedChain chain) {
        chains.settle(chain);
        if (stopping) {
            lock.notifyAll();
        }
        if (full) {
            full = false;
            doorbell.ring();
        }
    }

    /**
     * Gives back, with nothing written, the chain that was taken last: its handler failed on it, or never got it. Does
     * nothing if it was completed, or is held by others. For the taking thread.
     */
    void abandon() {
        QueuedChain chain;
        synchronized (lock) {
            chain = last;
        }
        if (chain != null && !chain.held) {
            abandon(chain, chain.turn);
        }
    }

    private void abandon(QueuedChain chain, int turn) {
        boolean interrupt;
        synchronized (lock) {
            if (!chain.inFlight || chain.turn != turn) {
                return;
            }
            chain.written = 0;
            settle(chain);
            interrupt = publishIfThere();
        }
        if (interrupt) {
            call.signal();
        }
        table.reclaim();
    }

    /** As {@link #publish()}, for a queue that has ended, whose memory may be gone already. */
    private boolean publishIfThere() {
        try {
            return publish();
        } catch (InternalError gone) {
            return false;
        }
    }

    void disableNotifications() {
        synchronized (lock) {
            Ring current = runnable();
            if (current != null) {
                current.disableNotifications();
            }
        }
    }

    /** Whether there is something to take. */
    boolean available() {
        synchronized (lock) {
            Ring current = runnable();
            return current != null && current.available();
        }
    }

    /** Whether the driver was told of what it has, and has not asked to be told again since. */
    boolean unanswered() {
        synchronized (lock) {
            Ring current = runnable();
            try {
                return current != null && current.unanswered();
            } catch (InternalError gone) {
                // whoever looks at the ring next says so
                return false;
            }
        }
    }

    /** Tells a driver that is {@link #unanswered} once more; answers whether it was. */
    boolean remind() {
        synchronized (lock) {
            Ring current = ring;
            if (current == null || !unanswered()) {
                return false;
            }
            current.reminded();
        }
        call.signal();
        return true;
    }

    /** Asks to be kicked; answers whether there is something to take already. */
    boolean enableNotifications() {
        synchronized (lock) {
            Ring current = runnable();
            return current != null && current.enableNotifications();
        }
    }

    /** Chains that are taken and not completed, as far as the caller can see. Any thread; takes no lock. */
    int inFlight() {
        return chains.inFlight();
    }

    /** The queue is of no use any more: says so once, to the log and to the front-end. Other queues go on. */
    void fail(String why) {
        synchronized (lock) {
            if (broken) {
                return;
            }
            broken = true;
        }
        try {
            LOGGER.log(Level.ERROR, "{0}: stopped, the driver has to reset the device: {1}", name, why);
        } finally {
            error.signal();
        }
    }

    /** Whether {@link #fail} was called since the start. */
    boolean failed() {
        synchronized (lock) {
            return broken;
        }
    }

    /** No chain is taken from now on. */
    void close() {
        synchronized (lock) {
            stopping = true;
        }
        doorbell.ring();
    }

    /**
     * Waits until all chains are completed, and leaves the ring.
     *
     * @param meanwhile called again and again while it waits, without the lock of the queue
     * @return where the ring stands
     */
    int leave(Runnable meanwhile) {
        chains.awaitCompletion(name, meanwhile);
        boolean interrupt;
        int base;
        synchronized (lock) {
            Ring current = ring;
            interrupt = publishIfThere();
            base = current == null ? 0 : current.base();
            // what could not be given back is gone with the ring; and a failure may have come between two of the lists
            chains.freeAll();
            ring = null;
            resolved = false;
            last = null;
            taker = null;
        }
        if (interrupt) {
            call.signal();
        }
        return base;
    }
}
