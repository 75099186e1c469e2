package dev.oriel.virtio.ring;

import dev.oriel.virtio.memory.GuestMemory;
import dev.oriel.virtio.memory.InvalidSetupException;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * What a queue starts with. Addresses are the front-end's (user addresses).
 *
 * @param size the number of descriptors, 1 to 32768
 * @param descriptors where the descriptors are
 * @param driver the driver area: the available ring (split) or the driver's event suppression (packed)
 * @param device the device area: the used ring (split) or the device's event suppression (packed)
 * @param base where the ring stands, as vhost-user's SET_VRING_BASE says it: the next index of the available ring
 *     (split); position and wrap counter for available descriptors in bits 0 to 15, for used ones in bits 16 to 31
 *     (packed)
 * @param features the negotiated bits of {@link RingFeatures}
 */
public record QueueSetup(int size, long descriptors, long driver, long device, int base, long features) {
    /** The most descriptors that a ring can have (virtio 1.4, sections 2.7 and 2.8). */
    public static final int MAX_SIZE = 32768;

    boolean has(long feature) {
        return (features & feature) != 0;
    }

    /** A ring that is new to both sides. */
    public Ring open() throws InvalidSetupException {
        if (size < 1 || size > MAX_SIZE) {
            throw new InvalidSetupException(
                    "a ring of " + Integer.toUnsignedString(size) + " descriptors: not 1 to " + MAX_SIZE);
        }
        if (!has(RingFeatures.VERSION_1)) {
            throw new InvalidSetupException("a ring of a legacy driver, one that did not accept the feature VERSION_1");
        }
        return has(RingFeatures.RING_PACKED) ? new PackedRing(this) : new SplitRing(this);
    }

    /** The part of a ring at a user address; null if it is not all in one region or not aligned. */
    static @Nullable MemorySegment find(GuestMemory memory, long userAddress, long length, int alignment) {
        MemorySegment found = memory.findUser(userAddress, length);
        return found == null || found.address() % alignment != 0 ? null : found;
    }
}
