package dev.oriel.virtio.testing;

import dev.oriel.linux.Descriptor;
import dev.oriel.linux.EventDescriptor;
import dev.oriel.linux.FileCalls;
import dev.oriel.linux.LinuxException;
import dev.oriel.linux.Poll;
import dev.oriel.virtio.testing.ScriptedRing.Buffer;
import dev.oriel.virtio.testing.ScriptedRing.Used;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * A driver of one queue, for tests: makes requests of bytes, kicks only when asked to, and sleeps until it is
 * interrupted. A notification that one of the two sides misses makes it fail after {@link #PATIENCE_MILLIS}, never pass
 * by luck.
 */
public final class ScriptedQueue implements AutoCloseable {
    /** Far more than anything takes. */
    public static final int PATIENCE_MILLIS = 20_000;

    private final SharedMemory shared;
    private final ScriptedRing ring;
    private final EventDescriptor kick = EventDescriptor.create(EventDescriptor.EFD_NONBLOCK);
    private final EventDescriptor call = EventDescriptor.create(EventDescriptor.EFD_NONBLOCK);
    private final Poll poll = new Poll(1);
    private long kicks;

    public ScriptedQueue(SharedMemory shared, ScriptedRing ring) throws LinuxException {
        this.shared = shared;
        this.ring = ring;
    }

    public ScriptedRing ring() {
        return ring;
    }

    public EventDescriptor kickEvent() {
        return kick;
    }

    public EventDescriptor callEvent() {
        return call;
    }

    /** Waits until an event is signalled, and takes it. */
    public static void awaitSignal(EventDescriptor event, String otherwise) {
        Poll poll = new Poll(1);
        poll.set(0, event.number(), Poll.POLLIN);
        if (poll.await(PATIENCE_MILLIS) <= 0) {
            throw new AssertionError(otherwise);
        }
        event.drain();
    }

    /** A second descriptor of an event, for a device to own. */
    public static Descriptor duplicate(EventDescriptor event) throws LinuxException {
        return new Descriptor(LinuxException.check(FileCalls.dup(event.number()), "duplicate an eventfd"));
    }

    /** How often the device asked to be kicked, and was. */
    public long kicks() {
        return kicks;
    }

    /** Memory for a buffer; the device may write it or not. */
    public Buffer buffer(int length, boolean writable) {
        return new Buffer(SharedMemory.guestAddress(shared.allocate(Math.max(length, 1), 8)), length, writable);
    }

    /** The memory of a buffer that was made here. */
    public MemorySegment memory(Buffer buffer) {
        return shared.memory().asSlice(buffer.address() - SharedMemory.GUEST_ADDRESS, buffer.length());
    }

    /** Makes a chain available and kicks if the device wants it. */
    public int send(Buffer... buffers) {
        int id = ring.offer(List.of(buffers));
        if (id < 0) {
            throw new IllegalStateException("the ring is full");
        }
        kickIfWanted();
        return id;
    }

    public void kickIfWanted() {
        if (ring.kickWanted()) {
            kick();
        }
    }

    public void kick() {
        kicks++;
        kick.signal();
    }

    /** Waits for the next chain that the device gives back. */
    public Used await() {
        while (true) {
            Used used = ring.poll();
            if (used != null) {
                return used;
            }
            if (!ring.enableInterrupts()) {
                awaitInterrupt();
            }
            ring.disableInterrupts();
        }
    }

    /** Waits for so many chains. */
    public List<Used> await(int count) {
        List<Used> all = new ArrayList<>();
        while (all.size() < count) {
            all.add(await());
        }
        return all;
    }

    /** Sleeps until the device interrupts. */
    public void awaitInterrupt() {
        if (!interrupted(PATIENCE_MILLIS)) {
            throw new AssertionError(
                    "no interrupt came: " + (ring.poll() == null ? "nothing was used" : "it was lost"));
        }
    }

    /** Sleeps until the device has interrupted so often since the last was taken. */
    public void awaitInterrupts(int count) {
        poll.set(0, call.number(), Poll.POLLIN);
        for (long came = 0; came < count; came += call.drain()) {
            if (poll.await(PATIENCE_MILLIS) <= 0) {
                throw new AssertionError(came + " interrupts came, not " + count);
            }
        }
    }

    /** Whether an interrupt comes within so many milliseconds; takes it. */
    public boolean interrupted(int millis) {
        poll.set(0, call.number(), Poll.POLLIN);
        boolean came = poll.await(millis) > 0;
        call.drain();
        return came;
    }

    @Override
    public void close() {
        kick.close();
        call.close();
    }
}
