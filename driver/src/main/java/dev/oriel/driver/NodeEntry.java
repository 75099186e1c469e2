package dev.oriel.driver;

import dev.oriel.fuse.FuseEntryOut;
import java.time.Duration;

/**
 * A node that a name led to. The device counts it as known once more, until {@link FuseClient#forget}.
 *
 * @param nodeid what requests name it by
 * @param generation tells apart nodes that had the same number one after the other
 * @param entryValid for how long the name may be taken to lead there
 * @param attrValid for how long the attributes may be taken to be right
 */
public record NodeEntry(long nodeid, long generation, Duration entryValid, Duration attrValid, Stat attributes) {
    static NodeEntry of(FuseEntryOut out) {
        return new NodeEntry(
                out.nodeid(),
                out.generation(),
                validity(out.entryValid(), out.entryValidNsec()),
                validity(out.attrValid(), out.attrValidNsec()),
                Stat.of(out.attr()));
    }

    private static Duration validity(long seconds, int nanos) {
        long bounded = seconds < 0 ? Integer.MAX_VALUE : Math.min(seconds, Integer.MAX_VALUE);
        return Duration.ofSeconds(bounded, Math.clamp(nanos, 0, 999_999_999));
    }
}
