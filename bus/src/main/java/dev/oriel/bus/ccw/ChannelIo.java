package dev.oriel.bus.ccw;

import dev.oriel.linux.Errno;
import dev.oriel.virtio.memory.DriverMemory;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * How a driver has a device execute one command: a program of one CCW at the start of its control memory, with the
 * payload behind it. One at a time; each has a time limit. Its lock guards the payload.
 */
final class ChannelIo {
    static final ValueLayout.OfInt BE_INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private static final ValueLayout.OfShort BE_SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private static final int PAYLOAD = 64;
    private static final long PATIENCE_SECONDS = 30;
    private static final long LOOK_NANOS = 100_000;
    private static final int MODIFY_TRIES = 100;

    private final String name;
    private final IoInstructions instructions;
    private final int subchannel;
    private final DriverMemory control;
    private final Runnable unsolicited;
    private final Runnable handler = this::handleInterrupt;
    private final MemorySegment irb = MemorySegment.ofArray(new byte[Irb.SIZE]);
    private final Object statusLock = new Object();

    // Guarded by the status lock.
    private boolean done;
    private int status;
    private int sense;

    /**
     * @param control the control memory; owned by the caller, who gives it back after {@link #disable}
     * @param unsolicited called at each interrupt, on any thread
     */
    ChannelIo(String name, IoInstructions instructions, int subchannel, DriverMemory control, Runnable unsolicited) {
        this.name = name;
        this.instructions = instructions;
        this.subchannel = subchannel;
        this.control = control;
        this.unsolicited = unsolicited;
    }

    /** Enables the subchannel; false if it is not there or busy. */
    boolean enable(int subclass) {
        instructions.ioInterrupts(subchannel).addHandler(handler);
        return modify(Schib.ENABLED | subclass << Schib.ISC_SHIFT, Schib.CONCURRENT_SENSE);
    }

    /** Disables it. What is pending, or comes meanwhile, is taken first. */
    void disable() {
        boolean _ = modify(0, 0);
        instructions.ioInterrupts(subchannel).removeHandler(handler);
    }

    /** A device may set its status pending at any time, and a subchannel with a pending status cannot be modified. */
    private boolean modify(int flags, int flags2) {
        MemorySegment schib = MemorySegment.ofArray(new byte[Schib.SIZE]);
        int code = IoInstructions.STATUS_PENDING;
        for (int i = 0; i < MODIFY_TRIES && code == IoInstructions.STATUS_PENDING; i++) {
            handleInterrupt();
            if (instructions.storeSubchannel(subchannel, schib) != IoInstructions.DONE) {
                return false;
            }
            int others = schib.get(BE_INT, Schib.FLAGS) & ~(Schib.ENABLED | Schib.ISC_MASK);
            schib.set(BE_INT, Schib.FLAGS, others | flags);
            schib.set(BE_INT, Schib.FLAGS_2, flags2);
            code = instructions.modifySubchannel(subchannel, schib);
        }
        return code == IoInstructions.DONE;
    }

    /**
     * Has a command executed on the payload.
     *
     * @param count bytes of the payload
     * @param flags of {@link Ccw}
     * @return false if the device rejects the command
     * @throws IOException if it failed in another way, or took too long
     */
    synchronized boolean execute(int command, int count, int flags) throws IOException {
        MemorySegment ccw = control.segment();
        ccw.set(ValueLayout.JAVA_BYTE, Ccw.COMMAND, (byte) command);
        ccw.set(ValueLayout.JAVA_BYTE, Ccw.FLAGS, (byte) flags);
        ccw.set(BE_SHORT, Ccw.COUNT, (short) count);
        ccw.set(BE_INT, Ccw.DATA_ADDRESS, count == 0 ? 0 : (int) control.guestAddress(PAYLOAD));
        start(command);
        synchronized (statusLock) {
            awaitDone(command);
            int deviceStatus = status >>> 24;
            int subchannelStatus = status >>> 16 & 0xff;
            if ((deviceStatus & Irb.UNIT_CHECK) != 0 && (sense & Irb.COMMAND_REJECT) != 0) {
                return false;
            }
            if (subchannelStatus != 0 || (deviceStatus & ~(Irb.CHANNEL_END | Irb.DEVICE_END)) != 0) {
                throw new IOException("%s ends the command 0x%x with device status 0x%x, subchannel status 0x%x"
                        .formatted(name, command, deviceStatus, subchannelStatus));
            }
            return true;
        }
    }

    private void start(int command) throws IOException {
        MemorySegment orb = MemorySegment.ofArray(new byte[Orb.SIZE]);
        orb.set(BE_INT, Orb.INTERRUPTION_PARAMETER, command);
        orb.set(BE_INT, Orb.FLAGS, Orb.FORMAT_1 | Orb.PATH);
        orb.set(BE_INT, Orb.CHANNEL_PROGRAM, (int) control.guestAddress(0));
        long start = System.nanoTime();
        int code = tryStart(orb);
        while (code == IoInstructions.STATUS_PENDING || code == IoInstructions.BUSY) {
            if (System.nanoTime() - start > TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS)) {
                throw new IOException(name + " is busy for ever");
            }
            // an interrupt without a program came between; its handler may be on its way
            handleInterrupt();
            LockSupport.parkNanos(this, LOOK_NANOS);
            code = tryStart(orb);
        }
        if (code != IoInstructions.DONE) {
            throw new IOException(name + " is not operational");
        }
    }

    /** What ended until now was another program, which was given up. */
    private int tryStart(MemorySegment orb) {
        synchronized (statusLock) {
            done = false;
        }
        return instructions.startSubchannel(subchannel, orb);
    }

    private void awaitDone(int command) throws IOException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        boolean interrupted = false;
        while (!done) {
            long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
            if (left <= 0) {
                throw new IOException("%s has not ended the command 0x%x (%s)"
                        .formatted(name, command, Errno.message(Errno.ETIMEDOUT)));
            }
            try {
                statusLock.wait(left);
            } catch (InterruptedException later) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void handleInterrupt() {
        synchronized (statusLock) {
            if (instructions.testSubchannel(subchannel, irb) != IoInstructions.DONE) {
                return;
            }
            if ((irb.get(BE_INT, Irb.CONTROL) & Irb.FUNCTION_START) != 0) {
                status = irb.get(BE_INT, Irb.STATUS);
                sense = irb.get(ValueLayout.JAVA_BYTE, Irb.SENSE);
                done = true;
                statusLock.notifyAll();
            }
        }
        unsolicited.run();
    }
}
