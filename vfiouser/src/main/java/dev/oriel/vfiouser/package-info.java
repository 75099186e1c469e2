/**
 * The server's end of vfio-user: {@link VfioUserConnection} gives a PCI function of {@code bus.pci} to a VMM. Calls
 * messages over sockets, the bus and virtio; the command line calls it.
 */
package dev.oriel.vfiouser;
