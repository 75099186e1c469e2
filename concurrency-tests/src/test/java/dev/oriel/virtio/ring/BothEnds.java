package dev.oriel.virtio.ring;

import dev.oriel.virtio.memory.GuestMemory;
import dev.oriel.virtio.memory.GuestRegion;
import dev.oriel.virtio.memory.InvalidSetupException;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * A ring with its two ends, in which one chain went to the device and back. Neither end asks to be told of anything
 * now, as ends do that are at work.
 */
class BothEnds {
    private static final int SIZE = 8;
    private static final long RING = 0x10000;
    private static final long PAYLOAD = 0x20000;
    private static final int LENGTH = 16;
    private static final int FIRST = 5;
    private static final int SECOND = 6;

    static final long SPLIT = RingFeatures.VERSION_1;
    static final long SPLIT_EVENT = SPLIT | RingFeatures.EVENT_IDX;
    static final long PACKED = SPLIT | RingFeatures.RING_PACKED;
    static final long PACKED_EVENT = PACKED | RingFeatures.EVENT_IDX;

    /** What an end has found when it looks a last time before it sleeps. */
    static final int NOTHING = 0;

    static final int CHAIN = 1;

    /** A chain was seen before all of it was there. */
    static final int TORN = 2;

    private final DriverRing driver;
    private final Ring device;
    private final GuestMemory guestMemory;
    private final Chain chain = new Chain();

    private static final class Chain extends DescriptorChain {
        @Override
        public boolean isUrgent() {
            return false;
        }

        @Override
        public void hold() {}

        @Override
        public void giveBackOthers() {}

        @Override
        public void complete(int written) {}
    }

    BothEnds(long features) {
        MemorySegment memory = MemorySegment.ofArray(new long[(int) DriverRing.bytes(SIZE, features) / Long.BYTES]);
        MemorySegment payload = MemorySegment.ofArray(new long[LENGTH]);
        driver = DriverRing.create(memory, RING, SIZE, features);
        try {
            guestMemory = GuestMemory.of(List.of(
                    new GuestRegion(RING, memory.byteSize(), RING, memory, 0, false, () -> {}),
                    new GuestRegion(PAYLOAD, payload.byteSize(), PAYLOAD, payload, 0, false, () -> {})));
            device = new QueueSetup(
                            SIZE,
                            RING + driver.descriptorsOffset(),
                            RING + driver.driverOffset(),
                            RING + driver.deviceOffset(),
                            driver.base(),
                            features)
                    .open();
        } catch (InvalidSetupException e) {
            throw new IllegalStateException(e);
        }
        require(device.resolve(guestMemory));
        offer(FIRST, LENGTH);
        driver.publish();
        require(device.take(chain, guestMemory) == Ring.TAKEN);
        device.use(chain, LENGTH);
        device.publish();
        require(driver.poll() == FIRST);
        driver.disableInterrupts();
        device.disableNotifications();
    }

    private static void require(boolean so) {
        if (!so) {
            throw new IllegalStateException();
        }
    }

    private void offer(int token, int length) {
        driver.writable(PAYLOAD, length);
        require(driver.offer(token));
    }

    /** The device gets a chain, which it will give back. */
    void begin() {
        offer(SECOND, LENGTH);
        driver.publish();
        require(device.take(chain, guestMemory) == Ring.TAKEN);
    }

    /** The driver makes a chain available: whether it kicks. */
    int makeAvailable() {
        offer(SECOND, LENGTH);
        return driver.publish() ? 1 : 0;
    }

    /** The device asks for a kick, looks once more, and then sleeps. */
    int deviceGoesToSleep() {
        if (!device.enableNotifications()) {
            return NOTHING;
        }
        boolean whole = device.take(chain, guestMemory) == Ring.TAKEN
                && !chain.faulty()
                && chain.writable().length() == LENGTH;
        return whole ? CHAIN : TORN;
    }

    /** The device gives the chain back: whether it interrupts. */
    int giveBack() {
        device.use(chain, LENGTH - 1);
        return device.publish() ? 1 : 0;
    }

    /** The driver asks for an interrupt, looks once more, and then sleeps. */
    int driverGoesToSleep() {
        if (!driver.enableInterrupts()) {
            return NOTHING;
        }
        return driver.poll() == SECOND && driver.usedLength() == LENGTH - 1 ? CHAIN : TORN;
    }
}
