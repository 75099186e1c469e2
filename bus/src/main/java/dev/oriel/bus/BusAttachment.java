package dev.oriel.bus;

/**
 * How a device is attached to its bus: what its {@link BasicFacilities} ask of it.
 *
 * <p>Notifications come from any thread, those of the queues above all. They do not wait and do not throw, and hold no
 * lock that somebody needs who waits for a queue.
 */
public interface BusAttachment {

    /** Tells the driver that a queue has used buffers (used buffer notification, virtio 1.4, section 2.3). */
    void notifyUsedBuffer(int queue);

    /** Tells the driver to look at the status and the configuration (configuration change notification). */
    void notifyConfigurationChange();

    /**
     * The device was reset: nothing runs, the status is 0. The bus forgets what it keeps for the driver, such as
     * interrupt causes, vectors or indicators. On the control thread.
     */
    void deviceReset();
}
