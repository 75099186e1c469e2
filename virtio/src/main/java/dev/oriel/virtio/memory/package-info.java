/**
 * Memory that driver and device share, and who owns it: the guest's, as the device sees it ({@link GuestMemoryTable},
 * one for each connection); a driver's own ({@link DriverMemory}); a device's shared memory regions ({@link
 * SharedMemoryRegion}). Calls system calls only, and knows no rings: a queue says through {@link GuestMemoryUser} what
 * it still uses.
 */
package dev.oriel.virtio.memory;
