/**
 * A virtio device as a PCI function: {@link PciFunction} answers accesses, {@link PciTransport} makes them, and {@link
 * PciRegisters} is what both have to agree on. Calls the bus and virtio; vfio-user calls the function.
 */
package dev.oriel.bus.pci;
