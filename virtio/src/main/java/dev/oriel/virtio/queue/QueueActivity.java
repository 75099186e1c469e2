package dev.oriel.virtio.queue;

/** What one queue does, for those who watch it. Any thread. */
public interface QueueActivity {
    /** Chains that are taken and not completed. */
    int inFlight();

    /** How often the thread of the queue looked at its ring before it would have slept, and found something. */
    long looksThatFound();

    /** How often it looked, found nothing and slept. */
    long looksInVain();
}
