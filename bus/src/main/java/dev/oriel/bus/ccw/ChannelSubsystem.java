package dev.oriel.bus.ccw;

import dev.oriel.bus.InterruptLine;
import dev.oriel.linux.Errno;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * The channel subsystem of a machine in this process: its subchannels, numbered from 0, and the interrupts. Devices are
 * added and never removed. Any thread.
 */
public final class ChannelSubsystem implements IoInstructions {
    private static final int SUBCLASSES = 8;

    /** Told of by nobody: the interrupts of subchannels that do not exist. */
    private final InterruptLine nowhere = new InterruptLine();

    private final List<Subchannel> subchannels = new CopyOnWriteArrayList<>();
    private final InterruptLine[] adapters = new InterruptLine[SUBCLASSES];

    /** A channel subsystem without subchannels. */
    public ChannelSubsystem() {
        for (int i = 0; i < SUBCLASSES; i++) {
            adapters[i] = new InterruptLine();
        }
    }

    /**
     * Gives a device the next subchannel.
     *
     * @param device on no subchannel yet; still owned by the caller, who closes it when no driver uses it any more
     * @param deviceNumber what people call it by, 0 to 0xffff
     */
    public synchronized void add(CcwDevice device, int deviceNumber) {
        if ((deviceNumber & ~Schib.DEVICE_NUMBER_MASK) != 0) {
            throw new IllegalArgumentException("device number 0x" + Integer.toHexString(deviceNumber));
        }
        Subchannel subchannel = new Subchannel(deviceNumber, device);
        device.indicators()
                .attach(
                        subchannel::unsolicited,
                        subclass -> adapterInterrupts(subclass).raise());
        subchannels.add(subchannel);
    }

    private @Nullable Subchannel find(int identification) {
        int number = identification - SUBCHANNEL_0;
        return number >= 0 && number < subchannels.size() ? subchannels.get(number) : null;
    }

    @Override
    public int storeSubchannel(int subchannel, MemorySegment schib) {
        Subchannel found = find(subchannel);
        return found == null ? NOT_OPERATIONAL : found.store(schib);
    }

    @Override
    public int modifySubchannel(int subchannel, MemorySegment schib) {
        Subchannel found = find(subchannel);
        return found == null ? NOT_OPERATIONAL : found.modify(schib);
    }

    @Override
    public int startSubchannel(int subchannel, MemorySegment orb) {
        Subchannel found = find(subchannel);
        return found == null ? NOT_OPERATIONAL : found.start(orb);
    }

    @Override
    public int testSubchannel(int subchannel, MemorySegment irb) {
        Subchannel found = find(subchannel);
        return found == null ? NOT_OPERATIONAL : found.test(irb);
    }

    @Override
    public long notifyQueue(int subchannel, long notificationData, long cookie) {
        Subchannel found = find(subchannel);
        return found == null ? -Errno.EINVAL : found.notifyQueue(notificationData);
    }

    @Override
    public InterruptLine ioInterrupts(int subchannel) {
        Subchannel found = find(subchannel);
        return found == null ? nowhere : found.interrupts();
    }

    @Override
    public InterruptLine adapterInterrupts(int subclass) {
        return adapters[subclass & (SUBCLASSES - 1)];
    }
}
