/**
 * A virtio device as registers in memory: {@link MmioDevice} answers accesses, {@link MmioTransport} makes them, by the
 * registers of {@code MmioRegisters}. Calls the bus and virtio.
 */
package dev.oriel.bus.mmio;
