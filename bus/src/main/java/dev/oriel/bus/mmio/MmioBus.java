package dev.oriel.bus.mmio;

/**
 * What a driver does to the registers of a device: loads and stores at an offset of the register file. A machine's
 * memory bus leads them here; {@link MmioDevice} is the usual other end.
 */
public interface MmioBus {

    /**
     * Loads from registers.
     *
     * @param offset bytes, any
     * @param size 1, 2 or 4 bytes
     * @return the value, little endian as the registers are; 0 where nothing can be read
     */
    int read(int offset, int size);

    /** Stores to registers; without effect where nothing can be written. */
    void write(int offset, int size, int value);
}
