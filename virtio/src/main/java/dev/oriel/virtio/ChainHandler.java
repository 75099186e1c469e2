package dev.oriel.virtio;

/** Takes the descriptor chains of one virtqueue. */
@FunctionalInterface
public interface ChainHandler {

    /**
     * Serves one chain. Called on the queue's own thread, one chain at a time.
     *
     * <p>The handler owns the chain until it calls {@link DescriptorChain#complete}, here or later and on any thread; every chain is
     * completed exactly once. It does not wait: whoever waits here holds up the queue. What it completes here is given
     * back together with what follows at once; before something that may take long it calls
     * {@link DescriptorChain#giveBackOthers}. A chain that is to be completed later it
     * {@link DescriptorChain#hold holds}. If it throws, the queue stops, and completes the chain unless that is held.
     */
    void handle(DescriptorChain chain);
}
