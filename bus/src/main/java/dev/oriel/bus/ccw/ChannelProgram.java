package dev.oriel.bus.ccw;

import dev.oriel.virtio.memory.GuestMemory;
import dev.oriel.virtio.memory.GuestRegion;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Runs channel programs: CCWs of format 1, chained by command, with TRANSFER IN CHANNEL (z/Architecture Principles of
 * Operation, chapter 15).
 *
 * <p>What is no program ends with a program check: a CCW outside of memory or not at a multiple of 8, a command code
 * that cannot be, a transfer first or to another transfer, data chaining, indirect data and suspension, which no driver
 * of virtio devices uses. So does one of more than {@value #CCWS_MAX} CCWs: a real channel would run a program that
 * loops until it is stopped.
 *
 * <p>For one thread at a time; the outcome stays until the next program.
 */
final class ChannelProgram {
    /** The most CCWs that are executed of one program. */
    static final int CCWS_MAX = 256;

    private static final ValueLayout.OfInt BE_INT = ValueLayout.JAVA_INT.withOrder(ByteOrder.BIG_ENDIAN);

    private static final int NOT_DONE_HERE =
            Ccw.CHAIN_DATA | Ccw.INDIRECT_DATA | Ccw.SUSPEND | Ccw.MODIFIED_INDIRECT_DATA;

    private final ControlUnit unit;
    private final ChannelData data = new ChannelData();

    private GuestMemory memory = GuestMemory.EMPTY;
    private long address;
    private int deviceStatus;
    private int subchannelStatus;
    private int residual;

    ChannelProgram(ControlUnit unit) {
        this.unit = unit;
    }

    /** Device status of the last program, of {@link Irb}. */
    int deviceStatus() {
        return deviceStatus;
    }

    /** Subchannel status of the last program. */
    int subchannelStatus() {
        return subchannelStatus;
    }

    /** The address behind the last CCW that was executed. */
    int address() {
        return (int) address;
    }

    /** What the last command left of its count. */
    int residual() {
        return residual;
    }

    /**
     * Runs a program.
     *
     * @param guestMemory in which it is
     * @param start the address of its first CCW
     */
    void run(GuestMemory guestMemory, long start) {
        memory = guestMemory;
        address = start;
        deviceStatus = 0;
        subchannelStatus = 0;
        residual = 0;
        boolean transferred = true;
        for (int i = 0; i < CCWS_MAX; i++) {
            long ccw = fetch();
            if (ccw == NO_CCW) {
                return;
            }
            int command = (int) (ccw >>> 56);
            address += Ccw.SIZE;
            if (command == Ccw.TRANSFER_IN_CHANNEL) {
                if (transferred || (ccw >>> 32 & 0xffffff) != 0) {
                    check();
                    return;
                }
                transferred = true;
                address = ccw & 0xffffffffL;
            } else if (execute(command, ccw)) {
                transferred = false;
            } else {
                return;
            }
        }
        check();
    }

    /** No CCW is like this: it has command code 0. */
    private static final long NO_CCW = 0;

    /** The CCW at the address, its four parts from the left; {@link #NO_CCW} after a program check. */
    private long fetch() {
        GuestRegion region = address < Ccw.ADDRESS_END && (address & (Ccw.SIZE - 1)) == 0 ? memory.find(address) : null;
        long offset = region == null ? 0 : address - region.guestAddress();
        if (region == null || region.size() - offset < Ccw.SIZE) {
            check();
            return NO_CCW;
        }
        long ccw;
        try {
            MemorySegment bytes = region.memory();
            // a program may be changed while it runs: each half is read once
            ccw = (long) bytes.get(BE_INT, offset) << 32 | Integer.toUnsignedLong(bytes.get(BE_INT, offset + 4));
        } catch (InternalError gone) {
            // somebody truncated the file that is mapped there
            check();
            return NO_CCW;
        }
        if ((ccw >>> 56 & 0xf) == 0) {
            check();
            return NO_CCW;
        }
        return ccw;
    }

    /** Executes one command; whether the program goes on. */
    private boolean execute(int command, long ccw) {
        int flags = (int) (ccw >>> 48) & 0xff;
        if ((flags & NOT_DONE_HERE) != 0) {
            check();
            return false;
        }
        data.at(memory, ccw & 0xffffffffL, (int) (ccw >>> 32) & 0xffff, flags);
        unit.execute(command, data);
        residual = data.residual();
        if (data.programCheck()) {
            check();
            return false;
        }
        if (data.rejected()) {
            deviceStatus = Irb.UNIT_CHECK;
            return false;
        }
        deviceStatus = Irb.CHANNEL_END | Irb.DEVICE_END;
        if (data.incorrectLength()) {
            subchannelStatus = Irb.INCORRECT_LENGTH;
            return false;
        }
        return (flags & Ccw.CHAIN_COMMAND) != 0;
    }

    /** The program came to no end of its own: the device failed. */
    void fail() {
        deviceStatus = 0;
        subchannelStatus = Irb.INTERFACE_CONTROL_CHECK;
    }

    private void check() {
        deviceStatus = 0;
        subchannelStatus = Irb.PROGRAM_CHECK;
    }
}
