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
 * The device's end of a packed ring (virtio 1.4, section 2.8). Little endian.
 *
 *
 * <p>Both sides go round the same ring. A descriptor is available if its AVAIL flag is the driver's wrap counter and
 * its USED flag is not; the device marks the first descriptor of a chain as used by setting both to its own wrap
 * counter, and skips the others.
 *
 * <p>Stores are plain ones with fences beside them, for the reason given at {@link SplitRing}.
 */
final class PackedRing implements Ring {

    /** No off_wrap. */
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
    private final boolean eventIndex;
    private final boolean indirect;

    private MemorySegment ring = MemorySegment.NULL;
    private MemorySegment driverEvent = MemorySegment.NULL;
    private MemorySegment deviceEvent = MemorySegment.NULL;

    private int nextAvail;
    private boolean availWrap;
    private int nextUsed;
    private boolean usedWrap;
    /** Slots of the ring that were taken and not given back. */
    private int outstanding;
    /** Slots given back since the driver was last told. */
    private int untold;
    /** What the driver asked for when it was told last, {@link #NONE} if it need not answer. */
    private int unansweredEvent = NONE;

    /** Whether the ring's place in memory was found once. */
    private boolean known;

    private @Nullable String fault;

    PackedRing(QueueSetup setup) throws InvalidSetupException {
        this.setup = setup;
        size = setup.size();
        eventIndex = setup.has(RingFeatures.EVENT_IDX);
        indirect = setup.has(RingFeatures.INDIRECT_DESC);
        nextAvail = setup.base() & RingLayout.WRAP - 1;
        availWrap = (setup.base() & RingLayout.WRAP) != 0;
        nextUsed = setup.base() >>> 16 & RingLayout.WRAP - 1;
        usedWrap = (setup.base() >>> 16 & RingLayout.WRAP) != 0;
        if (nextAvail >= size || nextUsed >= size) {
            throw new InvalidSetupException(
                    "a packed ring of %d descriptors that begins at 0x%x".formatted(size, setup.base()));
        }
    }

    @Override
    public boolean resolve(GuestMemory memory) {
        MemorySegment foundRing = QueueSetup.find(
                memory, setup.descriptors(), RingLayout.descriptorsSize(size), RingLayout.DESCRIPTOR_ALIGNMENT);
        MemorySegment foundDriver =
                QueueSetup.find(memory, setup.driver(), RingLayout.EVENT_SIZE, RingLayout.EVENT_ALIGNMENT);
        MemorySegment foundDevice =
                QueueSetup.find(memory, setup.device(), RingLayout.EVENT_SIZE, RingLayout.EVENT_ALIGNMENT);
        if (foundRing == null || foundDriver == null || foundDevice == null) {
            return false;
        }
        ring = foundRing;
        driverEvent = foundDriver;
        deviceEvent = foundDevice;
        if (!known) {
            known = true;
            beginFresh();
        }
        return true;
    }

    /**
     * A fresh ring begins at {@link RingLayout#PACKED_START}, with both wrap counters set. Front-ends that know only
     * split rings (user-mode Linux) say 0 instead. A ring that truly stands there was gone round once by the device,
     * which marked its first descriptor as used.
     */
    private void beginFresh() {
        int flags = (short) SHORT.getAcquire(ring, RingLayout.PACKED_FLAGS) & 0xffff;
        if (setup.base() == 0 && (flags & RingLayout.DESC_F_USED) == 0) {
            availWrap = true;
            usedWrap = true;
        }
    }

    @Override
    public boolean available() {
        return available((short)
                        SHORT.getAcquire(ring, (long) RingLayout.DESCRIPTOR_SIZE * nextAvail + RingLayout.PACKED_FLAGS)
                & 0xffff);
    }

    private boolean available(int flags) {
        return (flags & RingLayout.DESC_F_AVAIL) != 0 == availWrap
                && (flags & RingLayout.DESC_F_USED) != 0 != availWrap;
    }

    @Override
    public int take(DescriptorChain chain, GuestMemory memory) {
        long at = (long) RingLayout.DESCRIPTOR_SIZE * nextAvail;
        int flags = (short) SHORT.getAcquire(ring, at + RingLayout.PACKED_FLAGS) & 0xffff;
        if (!available(flags)) {
            return EMPTY;
        }
        chain.begin(memory);
        chain.slots = 0;
        while (true) {
            if (chain.slots + outstanding == size) {
                return broken("chains with more descriptors than the ring (virtio 1.4, 2.8.19)");
            }
            chain.slots++;
            long address = ring.get(DESC_LONG, at + RingLayout.ADDRESS);
            int length = ring.get(DESC_INT, at + RingLayout.LENGTH);
            // the id of a chain is that of its last descriptor (2.8.6)
            chain.id = ring.get(DESC_SHORT, at + RingLayout.PACKED_ID) & 0xffff;
            String wrong = (flags & RingLayout.DESC_F_INDIRECT) != 0
                    ? walkIndirect(chain, memory, flags, address, length)
                    : chain.append(address, length, (flags & RingLayout.DESC_F_WRITE) != 0);
            if (wrong != null) {
                return broken(wrong);
            }
            nextAvail++;
            if (nextAvail == size) {
                nextAvail = 0;
                availWrap = !availWrap;
            }
            if ((flags & RingLayout.DESC_F_NEXT) == 0) {
                outstanding += chain.slots;
                return TAKEN;
            }
            at = (long) RingLayout.DESCRIPTOR_SIZE * nextAvail;
            flags = ring.get(DESC_SHORT, at + RingLayout.PACKED_FLAGS) & 0xffff;
        }
    }

    /** All descriptors of an indirect table belong to the chain, in order; of their flags only WRITE counts (2.8.7). */
    private @Nullable String walkIndirect(
            DescriptorChain chain, GuestMemory memory, int headFlags, long tableAddress, int tableLength) {
        if (!indirect) {
            return "an indirect table without the feature INDIRECT_DESC (virtio 1.4, 2.8.7)";
        }
        if ((headFlags & RingLayout.DESC_F_NEXT) != 0 || chain.slots != 1) {
            return "an indirect table in a chain of descriptors (virtio 1.4, 2.8.19)";
        }
        if (tableLength <= 0 || tableLength % RingLayout.DESCRIPTOR_SIZE != 0 || tableLength > INDIRECT_BYTES_LIMIT) {
            return "an indirect table that is empty, not whole descriptors, or too long (virtio 1.4, 2.8.7)";
        }
        GuestRegion region = memory.find(tableAddress);
        if (region == null
                || region.isWindow()
                || tableLength > region.size() - (tableAddress - region.guestAddress())) {
            // the id is known, so the chain can still be completed
            chain.lose(tableAddress);
            return null;
        }
        MemorySegment table = region.memory();
        long at = tableAddress - region.guestAddress();
        int entries = tableLength / RingLayout.DESCRIPTOR_SIZE;
        for (int i = 0; i < entries; i++, at += RingLayout.DESCRIPTOR_SIZE) {
            long address = table.get(DESC_LONG, at + RingLayout.ADDRESS);
            int length = table.get(DESC_INT, at + RingLayout.LENGTH);
            int flags = table.get(DESC_SHORT, at + RingLayout.PACKED_FLAGS) & 0xffff;
            if ((flags & RingLayout.DESC_F_INDIRECT) != 0) {
                return "an indirect table in an indirect table (virtio 1.4, 2.8.19)";
            }
            String wrong = chain.append(address, length, (flags & RingLayout.DESC_F_WRITE) != 0);
            if (wrong != null) {
                return wrong;
            }
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
        long at = (long) RingLayout.DESCRIPTOR_SIZE * nextUsed;
        SHORT.set(ring, at + RingLayout.PACKED_ID, (short) chain.id);
        INT.set(ring, at + RingLayout.LENGTH, written);
        int flags = (usedWrap ? RingLayout.DESC_F_AVAIL | RingLayout.DESC_F_USED : 0)
                | (written > 0 ? RingLayout.DESC_F_WRITE : 0);
        VarHandle.releaseFence();
        SHORT.set(ring, at + RingLayout.PACKED_FLAGS, (short) flags);
        outstanding -= chain.slots;
        untold += chain.slots;
        nextUsed += chain.slots;
        if (nextUsed >= size) {
            nextUsed -= size;
            usedWrap = !usedWrap;
        }
    }

    @Override
    public boolean publish() {
        int given = untold;
        untold = 0;
        // between publishing descriptors and reading what the driver asks for: it does the same in the other order
        // (2.8.21.3)
        VarHandle.fullFence();
        int flags = (short) SHORT.getAcquire(driverEvent, RingLayout.EVENT_FLAGS) & RingLayout.EVENT_FLAGS_MASK;
        if (flags != RingLayout.EVENT_DESC || !eventIndex) {
            return flags != RingLayout.EVENT_DISABLE;
        }
        int event = (short) SHORT.getOpaque(driverEvent, RingLayout.EVENT_OFF_WRAP) & 0xffff;
        int offset = event & ~RingLayout.WRAP;
        boolean wrap = (event & RingLayout.WRAP) != 0;
        // how many slots ago the wanted one was given back; negative if that is still to come
        int ago = nextUsed - 1 - offset + (wrap == usedWrap ? 0 : size);
        boolean wanted = ago >= 0 && ago < given;
        if (wanted) {
            unansweredEvent = event;
        }
        return wanted;
    }

    @Override
    public boolean unanswered() {
        return ((short) SHORT.getOpaque(driverEvent, RingLayout.EVENT_FLAGS) & RingLayout.EVENT_FLAGS_MASK)
                        == RingLayout.EVENT_DESC
                && ((short) SHORT.getOpaque(driverEvent, RingLayout.EVENT_OFF_WRAP) & 0xffff) == unansweredEvent;
    }

    @Override
    public void reminded() {
        unansweredEvent = NONE;
    }

    @Override
    public void disableNotifications() {
        SHORT.set(deviceEvent, RingLayout.EVENT_FLAGS, (short) RingLayout.EVENT_DISABLE);
    }

    @Override
    public boolean enableNotifications() {
        if (eventIndex) {
            SHORT.set(deviceEvent, RingLayout.EVENT_OFF_WRAP, (short) (nextAvail | (availWrap ? RingLayout.WRAP : 0)));
            VarHandle.releaseFence();
            SHORT.set(deviceEvent, RingLayout.EVENT_FLAGS, (short) RingLayout.EVENT_DESC);
        } else {
            SHORT.set(deviceEvent, RingLayout.EVENT_FLAGS, (short) RingLayout.EVENT_ENABLE);
        }
        VarHandle.fullFence();
        return available();
    }

    @Override
    public int base() {
        return nextAvail | (availWrap ? RingLayout.WRAP : 0) | nextUsed << 16 | (usedWrap ? RingLayout.WRAP << 16 : 0);
    }
}
