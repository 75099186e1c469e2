/**
 * What the buses have in common: {@link BasicFacilities}, the device's end of status, features, queues, configuration
 * and region, and {@link BusTransport}, the driver's. Calls virtio; the buses inside this package, vfio-user and tests
 * call it.
 */
package dev.oriel.bus;
