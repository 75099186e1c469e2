package dev.oriel.bus.pci;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * The ISR status: why the device interrupted, for a driver that does not use MSI-X (virtio 1.4, section 4.1.4.5).
 * Reading it clears it. Any thread.
 */
final class IsrStatus {
    private static final int QUEUE = 1;
    private static final int CONFIGURATION = 2;

    private final AtomicInteger causes = new AtomicInteger();

    void usedBuffers() {
        causes.getAndAccumulate(QUEUE, (all, more) -> all | more);
    }

    void configurationChanged() {
        causes.getAndAccumulate(CONFIGURATION, (all, more) -> all | more);
    }

    int take() {
        return causes.getAndSet(0);
    }
}
