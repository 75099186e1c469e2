package dev.oriel.bus;

/** The feature bits that concern a bus and not its rings (virtio 1.4, section 6). Masks, not bit numbers. */
public final class BusFeatures {
    /** The addresses of the driver are those of a platform with address translation, and DMA is restricted. */
    public static final long ACCESS_PLATFORM = 1L << 33;

    private BusFeatures() {}
}
