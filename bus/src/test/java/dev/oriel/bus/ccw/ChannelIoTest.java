package dev.oriel.bus.ccw;

import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.bus.InterruptLine;
import dev.oriel.bus.MachineMemory;
import dev.oriel.linux.LinuxException;
import dev.oriel.virtio.memory.DriverMemory;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;

/** The driver's way with a subchannel that is never quite still. */
class ChannelIoTest {
    private static final ValueLayout.OfInt BE_INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    @Test
    void aSubchannelIsDisabledThoughItsDeviceSetsAStatusAgainAndAgain() throws LinuxException {
        assertThat(disabledAfter(3)).isTrue();
    }

    @Test
    void aDeviceThatSetsAStatusForEverHoldsNobodyUp() throws LinuxException {
        assertThat(disabledAfter(Integer.MAX_VALUE)).isFalse();
    }

    /** A program that was given up ends while the next one is about to start: the next one's status is waited for. */
    @Test
    void theStatusOfAnOlderProgramIsNotThatOfTheNext() throws IOException {
        LateSubchannel subchannel = new LateSubchannel();
        try (MachineMemory memory = MachineMemory.create(1 << 20);
                DriverMemory control = memory.allocate(4096)) {
            ChannelIo io = new ChannelIo("device", subchannel, IoInstructions.SUBCHANNEL_0, control, () -> {});
            assertThat(io.enable(0)).isTrue();
            assertThat(io.execute(Ccw.READ_STATUS, 1, 0))
                    .as("the rejection of the next")
                    .isFalse();
        }
    }

    /**
     * The status of an older program is pending at the first start, that of the second program comes by an interrupt
     * later.
     */
    private static final class LateSubchannel implements IoInstructions {
        private final InterruptLine interrupts = new InterruptLine();
        private boolean oldPending;
        private boolean newPending;

        @Override
        public int storeSubchannel(int subchannel, MemorySegment schib) {
            return DONE;
        }

        @Override
        public int modifySubchannel(int subchannel, MemorySegment schib) {
            oldPending = true;
            return DONE;
        }

        @Override
        public synchronized int startSubchannel(int subchannel, MemorySegment orb) {
            if (oldPending) {
                return STATUS_PENDING;
            }
            Thread _ = Thread.ofPlatform().start(() -> {
                synchronized (this) {
                    newPending = true;
                }
                interrupts.raise();
            });
            return DONE;
        }

        @Override
        public synchronized int testSubchannel(int subchannel, MemorySegment irb) {
            if (!oldPending && !newPending) {
                return STATUS_PENDING;
            }
            irb.set(BE_INT, Irb.CONTROL, Irb.FUNCTION_START);
            irb.set(BE_INT, Irb.STATUS, oldPending ? (Irb.CHANNEL_END | Irb.DEVICE_END) << 24 : Irb.UNIT_CHECK << 24);
            irb.set(ValueLayout.JAVA_BYTE, Irb.SENSE, (byte) (oldPending ? 0 : Irb.COMMAND_REJECT));
            newPending &= oldPending;
            oldPending = false;
            return DONE;
        }

        @Override
        public long notifyQueue(int subchannel, long notificationData, long cookie) {
            return 0;
        }

        @Override
        public InterruptLine ioInterrupts(int subchannel) {
            return interrupts;
        }

        @Override
        public InterruptLine adapterInterrupts(int subclass) {
            return interrupts;
        }
    }

    private static boolean disabledAfter(int statuses) throws LinuxException {
        RestlessSubchannel subchannel = new RestlessSubchannel();
        try (MachineMemory memory = MachineMemory.create(1 << 20);
                DriverMemory control = memory.allocate(4096)) {
            ChannelIo io = new ChannelIo("device", subchannel, IoInstructions.SUBCHANNEL_0, control, () -> {});
            assertThat(io.enable(0)).isTrue();
            subchannel.statuses = statuses;
            io.disable();
        }
        return (subchannel.flags & Schib.ENABLED) == 0;
    }

    /** Each time a status was taken, there is the next one, so many times. */
    private static final class RestlessSubchannel implements IoInstructions {
        private final InterruptLine interrupts = new InterruptLine();
        private int flags;
        private int statuses;

        @Override
        public int storeSubchannel(int subchannel, MemorySegment schib) {
            schib.set(BE_INT, Schib.FLAGS, flags);
            return DONE;
        }

        @Override
        public int modifySubchannel(int subchannel, MemorySegment schib) {
            if (statuses > 0) {
                return STATUS_PENDING;
            }
            flags = schib.get(BE_INT, Schib.FLAGS);
            return DONE;
        }

        @Override
        public int startSubchannel(int subchannel, MemorySegment orb) {
            return NOT_OPERATIONAL;
        }

        @Override
        public int testSubchannel(int subchannel, MemorySegment irb) {
            if (statuses == 0) {
                return STATUS_PENDING;
            }
            statuses--;
            return DONE;
        }

        @Override
        public long notifyQueue(int subchannel, long notificationData, long cookie) {
            return 0;
        }

        @Override
        public InterruptLine ioInterrupts(int subchannel) {
            return interrupts;
        }

        @Override
        public InterruptLine adapterInterrupts(int subclass) {
            return interrupts;
        }
    }
}
