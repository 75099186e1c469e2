package dev.oriel.bus.ccw;

import dev.oriel.bus.InterruptLine;
import java.lang.foreign.MemorySegment;

/**
 * What a processor can do to the channel subsystem (z/Architecture Principles of Operation, chapter 14), as far as a
 * driver of virtio devices needs it: I/O instructions, the hypervisor call for notifications, and the interrupts.
 * {@link ChannelSubsystem} is the usual other end.
 *
 * <p>Instructions answer a condition code. Operands are big endian; their layouts are {@link Schib}, {@link Orb} and
 * {@link Irb}. Any thread.
 */
public interface IoInstructions {
    /** The subsystem-identification word of subchannel 0; that of subchannel n is n more. */
    int SUBCHANNEL_0 = 0x0001_0000;

    /** Condition codes. What 1 and 2 mean depends on the instruction. */
    int DONE = 0;

    int STATUS_PENDING = 1;
    int BUSY = 2;
    int NOT_OPERATIONAL = 3;

    /**
     * STORE SUBCHANNEL.
     *
     * @param schib where the {@link Schib} goes
     * @return 0, or 3: there is no such subchannel, and none of a higher number
     */
    int storeSubchannel(int subchannel, MemorySegment schib);

    /**
     * MODIFY SUBCHANNEL: takes from the {@link Schib} what a program may change.
     *
     * @return 0; 1 if status is pending, 2 if a program runs, 3 if there is no such subchannel
     */
    int modifySubchannel(int subchannel, MemorySegment schib);

    /**
     * START SUBCHANNEL: runs a channel program. An interrupt tells of its end, which may come before this returns.
     *
     * @return 0; 1 if status is pending, 2 if a program runs, 3 if there is no such subchannel, or it is not enabled
     */
    int startSubchannel(int subchannel, MemorySegment orb);

    /**
     * TEST SUBCHANNEL: takes the status.
     *
     * @return 0; 1 if none was pending, 3 if there is no such subchannel, or it is not enabled
     */
    int testSubchannel(int subchannel, MemorySegment irb);

    /**
     * DIAGNOSE 0x500, subcode 3: tells a device that a queue has available buffers (virtio 1.4, section 4.3.3.2). Does
     * not wait.
     *
     * @param subchannel the subsystem-identification word
     * @param notificationData the number of the queue
     * @param cookie what this answered the last time for the queue; 0 at first
     * @return the next cookie, or -errno
     */
    long notifyQueue(int subchannel, long notificationData, long cookie);

    /** The I/O interrupts of a subchannel. */
    InterruptLine ioInterrupts(int subchannel);

    /** The adapter interrupts of an interruption subclass, 0 to 7. */
    InterruptLine adapterInterrupts(int subclass);
}
