package dev.oriel.bus.ccw;

import dev.oriel.bus.InterruptLine;
import dev.oriel.linux.Errno;
import dev.oriel.virtio.memory.GuestMemoryTable;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * A virtual I/O subchannel with one device behind it: its status and the program that runs. Programs run on the thread
 * that starts them, so there is at most one; what it ends with is pending until it is taken. Any thread.
 */
final class Subchannel {
    private static final ValueLayout.OfInt BE_INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    /** The path of all virtual devices. */
    private static final byte PATH = (byte) 0x80;

    private static final byte CHANNEL_PATH_TYPE = 0x32;

    private static final int FLAGS_CHANGEABLE = Schib.ISC_MASK | Schib.ENABLED;

    private final int deviceNumber;
    private final CcwDevice device;
    private final ControlUnit unit;
    private final GuestMemoryTable memory;
    private final ChannelProgram program;
    private final InterruptLine interrupts = new InterruptLine();

    // Guarded by this.
    private int interruptionParameter;
    private int flags;
    private int flags2;
    private int control;
    private int ccwAddress;
    private int status;
    private int sense;
    private boolean senseComesWithStatus;

    Subchannel(int deviceNumber, CcwDevice device) {
        this.deviceNumber = deviceNumber;
        this.device = device;
        memory = device.memory();
        unit = device.unit();
        program = new ChannelProgram(unit);
    }

    InterruptLine interrupts() {
        return interrupts;
    }

    synchronized int store(MemorySegment schib) {
        schib.asSlice(0, Schib.SIZE).fill((byte) 0);
        schib.set(BE_INT, Schib.INTERRUPTION_PARAMETER, interruptionParameter);
        schib.set(BE_INT, Schib.FLAGS, flags | Schib.DEVICE_NUMBER_VALID | deviceNumber);
        // logical path, path installed and path available masks
        schib.set(ValueLayout.JAVA_BYTE, Schib.PATHS, PATH);
        schib.set(ValueLayout.JAVA_BYTE, Schib.PATHS + 3, PATH);
        schib.set(ValueLayout.JAVA_BYTE, Schib.PATHS + 6, PATH);
        schib.set(ValueLayout.JAVA_BYTE, Schib.PATHS + 7, PATH);
        schib.set(ValueLayout.JAVA_BYTE, Schib.CHPIDS, CHANNEL_PATH_TYPE);
        schib.set(BE_INT, Schib.FLAGS_2, flags2);
        schib.set(BE_INT, Schib.SCSW + Irb.CONTROL, control);
        schib.set(BE_INT, Schib.SCSW + Irb.CCW_ADDRESS, ccwAddress);
        schib.set(BE_INT, Schib.SCSW + Irb.STATUS, status);
        return IoInstructions.DONE;
    }

    int modify(MemorySegment schib) {
        int wanted = schib.get(BE_INT, Schib.FLAGS);
        boolean enabled;
        synchronized (this) {
            if ((control & Irb.STATUS_PENDING) != 0) {
                return IoInstructions.STATUS_PENDING;
            }
            if ((control & Irb.FUNCTION_START) != 0) {
                return IoInstructions.BUSY;
            }
            enabled = (wanted & ~flags & Schib.ENABLED) != 0;
            interruptionParameter = schib.get(BE_INT, Schib.INTERRUPTION_PARAMETER);
            flags = wanted & FLAGS_CHANGEABLE;
            flags2 = schib.get(BE_INT, Schib.FLAGS_2) & Schib.CONCURRENT_SENSE;
            if (enabled) {
                unit.enabled();
            }
        }
        return IoInstructions.DONE;
    }

    int start(MemorySegment orb) {
        synchronized (this) {
            if ((flags & Schib.ENABLED) == 0) {
                return IoInstructions.NOT_OPERATIONAL;
            }
            if ((control & Irb.STATUS_PENDING) != 0) {
                return IoInstructions.STATUS_PENDING;
            }
            if ((control & Irb.FUNCTION_START) != 0) {
                return IoInstructions.BUSY;
            }
            interruptionParameter = orb.get(BE_INT, Orb.INTERRUPTION_PARAMETER);
            control = Irb.FUNCTION_START | Irb.START_PENDING | Irb.SUBCHANNEL_ACTIVE;
        }
        boolean known = (orb.get(BE_INT, Orb.FLAGS) & Orb.FORMAT_1) != 0;
        long start = Integer.toUnsignedLong(orb.get(BE_INT, Orb.CHANNEL_PROGRAM));
        // an address beyond all memory where the format is not known: a program check
        try {
            program.run(memory.current(), known ? start : Ccw.ADDRESS_END);
        } catch (RuntimeException | Error failure) {
            System.getLogger("dev.oriel.bus")
                    .log(
                            Level.ERROR,
                            "this is a bug in Oriel, please report it: a channel program of device 0.0.%04x failed"
                                    .formatted(deviceNumber),
                            failure);
            program.fail();
        }
        synchronized (this) {
            boolean alert = program.subchannelStatus() != 0 || (program.deviceStatus() & Irb.UNIT_CHECK) != 0;
            control = Irb.FUNCTION_START | Irb.PRIMARY | Irb.SECONDARY | Irb.STATUS_PENDING | (alert ? Irb.ALERT : 0);
            ccwAddress = program.address();
            status = program.deviceStatus() << 24 | program.subchannelStatus() << 16 | program.residual();
            if ((program.deviceStatus() & Irb.UNIT_CHECK) != 0) {
                senseComesWithStatus = (flags2 & Schib.CONCURRENT_SENSE) != 0;
                sense = senseComesWithStatus ? Irb.COMMAND_REJECT : 0;
                unit.sense(senseComesWithStatus ? 0 : Irb.COMMAND_REJECT);
            }
        }
        interrupts.raise();
        return IoInstructions.DONE;
    }

    synchronized int test(MemorySegment irb) {
        if ((flags & Schib.ENABLED) == 0) {
            return IoInstructions.NOT_OPERATIONAL;
        }
        irb.asSlice(0, Irb.SIZE).fill((byte) 0);
        irb.set(BE_INT, Irb.CONTROL, control);
        irb.set(BE_INT, Irb.CCW_ADDRESS, ccwAddress);
        irb.set(BE_INT, Irb.STATUS, status);
        if ((control & Irb.STATUS_PENDING) == 0) {
            return IoInstructions.STATUS_PENDING;
        }
        if (senseComesWithStatus) {
            irb.set(BE_INT, Irb.CONTROL, control | Irb.EXTENDED_CONTROL);
            irb.set(BE_INT, Irb.EXTENDED_REPORT, Irb.CONCURRENT_SENSE | Irb.SENSE_SIZE << Irb.SENSE_COUNT_SHIFT);
            irb.set(ValueLayout.JAVA_BYTE, Irb.SENSE, (byte) sense);
            senseComesWithStatus = false;
        }
        control = 0;
        ccwAddress = 0;
        status = 0;
        return IoInstructions.DONE;
    }

    /**
     * Interrupts without a program, because indicators were set. Whoever takes a status that is pending, or comes,
     * looks at the indicators afterwards, and needs no second one.
     */
    void unsolicited() {
        synchronized (this) {
            if ((flags & Schib.ENABLED) == 0 || control != 0) {
                return;
            }
            control = Irb.ALERT | Irb.STATUS_PENDING;
        }
        interrupts.raise();
    }

    long notifyQueue(long notificationData) {
        return device.notifyAvailable(notificationData) ? 0 : -Errno.EINVAL;
    }
}
