package dev.oriel.vhostuser.wire;

/**
 * The protocol features of vhost-user that we know, as masks. The feature bit {@link #FEATURE} of the device says that
 * there are any.
 */
public final class ProtocolFeatures {
    /**
     * VHOST_USER_F_PROTOCOL_FEATURES: a bit of the device's features, used by no device. Without it there are no
     * protocol features.
     */
    public static final long FEATURE = 1L << 30;

    /** More queues than one; the front-end may ask how many. */
    public static final long MQ = 1L;

    /** A message may ask to be answered. */
    public static final long REPLY_ACK = 1L << 3;

    /** A second channel on which the back-end asks. */
    public static final long BACKEND_REQ = 1L << 5;

    /** The back-end has the configuration space. */
    public static final long CONFIG = 1L << 9;

    /** The back-end sends descriptors along with its requests. */
    public static final long BACKEND_SEND_FD = 1L << 10;

    /** RESET_DEVICE. */
    public static final long RESET_DEVICE = 1L << 13;

    /** Memory regions come and go one by one. */
    public static final long CONFIGURE_MEM_SLOTS = 1L << 15;

    /** The front-end passes the device status. */
    public static final long STATUS = 1L << 16;

    /**
     * Addresses of rings and regions are the guest's (QEMU 11.1). Nothing changes for us: an address of a ring is
     * looked up by what the front-end calls its regions. One VMM, alioth, means {@link #SHMEM} with this bit, and does
     * not know the other.
     */
    public static final long GPA_ADDRESSES = 1L << 21;

    /** The back-end fills shared memory regions of the device. */
    public static final long SHMEM = 1L << 22;

    private ProtocolFeatures() {}
}
