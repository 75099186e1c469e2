package dev.oriel.bus.ccw;

import dev.oriel.virtio.memory.GuestMemory;
import dev.oriel.virtio.memory.GuestMemoryTable;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.function.IntConsumer;

/**
 * How a device tells its driver over channel I/O (virtio 1.4, section 4.3.3.1): by bits in the driver's memory and an
 * interrupt. Classic indicators are 64 bits and go with an interrupt of the subchannel; adapter indicators are
 * anywhere, with a byte that sums them up, and go with an adapter interrupt. A driver that has set up the one kind
 * cannot set up the other.
 *
 * <p>Set up on the thread of commands; notifications come from any.
 */
final class DeviceIndicators {
    private static final int CLASSIC_QUEUES_MAX = 64;
    private static final int SUBCLASSES = 8;

    private static final ValueLayout.OfLong BE_LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    /** Where the driver looks; an address of 0 is nowhere. */
    private record QueueIndicators(boolean adapter, long address, long firstBit, long summary, int subclass) {
        static final QueueIndicators NONE = new QueueIndicators(false, 0, 0, 0, 0);
    }

    private final GuestMemoryTable memory;
    private final int queueCount;
    private Runnable unsolicited = () -> {};
    private IntConsumer adapterInterrupt = subclass -> {};

    /** Held while bits are set, so that after a reset none is. Guards what follows. */
    private final Object lock = new Object();

    private QueueIndicators queues = QueueIndicators.NONE;
    private long configuration;

    DeviceIndicators(GuestMemoryTable memory, int queueCount) {
        this.memory = memory;
        this.queueCount = queueCount;
    }

    /** Sets what interrupts. Before anything else is called. */
    void attach(Runnable subchannel, IntConsumer adapters) {
        unsolicited = subchannel;
        adapterInterrupt = adapters;
    }

    private boolean isInMemory(long address) {
        return memory.current().find(address) != null;
    }

    private boolean canBeClassic(long address) {
        return address == 0 || (address % Long.BYTES == 0 && isInMemory(address));
    }

    /** SET_IND { be64 address }; whether it is possible. */
    boolean setClassic(MemorySegment payload) {
        long address = payload.get(BE_LONG, 0);
        synchronized (lock) {
            if (queues.adapter || queueCount > CLASSIC_QUEUES_MAX || !canBeClassic(address)) {
                return false;
            }
            queues = new QueueIndicators(false, address, 0, 0, 0);
            return true;
        }
    }

    /** SET_CONF_IND { be64 address }; whether it is possible. */
    boolean setConfiguration(MemorySegment payload) {
        long address = payload.get(BE_LONG, 0);
        if (!canBeClassic(address)) {
            return false;
        }
        synchronized (lock) {
            configuration = address;
        }
        return true;
    }

    /**
     * SET_IND_ADAPTER { be64 summary, be64 indicator, be64 bit_nr, u8 isc }; whether it is possible. An indicator of 0
     * takes them back.
     */
    boolean setAdapter(MemorySegment payload) {
        long summary = payload.get(BE_LONG, 0);
        long address = payload.get(BE_LONG, 8);
        long firstBit = payload.get(BE_LONG, 16);
        int subclass = Byte.toUnsignedInt(payload.get(ValueLayout.JAVA_BYTE, 24));
        synchronized (lock) {
            boolean classic = queues.address != 0 && !queues.adapter;
            if (classic || subclass >= SUBCLASSES) {
                return false;
            }
            if (address == 0) {
                queues = QueueIndicators.NONE;
                return true;
            }
            if (firstBit < 0
                    || firstBit > Integer.MAX_VALUE
                    || !isInMemory(summary)
                    || !isInMemory(address + Indicators.adapterByte(firstBit))
                    || !isInMemory(address + Indicators.adapterByte(firstBit + queueCount - 1))) {
                return false;
            }
            queues = new QueueIndicators(true, address, firstBit, summary, subclass);
            return true;
        }
    }

    void notifyUsedBuffer(int queue) {
        QueueIndicators told;
        boolean interrupt;
        synchronized (lock) {
            told = queues;
            interrupt = told.address != 0 && indicate(told, queue);
        }
        if (interrupt && told.adapter) {
            adapterInterrupt.accept(told.subclass);
        } else if (interrupt) {
            unsolicited.run();
        }
    }

    /** Sets the indicator of a queue; whether an interrupt has to follow. */
    private boolean indicate(QueueIndicators told, int queue) {
        GuestMemory guest = memory.current();
        if (!told.adapter) {
            long address = told.address + Indicators.classicByte(queue);
            return Indicators.set(guest, address, Indicators.classicBit(queue)) != Indicators.NOT_IN_MEMORY;
        }
        long bit = told.firstBit + queue;
        int before = Indicators.set(guest, told.address + Indicators.adapterByte(bit), Indicators.adapterBit(bit));
        // no interrupt while the summary says already that there is something to look for
        return before != Indicators.NOT_IN_MEMORY && Indicators.set(guest, told.summary, 1) == 0;
    }

    void notifyConfigurationChange() {
        boolean interrupt;
        synchronized (lock) {
            long address = configuration + Indicators.classicByte(0);
            interrupt = configuration != 0
                    && Indicators.set(memory.current(), address, Indicators.classicBit(0)) != Indicators.NOT_IN_MEMORY;
        }
        if (interrupt) {
            unsolicited.run();
        }
    }

    /** The device was reset: no bit is set any more. */
    void forget() {
        synchronized (lock) {
            queues = QueueIndicators.NONE;
            configuration = 0;
        }
    }
}
