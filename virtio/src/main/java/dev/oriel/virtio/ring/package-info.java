/**
 * Rings in memory, split and packed, both ends: {@link Ring} is the device's, {@link DriverRing} the driver's, and the
 * layouts are written down once for both. Has no threads, no descriptors and no locks; the caller brings the thread.
 * Calls guest memory only.
 */
package dev.oriel.virtio.ring;
