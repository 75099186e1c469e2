/**
 * Queues: a ring with its thread, its notifications and its chains in flight ({@link QueueWorker}) at the device's end,
 * a ring with its notifications ({@link DriverQueue}) at the driver's. Calls rings and memory; carriers of devices call
 * it.
 */
package dev.oriel.virtio.queue;
