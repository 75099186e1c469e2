package dev.oriel.bus;

/** The feature bits that concern a bus and not its rings (virtio 1.4, section 6). Masks, not bit numbers. */
public final class BusFeatures {
    /** The addresses of the driver are those of a platform with address translation, and DMA is restricted. */
    public static final long ACCESS_PLATFORM = 1L << 33;

    /** A queue can be reset by itself, see {@link DeviceQueue#reset}. PCI and MMIO only. */
    public static final long RING_RESET = 1L << 40;

    private BusFeatures() {}
}
