package dev.oriel.device.statistics;

import dev.oriel.fuse.FuseOpcode;

/** What was counted of requests up to some moment. A value: it does not change. */
public final class RequestTotals {
    /** Nothing was counted. */
    public static final RequestTotals NONE = new RequestTotals(new long[RequestCounters.LENGTH]);

    private final long[] sums;

    /** Owns {@code sums}. */
    RequestTotals(long[] sums) {
        this.sums = sums;
    }

    /** The sum of both. */
    public RequestTotals plus(RequestTotals other) {
        long[] both = sums.clone();
        for (int i = 0; i < both.length; i++) {
            both[i] += other.sums[i];
        }
        return new RequestTotals(both);
    }

    private long of(int opcode, int what) {
        return sums[opcode * RequestCounters.STRIDE + what];
    }

    /** Requests that were answered. Opcode 0 stands for all that the protocol does not know. */
    public long requests(int opcode) {
        return of(opcode, RequestCounters.REQUESTS);
    }

    /** Those of them that were answered with an errno: a LOOKUP of a name that is not there is one. */
    public long errors(int opcode) {
        return of(opcode, RequestCounters.ERRORS);
    }

    /** Those that would have held up their queue, and went to another thread, or waited for a lock. */
    public long deferred(int opcode) {
        return of(opcode, RequestCounters.DEFERRED);
    }

    /** The time of those that were timed, from the ring to the answer, in nanoseconds: one of sixteen was. */
    public long timedNanos(int opcode) {
        return of(opcode, RequestCounters.TIMED_NANOS);
    }

    /** Those that were timed, of a bucket: see {@link LatencyBuckets}. */
    public long timed(int opcode, int bucket) {
        return of(opcode, RequestCounters.TIMED + bucket);
    }

    /** Requests that were answered. */
    public long requests() {
        long sum = 0;
        for (int opcode = 0; opcode < FuseOpcode.COUNT; opcode++) {
            sum += requests(opcode);
        }
        return sum;
    }

    /** Those of them that were answered with an errno. */
    public long errors() {
        long sum = 0;
        for (int opcode = 0; opcode < FuseOpcode.COUNT; opcode++) {
            sum += errors(opcode);
        }
        return sum;
    }

    /** Bytes of files that READ answered with. */
    public long readBytes() {
        return sums[RequestCounters.READ_BYTES];
    }

    /** Bytes that WRITE wrote into files. */
    public long writtenBytes() {
        return sums[RequestCounters.WRITTEN_BYTES];
    }
}
