package dev.oriel.vhostuser.wire;

/**
 * What a back-end asks of a front-end, on the back-end channel (vhost-user protocol, "Back-end message types"): numbers
 * of the header.
 */
public final class BackendRequest {
    /** The configuration space has changed. */
    public static final int CONFIG_CHANGE = 2;

    /** Map a part of a file, whose descriptor comes along, into a shared memory region. */
    public static final int SHMEM_MAP = 9;

    /** Take a mapping away. */
    public static final int SHMEM_UNMAP = 10;

    private BackendRequest() {}
}
