package dev.oriel.bus.pci;

import dev.oriel.linux.Descriptor;

/**
 * What a processor can do to a PCI bus: accesses to the configuration space of functions and to the addresses of their
 * BARs, and what the platform does with message-signalled interrupts. {@link PciHost} is the usual other end. Values
 * are little endian. Any thread.
 */
public interface PciBus {

    /** How many functions there are; they are numbered from 0. */
    int functions();

    /**
     * Reads the configuration space of a function.
     *
     * @param offset a multiple of the size, less than 256
     * @param size 1, 2 or 4 bytes
     */
    int readConfig(int function, int offset, int size);

    /** Writes the configuration space of a function, as far as it can be written. */
    void writeConfig(int function, int offset, int size, int value);

    /**
     * Reads at an address of the bus.
     *
     * @param size 1, 2 or 4 bytes
     * @return the value; all ones where no BAR is
     */
    int read(long address, int size);

    /** Writes at an address of the bus; without effect where no BAR is. */
    void write(long address, int size, int value);

    /**
     * Whether a processor can use the memory of BARs as it uses RAM. On s390 it cannot: access takes instructions of
     * its own there, and a window is of no use.
     */
    boolean memoryIsRam();

    /**
     * Has the platform signal an eventfd for each message of a vector.
     *
     * @param eventfd O_NONBLOCK, owned by the bus, which closes the one before
     */
    void attach(int function, int vector, Descriptor eventfd);

    /** Signals nothing any more for a vector. */
    void detach(int function, int vector);
}
