package dev.oriel.benchmarks;

import dev.oriel.driver.ClientQueue;
import dev.oriel.driver.DriverBuffer;
import dev.oriel.driver.FuseClient;
import dev.oriel.driver.FuseException;
import dev.oriel.linux.Errno;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Sends requests from one thread for each queue of one or more clients. Closing it ends the threads, not the clients.
 */
final class DriverLoad implements AutoCloseable {
    private static final long NANOS_PER_MILLI = 1_000_000;

    private final List<Lane> lanes = new ArrayList<>();
    private final ExecutorService threads;

    private record Lane(FuseClient client, ClientQueue queue, List<RequestSlot> slots) {}

    DriverLoad(List<FuseClient> clients) {
        for (FuseClient client : clients) {
            for (int i = 0; i < client.queueCount(); i++) {
                lanes.add(new Lane(client, client.queue(i), new ArrayList<>()));
            }
        }
        threads = Executors.newFixedThreadPool(lanes.size());
    }

    /**
     * What one run did.
     *
     * @param operations how many came to their end
     * @param seconds how long it took
     */
    record Done(long operations, double seconds) {
        double perSecond() {
            return operations / seconds;
        }
    }

    /** How many threads there are. */
    int lanes() {
        return lanes.size();
    }

    /**
     * Keeps requests in flight for a while.
     *
     * @param sources makes the requests of a client's queues; called once for each queue
     * @param bufferBytes memory that each request needs
     * @param depth how many are in flight, over all queues
     * @param millis for how long
     * @param most no more operations than this on a queue
     */
    Done run(Sources sources, int bufferBytes, int depth, long millis, long most)
            throws IOException, InterruptedException {
        List<DriverBuffer> buffers = new ArrayList<>();
        try {
            for (int i = 0; i < depth; i++) {
                Lane lane = lanes.get(i % lanes.size());
                DriverBuffer buffer = lane.client.allocate(Math.max(1, bufferBytes));
                buffers.add(buffer);
                lane.slots.add(new RequestSlot(buffer, i));
            }
            return run(sources, millis, most);
        } finally {
            buffers.forEach(DriverBuffer::close);
            lanes.forEach(lane -> lane.slots.clear());
        }
    }

    /** Says what a client is to be asked. */
    @FunctionalInterface
    interface Sources {
        RequestSource of(FuseClient client) throws IOException;
    }

    private Done run(Sources sources, long millis, long most) throws IOException, InterruptedException {
        List<RequestStream> streams = new ArrayList<>();
        for (Lane lane : lanes) {
            streams.add(new RequestStream(lane.queue, List.copyOf(lane.slots), sources.of(lane.client)));
        }
        long start = System.nanoTime();
        List<Future<Long>> ends = new ArrayList<>();
        for (RequestStream stream : streams) {
            ends.add(threads.submit(() -> stream.run(start + millis * NANOS_PER_MILLI, most)));
        }
        long done = 0;
        IOException failed = null;
        for (Future<Long> end : ends) {
            try {
                done += end.get();
            } catch (ExecutionException e) {
                failed = e.getCause() instanceof FuseException fuse
                        ? fuse
                        : new FuseException(String.valueOf(e.getCause()), Errno.EIO);
            }
        }
        if (failed != null) {
            throw failed;
        }
        return new Done(done, (double) (System.nanoTime() - start) / 1e9);
    }

    @Override
    public void close() {
        threads.close();
    }
}
