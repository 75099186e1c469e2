package dev.oriel.virtio;

/** Takes the descriptor chains of one virtqueue. */
@FunctionalInterface
public interface ChainHandler {

    /**
     * Serves one chain. Called on the queue's own thread, one chain at a time.
     *
     * <p>The handler owns the chain until it calls {@link DescriptorChain#complete}, here or later and on any thread; every chain is
     * completed exactly once. It does not wait: whoever waits here holds up the queue. If it throws, the queue stops and completes the
     * chain itself: the chain must not have been passed on.
     */
    void handle(DescriptorChain chain);
}
