package dev.oriel.driver;

import dev.oriel.fuse.FuseBatchForgetIn;
import dev.oriel.fuse.FuseForgetIn;
import dev.oriel.fuse.FuseForgetOne;
import dev.oriel.fuse.FuseOpcode;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The lookups that the device may forget. Nobody waits for it: what the queue has no room for is kept and goes with
 * what comes later. A device that does not give requests back is told of no more than fits; it counts the other nodes
 * as known until the session ends. Any thread.
 */
final class Forgets {
    /** Most nodes that are kept: some 6 MiB. */
    private static final int PENDING_MAX = 1 << 16;

    private static final int BATCH = (ClientRequest.ARGUMENTS_MAX - FuseBatchForgetIn.SIZE) / FuseForgetOne.SIZE;

    private final ClientQueue queue;
    /** How many lookups of which node; guarded by this. */
    private final Map<Long, Long> pending = new LinkedHashMap<>();

    Forgets(ClientQueue queue) {
        this.queue = queue;
    }

    synchronized void add(long nodeid, long lookups) {
        if (pending.isEmpty()) {
            ClientRequest request = queue.tryAcquire();
            if (request != null) {
                request.begin(FuseOpcode.FORGET, nodeid)
                        .noReply()
                        .argument(new FuseForgetIn())
                        .nlookup(lookups);
                send(request);
                return;
            }
        }
        keep(nodeid, lookups);
        sendPending();
    }

    /** One lookup of each of these nodes. */
    synchronized void addAll(Iterable<Long> nodeids) {
        for (Long nodeid : nodeids) {
            if (pending.size() >= BATCH) {
                sendPending();
            }
            keep(nodeid, 1);
        }
        sendPending();
    }

    private void keep(Long nodeid, long lookups) {
        if (pending.size() < PENDING_MAX || pending.containsKey(nodeid)) {
            pending.merge(nodeid, lookups, Long::sum);
        }
    }

    private void sendPending() {
        while (!pending.isEmpty()) {
            @Nullable ClientRequest request = queue.tryAcquire();
            if (request == null) {
                return;
            }
            int count = Math.min(BATCH, pending.size());
            request.begin(FuseOpcode.BATCH_FORGET, 0).noReply();
            request.argument(new FuseBatchForgetIn()).count(count);
            Iterator<Map.Entry<Long, Long>> entries = pending.entrySet().iterator();
            for (int i = 0; i < count; i++) {
                Map.Entry<Long, Long> entry = entries.next();
                request.argument(new FuseForgetOne()).nodeid(entry.getKey()).nlookup(entry.getValue());
                entries.remove();
            }
            send(request);
        }
    }

    private void send(ClientRequest request) {
        if (queue.send(request) < 0) {
            request.release();
        }
    }
}
