package dev.oriel.device.statistics;

import dev.oriel.fuse.FuseOpcode;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * Counts the requests that one thread answers, by opcode. Only that thread counts, with plain additions that other
 * threads see soon; a counter that several threads share adds atomically instead.
 *
 * <pre>
 *   of each opcode:   requests | errors | deferred | timed: sum in ns | timed, by LatencyBuckets
 *   of all:           bytes read | bytes written
 *   nodes of requests that were timed, and when, the last ones, in a circle
 * </pre>
 *
 * <p>Opcodes that the protocol does not know share a place, that of opcode 0.
 */
public final class RequestCounters {
    static final int REQUESTS = 0;
    static final int ERRORS = 1;
    static final int DEFERRED = 2;
    static final int TIMED_NANOS = 3;
    static final int TIMED = 4;

    /** Longs of one opcode. */
    static final int STRIDE = TIMED + LatencyBuckets.COUNT;

    static final int READ_BYTES = FuseOpcode.COUNT * STRIDE;
    static final int WRITTEN_BYTES = READ_BYTES + 1;
    static final int LENGTH = WRITTEN_BYTES + 1;

    /** A time that was not taken. */
    public static final long UNTIMED = 0;

    /**
     * One request of so many is timed, in the mean: a clock costs as much as a twentieth of a short one. The distances
     * are random, up to twice as many less one, as guests ask the same few operations again and again.
     */
    static final int SAMPLE = 16;

    /** How many nodes are kept: a power of two. */
    static final int NODES = 256;

    /** Nodes of requests that are longer ago do not count. */
    private static final long RECENT_NANOS = 10_000_000_000L;

    private static final VarHandle LONGS = MethodHandles.arrayElementVarHandle(long[].class);

    private final boolean shared;
    private final long[] counts = new long[LENGTH];
    private final long[] nodes = new long[NODES];
    private final long[] times = new long[NODES];
    private int random = 0x2545_f491;
    private int distance = SAMPLE;
    private int node;

    /** Counts from zero; {@code shared} if several threads count in it. */
    public RequestCounters(boolean shared) {
        this.shared = shared;
    }

    private static int at(int opcode) {
        return opcode > 0 && opcode < FuseOpcode.COUNT ? opcode * STRIDE : 0;
    }

    /**
     * A request begins.
     *
     * @return {@link System#nanoTime} if it is one that is timed, or {@link #UNTIMED}
     */
    public long begin() {
        if (--distance > 0) {
            return UNTIMED;
        }
        random ^= random << 13;
        random ^= random >>> 17;
        random ^= random << 5;
        distance = 1 + Integer.remainderUnsigned(random, 2 * SAMPLE - 1);
        return System.nanoTime();
    }

    /** A request goes on on another thread, or waits for a lock. */
    public void deferred(int opcode) {
        add(at(opcode) + DEFERRED, 1);
    }

    /**
     * A request is answered.
     *
     * @param result of the file system: an errno if negative
     * @param moved bytes of file data that were read or written
     * @param begun what {@link #begin} answered
     */
    public void answered(int opcode, long nodeid, long result, long moved, long begun) {
        int at = at(opcode);
        add(at + REQUESTS, 1);
        if (result < 0) {
            add(at + ERRORS, 1);
        } else if (moved > 0) {
            add(opcode == FuseOpcode.READ ? READ_BYTES : WRITTEN_BYTES, moved);
        }
        if (begun != UNTIMED) {
            long now = System.nanoTime();
            long nanos = now - begun;
            add(at + TIMED_NANOS, nanos);
            add(at + TIMED + LatencyBuckets.of(nanos), 1);
            int place = node++ & (NODES - 1);
            LONGS.setOpaque(times, place, now);
            LONGS.setOpaque(nodes, place, nodeid);
        }
    }

    private void add(int index, long amount) {
        if (shared) {
            long _ = (long) LONGS.getAndAdd(counts, index, amount);
        } else {
            LONGS.setOpaque(counts, index, counts[index] + amount);
        }
    }

    /** Adds what was counted so far. Any thread. */
    void addTo(long[] sums) {
        for (int i = 0; i < LENGTH; i++) {
            sums[i] += (long) LONGS.getOpaque(counts, i);
        }
    }

    /** The node in a place of the circle; 0: none, or one of long ago. Any thread. */
    long node(int place, long now) {
        long nodeid = (long) LONGS.getOpaque(nodes, place);
        return now - (long) LONGS.getOpaque(times, place) < RECENT_NANOS ? nodeid : 0;
    }

    /** The numbers of nodes mean others from now on. Any thread. */
    void forgetNodes() {
        for (int place = 0; place < NODES; place++) {
            LONGS.setOpaque(nodes, place, 0L);
        }
    }
}
