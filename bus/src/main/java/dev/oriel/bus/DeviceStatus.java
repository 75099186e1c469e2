package dev.oriel.bus;

/** The bits of the device status field (virtio 1.4, section 2.1). A field of 0 is a device that was reset. */
public final class DeviceStatus {
    /** The driver has found the device. */
    public static final int ACKNOWLEDGE = 1;

    /** The driver knows how to drive it. */
    public static final int DRIVER = 2;

    /** The driver is ready: the device is live from here on. */
    public static final int DRIVER_OK = 4;

    /** Features are negotiated; the device leaves it 0 if it cannot accept what the driver accepted. */
    public static final int FEATURES_OK = 8;

    /** The device cannot go on without a reset. Only the device sets it. */
    public static final int DEVICE_NEEDS_RESET = 64;

    /** The driver has given up. */
    public static final int FAILED = 128;

    private DeviceStatus() {}
}
