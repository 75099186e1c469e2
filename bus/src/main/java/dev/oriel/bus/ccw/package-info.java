/**
 * A virtio device behind the channel subsystem of s390: {@link CcwDevice} executes channel programs, {@link
 * CcwTransport} starts them. Calls the bus and virtio.
 */
package dev.oriel.bus.ccw;
