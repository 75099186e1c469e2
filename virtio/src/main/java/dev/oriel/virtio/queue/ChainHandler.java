package dev.oriel.virtio.queue;

import dev.oriel.virtio.ring.DescriptorChain;

/** Takes the descriptor chains of one virtqueue. */
@FunctionalInterface
public interface ChainHandler {

    /**
     * Serves one chain. Called on the queue's own thread, one chain at a time.
     *
     * <p>The handler owns the chain until it calls {@link DescriptorChain#complete}, here or later and on any thread;
     * every chain is completed exactly once. It does not wait: whoever waits here holds up the queue. What it completes
     * here is given back together with what follows at once; before something that may take long it calls {@link
     * DescriptorChain#giveBackOthers}. A chain that is to be completed later it {@link DescriptorChain#hold holds}. If
     * it throws, the queue stops, and completes the chain unless that is held.
     */
    void handle(DescriptorChain chain);

    /** A queue begins to hand its chains to this handler. {@code queue} is good for as long as anybody keeps it. */
    default void serves(QueueActivity queue) {}

    /**
     * Whether the driver waits for the chains of this queue. Those of a queue of notices are taken some at a time:
     * nobody misses anything, and the processor that their wake-ups would take is left to the queues that somebody
     * waits for.
     */
    default boolean isAwaited() {
        return true;
    }

    /**
     * The queue is about to stop: the device soon completes the chains of it that wait for somebody else, such as a
     * lock that another holds, for they could hold up the carrier for ever. Called after the queue took its last chain
     * and before the carrier waits for those in flight.
     */
    default void drain() {}
}
