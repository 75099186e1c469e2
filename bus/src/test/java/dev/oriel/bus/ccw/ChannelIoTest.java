package dev.oriel.bus.ccw;

import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.bus.InterruptLine;
import dev.oriel.bus.MachineMemory;
import dev.oriel.linux.LinuxException;
import dev.oriel.virtio.DriverMemory;
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
