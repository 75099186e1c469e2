package dev.oriel.app.control;

import dev.oriel.device.statistics.LatencyBuckets;
import dev.oriel.device.statistics.QueueFigures;
import dev.oriel.device.statistics.RequestTotals;
import dev.oriel.device.statistics.WindowFigures;
import dev.oriel.filesystem.Usage;
import dev.oriel.fuse.FuseOpcode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;

/**
 * A server's metrics as OpenMetrics. What was counted is told twice: of the server, with those guests that have gone, so
 * that it never falls; and of each guest that is connected, by the number of its connection.
 */
public final class MetricsDocument {
    private static final String GUEST = "guest";
    private static final String OPERATION = "operation";

    /** In place of a guest: all of them together. */
    private static final String NOBODY = "";

    private static final long[] BOUNDS = bounds();

    private final ServerDescription server;
    private final Guests guests;

    /** A document of this server and its guests. */
    public MetricsDocument(ServerDescription server, Guests guests) {
        this.server = server;
        this.guests = guests;
    }

    private static long[] bounds() {
        long[] bounds = new long[LatencyBuckets.COUNT - 1];
        for (int bucket = 0; bucket < bounds.length; bucket++) {
            bounds[bucket] = LatencyBuckets.boundNanos(bucket);
        }
        return bounds;
    }

    /** What an operation is called: as the protocol does. */
    static String operation(int opcode) {
        return opcode == 0 ? "unknown" : FuseOpcode.name(opcode);
    }

    /** The metrics now. */
    public String text() {
        Guests.Moment now = guests.now();
        OpenMetrics out = new OpenMetrics();
        server(out, now);
        Map<String, RequestTotals> ofGuests = new LinkedHashMap<>();
        RequestTotals all = now.gone();
        for (Guest guest : now.connected()) {
            RequestTotals own = guest.statistics().requests();
            ofGuests.put(label(guest), own);
            all = all.plus(own);
        }
        requests(out, "oriel_", "", Map.of(NOBODY, all));
        requests(out, "oriel_guest_", ", of each guest", ofGuests);
        queues(out, now.connected());
        holds(out, now.connected());
        windows(out, now.connected());
        return out.end();
    }

    private static String label(Guest guest) {
        return guest.number();
    }

    private void server(OpenMetrics out, Guests.Moment now) {
        out.family("oriel", OpenMetrics.Type.INFO, "The server.");
        out.sample(1, "version", server.version(), "share", server.share());
        out.family("oriel_guests", OpenMetrics.Type.GAUGE, "Virtual machines that are connected.");
        out.sample(now.connected().size());
        out.family("oriel_guests_limit", OpenMetrics.Type.GAUGE, "Virtual machines that may be connected at once.");
        out.sample(server.mostGuests());
        out.family("oriel_connections", OpenMetrics.Type.COUNTER, "Virtual machines that have connected.");
        out.sample(now.connections());
        ProcessFigures process = ProcessFigures.now();
        out.family("process_cpu_seconds", OpenMetrics.Type.COUNTER, "Processor time of the server.");
        out.sample(process.processorSeconds());
        out.family("process_resident_memory_bytes", OpenMetrics.Type.GAUGE, "Memory of the server that is resident.");
        out.sample(process.residentBytes());
        out.family("oriel_own_memory_bytes", OpenMetrics.Type.GAUGE, "The part of it that is shared with nobody.");
        out.sample(process.ownBytes());
        out.family("process_start_time_seconds", OpenMetrics.Type.GAUGE, "When the server began to serve, since 1970.");
        out.sample(server.started().toEpochMilli() / 1000.0);
        out.family("oriel_heap_bytes", OpenMetrics.Type.GAUGE, "Java's heap that is used.");
        out.sample(process.heapBytes());
    }

    /** @param totals by guest; of {@link #NOBODY}: without a label for that */
    private static void requests(OpenMetrics out, String prefix, String whose, Map<String, RequestTotals> totals) {
        out.family(prefix + "requests", OpenMetrics.Type.COUNTER, "Requests that were answered" + whose + ".");
        byOperation(out, totals, RequestTotals::requests);
        out.family(
                prefix + "request_errors",
                OpenMetrics.Type.COUNTER,
                "Requests that were answered with an errno" + whose + ".");
        byOperation(out, totals, RequestTotals::errors);
        out.family(
                prefix + "deferred_requests",
                OpenMetrics.Type.COUNTER,
                "Requests that would have held up their queue, and went to another thread or waited for a lock" + whose
                        + ".");
        byOperation(out, totals, RequestTotals::deferred);
        out.family(
                prefix + "request_duration_seconds",
                OpenMetrics.Type.HISTOGRAM,
                "From the ring to the answer, of one request in sixteen, at random" + whose + ".");
        totals.forEach((guest, all) -> durations(out, guest, all));
        out.family(prefix + "read_bytes", OpenMetrics.Type.COUNTER, "Bytes that READ answered with" + whose + ".");
        totals.forEach((guest, all) -> out.sample(all.readBytes(), labels(guest)));
        out.family(prefix + "written_bytes", OpenMetrics.Type.COUNTER, "Bytes that WRITE wrote" + whose + ".");
        totals.forEach((guest, all) -> out.sample(all.writtenBytes(), labels(guest)));
    }

    private static Object[] labels(String guest) {
        return guest.equals(NOBODY) ? new Object[0] : new Object[] {GUEST, guest};
    }

    private static Object[] labels(String guest, int opcode) {
        return guest.equals(NOBODY)
                ? new Object[] {OPERATION, operation(opcode)}
                : new Object[] {GUEST, guest, OPERATION, operation(opcode)};
    }

    private interface ByOpcode {
        long of(RequestTotals totals, int opcode);
    }

    private static void byOperation(OpenMetrics out, Map<String, RequestTotals> totals, ByOpcode count) {
        totals.forEach((guest, all) -> {
            for (int opcode = 0; opcode < FuseOpcode.COUNT; opcode++) {
                if (all.requests(opcode) != 0) {
                    out.sample(count.of(all, opcode), labels(guest, opcode));
                }
            }
        });
    }

    private static void durations(OpenMetrics out, String guest, RequestTotals all) {
        for (int opcode = 0; opcode < FuseOpcode.COUNT; opcode++) {
            if (all.requests(opcode) != 0) {
                long[] counts = new long[LatencyBuckets.COUNT];
                for (int bucket = 0; bucket < counts.length; bucket++) {
                    counts[bucket] = all.timed(opcode, bucket);
                }
                out.histogram(counts, BOUNDS, all.timedNanos(opcode), labels(guest, opcode));
            }
        }
    }

    private static void queues(OpenMetrics out, List<Guest> connected) {
        Map<String, List<QueueFigures>> queues = new LinkedHashMap<>();
        connected.forEach(guest -> queues.put(label(guest), guest.statistics().queues()));
        out.family(
                "oriel_queue_requests_in_flight", OpenMetrics.Type.GAUGE, "Requests that are taken and not answered.");
        byQueue(out, queues, QueueFigures::inFlight);
        out.family(
                "oriel_queue_looks_that_found",
                OpenMetrics.Type.COUNTER,
                "Looks at a ring before sleep that found a request.");
        byQueue(out, queues, QueueFigures::looksThatFound);
        out.family(
                "oriel_queue_looks_in_vain",
                OpenMetrics.Type.COUNTER,
                "Looks at a ring before sleep that found nothing.");
        byQueue(out, queues, QueueFigures::looksInVain);
        out.family(
                "oriel_pool_requests_waiting", OpenMetrics.Type.GAUGE, "Requests that wait for a thread of the pool.");
        connected.forEach(guest -> out.sample(guest.statistics().poolWaiting(), GUEST, label(guest)));
        out.family("oriel_pool_threads_busy", OpenMetrics.Type.GAUGE, "Threads of the pool that serve a request.");
        connected.forEach(guest -> out.sample(guest.statistics().poolBusy(), GUEST, label(guest)));
    }

    private static void byQueue(
            OpenMetrics out, Map<String, List<QueueFigures>> queues, ToLongFunction<QueueFigures> figure) {
        queues.forEach((guest, all) ->
                all.forEach(queue -> out.sample(figure.applyAsLong(queue), GUEST, guest, "queue", queue.index())));
    }

    private static void holds(OpenMetrics out, List<Guest> connected) {
        Map<String, Usage> usages = new LinkedHashMap<>();
        connected.forEach(guest -> usages.put(label(guest), guest.statistics().usage()));
        gauge(out, usages, "oriel_nodes", "Files that the guest knows.", usage -> usage.nodes);
        gauge(out, usages, "oriel_node_memory_bytes", "Heap for the files that it knows.", usage -> usage.nodeMemory);
        gauge(out, usages, "oriel_node_memory_left_bytes", "How much more it may take.", usage -> usage.nodeMemoryLeft);
        gauge(out, usages, "oriel_open_files", "Files that the guest has open.", usage -> usage.openFiles);
        gauge(out, usages, "oriel_open_files_left", "How many more it may open.", usage -> usage.openFilesLeft);
        gauge(
                out,
                usages,
                "oriel_cached_descriptors",
                "Descriptors that are kept open for it.",
                usage -> usage.cachedDescriptors);
        gauge(out, usages, "oriel_staged_bytes", "Bytes that the share has staged, for all.", usage -> usage.staged);
        gauge(out, usages, "oriel_staged_limit_bytes", "How many it may stage.", usage -> usage.stagedLimit);
    }

    private static void gauge(
            OpenMetrics out, Map<String, Usage> usages, String name, String help, ToLongFunction<Usage> figure) {
        out.family(name, OpenMetrics.Type.GAUGE, help);
        usages.forEach((guest, usage) -> out.sample(figure.applyAsLong(usage), GUEST, guest));
    }

    private static void windows(OpenMetrics out, List<Guest> connected) {
        Map<String, WindowFigures> windows = new LinkedHashMap<>();
        for (Guest guest : connected) {
            WindowFigures window = guest.statistics().window();
            if (window != null) {
                windows.put(label(guest), window);
            }
        }
        window(out, windows, "oriel_window_bytes", "Length of the DAX window.", WindowFigures::length);
        window(out, windows, "oriel_window_mappings", "Ranges of files in it.", WindowFigures::mappings);
        window(out, windows, "oriel_window_mapped_bytes", "Bytes of these ranges.", WindowFigures::mapped);
        window(out, windows, "oriel_window_staged_bytes", "Those that are copies.", WindowFigures::staged);
    }

    private static void window(
            OpenMetrics out,
            Map<String, WindowFigures> windows,
            String name,
            String help,
            ToLongFunction<WindowFigures> figure) {
        out.family(name, OpenMetrics.Type.GAUGE, help);
        windows.forEach((guest, window) -> out.sample(figure.applyAsLong(window), GUEST, guest));
    }
}
