package dev.oriel.device.statistics;

import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;

/** The counters of all threads of a device. Any thread. */
public final class RequestSums {
    private final List<RequestCounters> counters = new CopyOnWriteArrayList<>();

    /**
     * Makes the counters of one more thread, or of several.
     *
     * @param shared whether several threads count in it at the same time
     */
    public RequestCounters counters(boolean shared) {
        RequestCounters more = new RequestCounters(shared);
        counters.add(more);
        return more;
    }

    /** What all have counted so far. */
    public RequestTotals total() {
        long[] sums = new long[RequestCounters.LENGTH];
        for (RequestCounters each : counters) {
            each.addTo(sums);
        }
        return new RequestTotals(sums);
    }

    /** A session begins: the numbers of nodes mean others from now on. */
    public void forgetNodes() {
        counters.forEach(RequestCounters::forgetNodes);
    }

    /**
     * Counts the nodes of the requests of the last ten seconds that were timed, the last some hundred.
     *
     * @param counts gets them, by nodeid
     * @return how many requests that were
     */
    public int lastNodes(Map<Long, Integer> counts) {
        long now = System.nanoTime();
        int all = 0;
        for (RequestCounters each : counters) {
            for (int i = 0; i < RequestCounters.NODES; i++) {
                long node = each.node(i, now);
                if (node != 0) {
                    int _ = counts.merge(node, 1, Integer::sum);
                    all++;
                }
            }
        }
        return all;
    }
}
