package dev.oriel.vhostuser.wire;

import dev.oriel.socket.ProtocolViolation;
import org.jspecify.annotations.Nullable;

/**
 * What a front-end asks of a back-end, with the bounds of each message (vhost-user protocol, "Front-end message
 * types"). Requests that no feature we offer allows are unknown to us.
 */
public enum FrontendRequest {
    GET_FEATURES(1, 0, 0, 0, 0),
    SET_FEATURES(2, 8, 8, 0, 0),
    SET_OWNER(3, 0, 0, 0, 0),
    RESET_OWNER(4, 0, 0, 0, 0),
    /** User-mode Linux sends room for more regions than there are. */
    SET_MEM_TABLE(5, 8, PayloadLayout.TABLE_MAX_SIZE, 0, PayloadLayout.TABLE_MAX_REGIONS),
    SET_VRING_NUM(8, 8, 8, 0, 0),
    SET_VRING_ADDR(9, PayloadLayout.VRING_ADDR_SIZE, PayloadLayout.VRING_ADDR_SIZE, 0, 0),
    SET_VRING_BASE(10, 8, 8, 0, 0),
    GET_VRING_BASE(11, 8, 8, 0, 0),
    SET_VRING_KICK(12, 8, 8, 0, 1),
    SET_VRING_CALL(13, 8, 8, 0, 1),
    SET_VRING_ERR(14, 8, 8, 0, 1),
    GET_PROTOCOL_FEATURES(15, 0, 0, 0, 0),
    SET_PROTOCOL_FEATURES(16, 8, 8, 0, 0),
    GET_QUEUE_NUM(17, 0, 0, 0, 0),
    SET_VRING_ENABLE(18, 8, 8, 0, 0),
    SET_BACKEND_REQ_FD(21, 0, 8, 1, 1),
    GET_CONFIG(24, PayloadLayout.CONFIG_BYTES, PayloadLayout.CONFIG_BYTES + PayloadLayout.CONFIG_MAX_SIZE, 0, 0),
    SET_CONFIG(25, PayloadLayout.CONFIG_BYTES, PayloadLayout.CONFIG_BYTES + PayloadLayout.CONFIG_MAX_SIZE, 0, 0),
    RESET_DEVICE(34, 0, 0, 0, 0),
    GET_MAX_MEM_SLOTS(36, 0, 0, 0, 0),
    ADD_MEM_REG(37, PayloadLayout.SINGLE_REGION_SIZE, PayloadLayout.SINGLE_REGION_SIZE, 1, 1),
    /** Some front-ends send a descriptor that nobody needs. */
    REM_MEM_REG(38, PayloadLayout.SINGLE_REGION_SIZE, PayloadLayout.SINGLE_REGION_SIZE, 0, 1),
    SET_STATUS(39, 8, 8, 0, 0),
    GET_STATUS(40, 0, 0, 0, 0),
    GET_SHMEM_CONFIG(44, 0, 0, 0, 0);

    private static final @Nullable FrontendRequest[] BY_NUMBER = new FrontendRequest[45];

    static {
        for (FrontendRequest request : values()) {
            BY_NUMBER[request.number] = request;
        }
    }

    private final int number;
    private final int minSize;
    private final int maxSize;
    private final int minDescriptors;
    private final int maxDescriptors;

    FrontendRequest(int number, int minSize, int maxSize, int minDescriptors, int maxDescriptors) {
        this.number = number;
        this.minSize = minSize;
        this.maxSize = maxSize;
        this.minDescriptors = minDescriptors;
        this.maxDescriptors = maxDescriptors;
    }

    /** The request with a number, or null. */
    public static @Nullable FrontendRequest of(int number) {
        return number >= 0 && number < BY_NUMBER.length ? BY_NUMBER[number] : null;
    }

    /** The number that stands in the header. */
    public int number() {
        return number;
    }

    /** Refuses a message that is too short or too long, or has too few or too many descriptors, to be this request. */
    public void check(VhostUserChannel message) throws ProtocolViolation {
        int size = message.size();
        if (size < minSize || size > maxSize) {
            throw new ProtocolViolation("%s of %d bytes instead of %s".formatted(this, size, range(minSize, maxSize)));
        }
        int descriptors = message.descriptors().count();
        if (descriptors < minDescriptors || descriptors > maxDescriptors) {
            throw new ProtocolViolation("%s with %d file descriptors instead of %s"
                    .formatted(this, descriptors, range(minDescriptors, maxDescriptors)));
        }
    }

    private static String range(int min, int max) {
        return min == max ? Integer.toString(min) : min + " to " + max;
    }
}
