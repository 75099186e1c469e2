package dev.oriel.virtio.ring;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import dev.oriel.virtio.memory.GuestMemory;
import dev.oriel.virtio.memory.GuestRegion;
import dev.oriel.virtio.memory.InvalidSetupException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * The device's end of a split ring of N descriptors, N a power of two (virtio 1.4, section 2.7; {@link RingLayout}).
 *
 * <p>Stores are plain ones with fences beside them, not opaque or release ones: if the page is gone (SIGBUS), HotSpot
 * survives the former, and ends the process in an interpreted 16-bit store of the latter kind (JDK 25).
 */
final class SplitRing implements Ring {

    /** No index. */
    private static final int NONE = -1;

    private static final ValueLayout.OfLong DESC_LONG = JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt DESC_INT = JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort DESC_SHORT = JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle SHORT =
            JAVA_SHORT.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();
    private static final VarHandle INT =
            JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();

    private final QueueSetup setup;
    private final int size;
    private final int mask;
    private final boolean eventIndex;
    private final boolean indirect;
    private final long usedEvent;
    private final long availEvent;

    private MemorySegment descriptors = MemorySegment.NULL;
    private MemorySegment avail = MemorySegment.NULL;
    private MemorySegment used = MemorySegment.NULL;

    private int nextAvail;
    /** The last avail.idx that was read. */
    private int seenAvail;

    private int nextUsed;
    /** used.idx is read once, when the ring is first found: a driver may go on with a ring that another device left. */
    private boolean usedKnown;
    /** used.idx when the driver was last told. */
    private int toldUsed;

    private boolean told;
    /** What the driver asked for when it was told last, {@link #NONE} if it need not answer. */
    private int unansweredEvent = NONE;

    private @Nullable String fault;

    SplitRing(QueueSetup setup) throws InvalidSetupException {
        this.setup = setup;
        size = setup.size();
        mask = size - 1;
        if ((size & mask) != 0) {
            throw new InvalidSetupException("a split ring of " + size + " descriptors: not a power of two");
        }
        if (setup.base() >>> 16 != 0) {
            throw new InvalidSetupException(
                    "a split ring that begins at index " + Integer.toUnsignedString(setup.base()));
        }
        eventIndex = setup.has(RingFeatures.EVENT_IDX);
        indirect = setup.has(RingFeatures.INDIRECT_DESC);
        usedEvent = RingLayout.usedEvent(size);
        availEvent = RingLayout.availEvent(size);
        nextAvail = setup.base();
        seenAvail = nextAvail;
    }

    @Override
    public boolean resolve(GuestMemory memory) {
        long event = eventIndex ? RingLayout.EVENT_INDEX_SIZE : 0;
        MemorySegment foundDescriptors = QueueSetup.find(
                memory, setup.descriptors(), RingLayout.descriptorsSize(size), RingLayout.DESCRIPTOR_ALIGNMENT);
        MemorySegment foundAvail =
                QueueSetup.find(memory, setup.driver(), usedEvent + event, RingLayout.AVAIL_ALIGNMENT);
        MemorySegment foundUsed =
                QueueSetup.find(memory, setup.device(), availEvent + event, RingLayout.USED_ALIGNMENT);
        if (foundDescriptors == null || foundAvail == null || foundUsed == null) {
            return false;
        }
        descriptors = foundDescriptors;
        avail = foundAvail;
        used = foundUsed;
        if (!usedKnown) {
            nextUsed = (short) SHORT.getAcquire(used, RingLayout.RING_INDEX) & 0xffff;
            usedKnown = true;
        }
        return true;
    }

    @Override
    public boolean available() {
        return seenAvail != nextAvail || ((short) SHORT.getAcquire(avail, RingLayout.RING_INDEX) & 0xffff) != nextAvail;
    }

    @Override
    public int take(DescriptorChain chain, GuestMemory memory) {
        if (seenAvail == nextAvail) {
            int index = (short) SHORT.getAcquire(avail, RingLayout.RING_INDEX) & 0xffff;
            int ready = index - nextAvail & 0xffff;
            if (ready == 0) {
                return EMPTY;
            }
            if (ready > size) {
                return broken(
                        "the index of available buffers jumped by more than the size of the ring (virtio 1.4, 2.7.6)");
            }
            seenAvail = index;
        }
        int head =
                (short) SHORT.get(avail, RingLayout.RING_ELEMENTS + RingLayout.AVAIL_ELEMENT_SIZE * (nextAvail & mask))
                        & 0xffff;
        if (head >= size) {
            return broken("the head of a chain is not in the descriptor table (virtio 1.4, 2.7.6)");
        }
        nextAvail = nextAvail + 1 & 0xffff;
        chain.begin(memory);
        chain.id = head;
        chain.slots = 1;
        return walk(chain, memory, head);
    }

    /** Follows a chain through the descriptor table, and to its end in an indirect table if it leads there. */
    private int walk(DescriptorChain chain, GuestMemory memory, int head) {
        MemorySegment table = descriptors;
        long tableOffset = 0;
        int entries = size;
        int limit = size;
        boolean inIndirect = false;
        int index = head;
        int count = 0;
        while (true) {
            if (count == limit) {
                return broken("a chain that loops, or has more descriptors than the queue (virtio 1.4, 2.7.5)");
            }
            count++;
            long at = tableOffset + (long) RingLayout.DESCRIPTOR_SIZE * index;
            long address = table.get(DESC_LONG, at + RingLayout.ADDRESS);
            int length = table.get(DESC_INT, at + RingLayout.LENGTH);
            int flags = table.get(DESC_SHORT, at + RingLayout.SPLIT_FLAGS) & 0xffff;
            int next = table.get(DESC_SHORT, at + RingLayout.SPLIT_NEXT) & 0xffff;
            if ((flags & RingLayout.DESC_F_INDIRECT) == 0) {
                String wrong = chain.append(address, length, (flags & RingLayout.DESC_F_WRITE) != 0);
                if (wrong != null) {
                    return broken(wrong);
                }
                if ((flags & RingLayout.DESC_F_NEXT) == 0) {
                    return TAKEN;
                }
                if (next >= entries) {
                    return broken("a descriptor leads out of its table (virtio 1.4, 2.7.5)");
                }
                index = next;
                continue;
            }
            String wrong = checkIndirect(inIndirect, flags, length);
            if (wrong != null) {
                return broken(wrong);
            }
            GuestRegion region = memory.find(address);
            if (region == null || region.isWindow() || length > region.size() - (address - region.guestAddress())) {
                // the head is known, so the chain can still be completed
                chain.lose(address);
                return TAKEN;
            }
            table = region.memory();
            tableOffset = address - region.guestAddress();
            entries = length / RingLayout.DESCRIPTOR_SIZE;
            limit = count + entries;
            index = 0;
            inIndirect = true;
        }
    }

    private @Nullable String checkIndirect(boolean inIndirect, int flags, int length) {
        if (!indirect) {
            return "an indirect table without the feature INDIRECT_DESC (virtio 1.4, 2.7.5.3)";
        }
        if (inIndirect) {
            return "an indirect table in an indirect table (virtio 1.4, 2.7.5.3.1)";
        }
        if ((flags & RingLayout.DESC_F_NEXT) != 0) {
            return "a descriptor behind an indirect table (virtio 1.4, 2.7.5.3.1)";
        }
        if (length <= 0 || length % RingLayout.DESCRIPTOR_SIZE != 0 || length > INDIRECT_BYTES_LIMIT) {
            return "an indirect table that is empty, not whole descriptors, or too long (virtio 1.4, 2.7.5.3)";
        }
        return null;
    }

    private int broken(String why) {
        fault = why;
        return BROKEN;
    }

    @Override
    public @Nullable String fault() {
        return fault;
    }

    @Override
    public void use(DescriptorChain chain, int written) {
        long at = RingLayout.RING_ELEMENTS + RingLayout.USED_ELEMENT_SIZE * (nextUsed & mask);
        INT.set(used, at + RingLayout.USED_ID, chain.id);
        INT.set(used, at + RingLayout.USED_LENGTH, written);
        nextUsed = nextUsed + 1 & 0xffff;
    }

    @Override
    public boolean publish() {
        VarHandle.releaseFence();
        SHORT.set(used, RingLayout.RING_INDEX, (short) nextUsed);
        // between publishing used.idx and reading what the driver asks for: it does the same in the other order
        // (2.7.7.2)
        VarHandle.fullFence();
        if (!eventIndex) {
            return ((short) SHORT.getOpaque(avail, RingLayout.RING_FLAGS) & RingLayout.AVAIL_F_NO_INTERRUPT) == 0;
        }
        int event = (short) SHORT.getOpaque(avail, usedEvent) & 0xffff;
        boolean wanted = !told || (nextUsed - event - 1 & 0xffff) < (nextUsed - toldUsed & 0xffff);
        told = true;
        toldUsed = nextUsed;
        if (wanted) {
            unansweredEvent = event;
        }
        return wanted;
    }

    @Override
    public boolean unanswered() {
        return eventIndex && ((short) SHORT.getOpaque(avail, usedEvent) & 0xffff) == unansweredEvent;
    }

    @Override
    public void reminded() {
        unansweredEvent = NONE;
    }

    @Override
    public void disableNotifications() {
        // with event indices nothing is to be done: the driver passed the one we wrote last, and it does not come again
        // soon
        if (!eventIndex) {
            SHORT.set(used, RingLayout.RING_FLAGS, (short) RingLayout.USED_F_NO_NOTIFY);
        }
    }

    @Override
    public boolean enableNotifications() {
        if (eventIndex) {
            SHORT.set(used, availEvent, (short) nextAvail);
        } else {
            SHORT.set(used, RingLayout.RING_FLAGS, (short) 0);
        }
        VarHandle.fullFence();
        return available();
    }

    @Override
    public int base() {
        return nextAvail;
    }
}
