package dev.oriel.device.dax;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Errors of writing back, as Linux keeps them ({@code errseq_t}): the last of each node with a number. Each open file
 * is told an error once, when it asks (FSYNC, FLUSH): one that was opened after somebody was told hears nothing of it.
 * SYNCFS is told of any node's, once.
 *
 * <p>Any thread.
 */
final class WriteErrors {
    /** Nodes of which an error is remembered; the longest known is forgotten for another. */
    private static final int MOST = 1 << 16;

    private final Map<Long, Last> nodes = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, Last> eldest) {
            return size() > MOST;
        }
    };

    /**
     * What number each open file was told last, or 0. A file that is not open has none: a client makes up as many
     * handles as it likes.
     */
    private final Map<Long, Long> told = new HashMap<>();

    private long number;
    private int last;
    private long toldBySync;

    private static final class Last {
        private long number;
        private int error;
        private boolean seen;
    }

    /** Something of a node could not be written. */
    synchronized void record(long nodeid, int error) {
        Last entry = nodes.computeIfAbsent(nodeid, _ -> new Last());
        entry.number = ++number;
        entry.error = error;
        entry.seen = false;
        last = error;
    }

    /** A file was opened: what somebody was told of already is not its matter. */
    synchronized void opened(long nodeid, long fh) {
        Last entry = nodes.get(nodeid);
        told.put(fh, entry != null && entry.seen ? entry.number : 0L);
    }

    /** A file was closed. */
    synchronized void closed(long fh) {
        told.remove(fh);
    }

    /**
     * Tells an open file.
     *
     * @return 0, or the errno that it was not told yet; 0 if it is not open
     */
    synchronized int tell(long nodeid, long fh) {
        Last entry = nodes.get(nodeid);
        Long known = told.get(fh);
        if (entry == null || known == null || known >= entry.number) {
            return 0;
        }
        told.put(fh, entry.number);
        entry.seen = true;
        return entry.error;
    }

    /** Tells SYNCFS: 0, or the errno of the last error since it was told one. */
    synchronized int tellSync() {
        if (toldBySync == number) {
            return 0;
        }
        toldBySync = number;
        return last;
    }
}
