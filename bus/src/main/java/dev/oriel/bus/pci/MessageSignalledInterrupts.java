package dev.oriel.bus.pci;

import dev.oriel.linux.Descriptor;
import dev.oriel.linux.PeerEvent;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * MSI-X: the vectors of a function, the table in which a driver keeps them, and the pending bits (PCI Local Bus 3.0,
 * section 6.8.2).
 *
 * <pre>
 *   table   vector   0             4              8        12            16
 *                    +-------------+--------------+--------+-------------+
 *                    | address low | address high | data   | control     |    bit 0 of control: masked
 *                    +-------------+--------------+--------+-------------+
 *   pending bits     one for each vector, from bit 0 of the first byte
 * </pre>
 *
 * <p>Where a message goes is the platform's matter: it attaches an eventfd to a vector and signals its processor when
 * that is signalled. Address and data are kept and not looked at. An interrupt that nobody can be told of yet, because
 * its vector is masked or has no eventfd, is pending, and goes out as soon as that changes.
 *
 * <p>Any thread: interrupts come from those of queues. An eventfd is the client's, which may make a thread wait that
 * signals it; no lock is held then, and the threads that control the function do not wait for long.
 */
final class MessageSignalledInterrupts implements AutoCloseable {

    private static final int ENTRY_WORDS = PciRegisters.ENTRY_SIZE / Integer.BYTES;

    private static final int CONTROL_WORD = PciRegisters.ENTRY_CONTROL / Integer.BYTES;

    private final @Nullable PeerEvent[] sinks;
    private final int[] table;
    private final boolean[] pending;
    private boolean enabled;
    private boolean functionMasked;

    /** @param vectors how many there are */
    MessageSignalledInterrupts(int vectors) {
        sinks = new PeerEvent[vectors];
        table = new int[vectors * ENTRY_WORDS];
        pending = new boolean[vectors];
        maskAll();
    }

    private void maskAll() {
        for (int i = 0; i < sinks.length; i++) {
            table[i * ENTRY_WORDS + CONTROL_WORD] = PciRegisters.ENTRY_MASKED;
        }
    }

    int vectors() {
        return sinks.length;
    }

    /**
     * Whether MSI-X is what the function interrupts with, and whether all vectors are masked whatever the table says.
     */
    void control(boolean enable, boolean mask) {
        synchronized (this) {
            enabled = enable;
            functionMasked = mask;
        }
        for (int i = 0; i < sinks.length; i++) {
            deliver(i);
        }
    }

    /** 4 bytes of the table; 0 behind its end. */
    synchronized int readTable(int offset) {
        int word = offset / Integer.BYTES;
        return word < table.length ? table[word] : 0;
    }

    void writeTable(int offset, int value) {
        int word = offset / Integer.BYTES;
        if (word < table.length) {
            boolean control = word % ENTRY_WORDS == CONTROL_WORD;
            synchronized (this) {
                table[word] = control ? value & PciRegisters.ENTRY_MASKED : value;
            }
            deliver(word / ENTRY_WORDS);
        }
    }

    /** Sets or clears the mask of a vector that there is. */
    void mask(int vector, boolean mask) {
        synchronized (this) {
            table[vector * ENTRY_WORDS + CONTROL_WORD] = mask ? PciRegisters.ENTRY_MASKED : 0;
        }
        deliver(vector);
    }

    /** 4 bytes of the pending bits; 0 behind their end. */
    synchronized int readPending(int offset) {
        int bits = 0;
        for (int i = 0; i < Integer.SIZE; i++) {
            int vector = offset * Byte.SIZE + i;
            if (vector < pending.length && pending[vector]) {
                bits |= 1 << i;
            }
        }
        return bits;
    }

    /** Attaches an eventfd to a vector that there is, and owns it; null for none. The one before is closed. */
    void attach(int vector, @Nullable Descriptor eventfd) {
        PeerEvent last;
        synchronized (this) {
            last = sinks[vector];
            sinks[vector] = eventfd == null ? null : new PeerEvent(eventfd);
        }
        if (last != null) {
            last.close();
        }
        deliver(vector);
    }

    /** Interrupts by a vector; there may be none of this number. For the thread of a queue. */
    void raise(int vector) {
        if (vector < pending.length) {
            PeerEvent sink = due(vector, true);
            while (sink != null && !sink.signal()) {
                // another took its place meanwhile
                sink = due(vector, true);
            }
        }
    }

    /** As {@link #raise}, for the control thread. */
    void raiseInTime(int vector) {
        if (vector < pending.length) {
            signalInTime(vector, due(vector, true));
        }
    }

    /** Sends out what is pending. */
    private void deliver(int vector) {
        signalInTime(vector, due(vector, false));
    }

    private void signalInTime(int vector, @Nullable PeerEvent first) {
        PeerEvent sink = first;
        while (sink != null && !sink.signalInTime()) {
            sink = due(vector, true);
        }
    }

    /**
     * What is to be signalled now because of a vector, which is not pending any more then; null if it is not pending or
     * has to wait.
     */
    private synchronized @Nullable PeerEvent due(int vector, boolean raised) {
        pending[vector] |= raised;
        PeerEvent sink = sinks[vector];
        boolean masked =
                functionMasked || (table[vector * ENTRY_WORDS + CONTROL_WORD] & PciRegisters.ENTRY_MASKED) != 0;
        if (!pending[vector] || !enabled || masked || sink == null) {
            return null;
        }
        pending[vector] = false;
        return sink;
    }

    /** Lets threads go on that wait because the client has filled their eventfd. */
    synchronized void release() {
        for (PeerEvent sink : sinks) {
            if (sink != null) {
                sink.release();
            }
        }
    }

    /** What was pending is forgotten: the device was reset. */
    synchronized void forget() {
        Arrays.fill(pending, false);
    }

    /** The function was reset. Eventfds are the platform's and stay. */
    synchronized void reset() {
        enabled = false;
        functionMasked = false;
        Arrays.fill(table, 0);
        maskAll();
        forget();
    }

    /** Closes all eventfds. */
    @Override
    public void close() {
        for (int i = 0; i < sinks.length; i++) {
            attach(i, null);
        }
    }
}
