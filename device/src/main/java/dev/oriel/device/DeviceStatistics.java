package dev.oriel.device;

import dev.oriel.device.dax.DaxWindow;
import dev.oriel.device.operation.FuseSession;
import dev.oriel.device.statistics.HotNode;
import dev.oriel.device.statistics.QueueFigures;
import dev.oriel.device.statistics.RequestSums;
import dev.oriel.device.statistics.RequestTotals;
import dev.oriel.device.statistics.WindowFigures;
import dev.oriel.filesystem.Usage;
import dev.oriel.virtio.queue.QueueActivity;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What a device has done, and what it holds. Any thread. Reading delays no request; a session that ends waits for who
 * looks at it, which takes no longer than some system calls that ask no file system.
 */
public final class DeviceStatistics {
    private final RequestSums sums;
    private final QueueServer[] queues;
    private final RequestPool pool;
    private final SessionGate gate;
    private final Supplier<@Nullable DaxWindow> windows;

    DeviceStatistics(
            RequestSums sums,
            QueueServer[] queues,
            RequestPool pool,
            SessionGate gate,
            Supplier<@Nullable DaxWindow> windows) {
        this.sums = sums;
        this.queues = queues;
        this.pool = pool;
        this.gate = gate;
        this.windows = windows;
    }

    /** The requests that were answered since the device was made. */
    public RequestTotals requests() {
        return sums.total();
    }

    /** The queues that have been started. */
    public List<QueueFigures> queues() {
        List<QueueFigures> figures = new ArrayList<>();
        for (QueueServer queue : queues) {
            QueueActivity activity = queue.activity();
            if (activity != null) {
                figures.add(new QueueFigures(
                        queue.index(), activity.inFlight(), activity.looksThatFound(), activity.looksInVain()));
            }
        }
        return figures;
    }

    /** Requests that wait for a thread of the pool. */
    public int poolWaiting() {
        return pool.waiting();
    }

    /** Threads of the pool that serve a request. */
    public int poolBusy() {
        return pool.busy();
    }

    /** What the client has agreed on with FUSE_INIT; null if there is no session. */
    public @Nullable String session() {
        FuseSession current = gate.current();
        return current == null ? null : current.toString();
    }

    /** What the client holds of the file system: zeros without a session. */
    public synchronized Usage usage() {
        Usage usage = new Usage();
        FuseSession session = gate.watch();
        try {
            if (session != null) {
                session.fileSystem().usage(usage);
            }
        } finally {
            gate.unwatch();
        }
        return usage;
    }

    /** What is in the DAX window; null if there is none. */
    public @Nullable WindowFigures window() {
        DaxWindow window = windows.get();
        return window == null ? null : window.figures();
    }

    /** The files and directories that most of the last requests were about, the first one most. */
    public synchronized List<HotNode> hotNodes(int most) {
        List<HotNode> nodes = new ArrayList<>();
        FuseSession session = gate.watch();
        try {
            Map<Long, Integer> counts = new HashMap<>();
            int all = sums.lastNodes(counts);
            List<Map.Entry<Long, Integer>> hottest = counts.entrySet().stream()
                    .sorted(Map.Entry.<Long, Integer>comparingByValue(Comparator.reverseOrder())
                            .thenComparing(Map.Entry.comparingByKey()))
                    .limit(most)
                    .toList();
            for (Map.Entry<Long, Integer> entry : hottest) {
                String path = session == null ? null : session.fileSystem().path(entry.getKey());
                nodes.add(new HotNode(
                        entry.getKey(), path != null ? path : "node " + entry.getKey(), 100 * entry.getValue() / all));
            }
        } finally {
            gate.unwatch();
        }
        return nodes;
    }
}
