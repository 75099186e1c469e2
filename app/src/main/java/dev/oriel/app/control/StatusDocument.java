package dev.oriel.app.control;

import dev.oriel.app.command.Json;
import dev.oriel.device.DeviceStatistics;
import dev.oriel.device.statistics.HotNode;
import dev.oriel.device.statistics.LatencyBuckets;
import dev.oriel.device.statistics.QueueFigures;
import dev.oriel.device.statistics.RequestTotals;
import dev.oriel.device.statistics.WindowFigures;
import dev.oriel.filesystem.Usage;
import dev.oriel.fuse.FuseOpcode;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A server's status as JSON: what it shares, what it takes of the host, and of each guest its requests by operation, its
 * queues, what it holds, and the files that its last requests were about. Counts only grow; bytes are bytes.
 */
public final class StatusDocument {
    /** So many files are named. */
    private static final int HOT_FILES = 10;

    private final ServerDescription server;
    private final Guests guests;

    /** A document of this server and its guests. */
    public StatusDocument(ServerDescription server, Guests guests) {
        this.server = server;
        this.guests = guests;
    }

    /** The status now. */
    public String text() {
        Guests.Moment now = guests.now();
        Map<String, Object> status = new LinkedHashMap<>();
        status.put("version", server.version());
        status.put("pid", ProcessHandle.current().pid());
        status.put("share", server.share());
        status.put("read_only", server.readOnly());
        status.put("uptime_seconds", seconds(server.started()));
        ProcessFigures process = ProcessFigures.now();
        status.put("processor_seconds", process.processorSeconds());
        status.put("resident_bytes", process.residentBytes());
        status.put("own_bytes", process.ownBytes());
        status.put("heap_bytes", process.heapBytes());
        status.put("most_guests", server.mostGuests());
        status.put("connections", now.connections());
        status.put("latency_bounds_ns", latencyBounds());
        status.put("guests", now.connected().stream().map(StatusDocument::guest).toList());
        status.put("gone", requests(now.gone()));
        return Json.write(status) + "\n";
    }

    private static double seconds(Instant since) {
        return Duration.between(since, Instant.now()).toMillis() / 1000.0;
    }

    private static List<Long> latencyBounds() {
        List<Long> bounds = new ArrayList<>();
        for (int bucket = 0; bucket < LatencyBuckets.COUNT - 1; bucket++) {
            bounds.add(LatencyBuckets.boundNanos(bucket));
        }
        return bounds;
    }

    private static Map<String, Object> guest(Guest guest) {
        DeviceStatistics statistics = guest.statistics();
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("guest", guest.number());
        fields.put("pid", guest.pid());
        fields.put("connected_seconds", seconds(guest.since()));
        fields.put("session", statistics.session());
        fields.putAll(requests(statistics.requests()));
        fields.put(
                "queues",
                statistics.queues().stream().map(StatusDocument::queue).toList());
        fields.put("pool", Map.of("waiting", statistics.poolWaiting(), "busy", statistics.poolBusy()));
        fields.put("holds", holds(statistics.usage()));
        WindowFigures window = statistics.window();
        fields.put("window", window == null ? null : window(window));
        fields.put(
                "hot",
                statistics.hotNodes(HOT_FILES).stream().map(StatusDocument::hot).toList());
        return fields;
    }

    private static Map<String, Object> requests(RequestTotals totals) {
        Map<String, Object> operations = new LinkedHashMap<>();
        for (int opcode = 0; opcode < FuseOpcode.COUNT; opcode++) {
            if (totals.requests(opcode) != 0) {
                Map<String, Object> operation = new LinkedHashMap<>();
                operation.put("requests", totals.requests(opcode));
                operation.put("errors", totals.errors(opcode));
                operation.put("deferred", totals.deferred(opcode));
                operation.put("timed_ns", totals.timedNanos(opcode));
                List<Long> timed = new ArrayList<>();
                for (int bucket = 0; bucket < LatencyBuckets.COUNT; bucket++) {
                    timed.add(totals.timed(opcode, bucket));
                }
                operation.put("timed", timed);
                operations.put(MetricsDocument.operation(opcode), operation);
            }
        }
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("requests", totals.requests());
        fields.put("errors", totals.errors());
        fields.put("read_bytes", totals.readBytes());
        fields.put("written_bytes", totals.writtenBytes());
        fields.put("operations", operations);
        return fields;
    }

    private static Map<String, Object> queue(QueueFigures queue) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("queue", queue.index());
        fields.put("in_flight", queue.inFlight());
        fields.put("looks_that_found", queue.looksThatFound());
        fields.put("looks_in_vain", queue.looksInVain());
        return fields;
    }

    private static Map<String, Object> holds(Usage usage) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("nodes", usage.nodes);
        fields.put("node_memory_bytes", usage.nodeMemory);
        fields.put("node_memory_left_bytes", usage.nodeMemoryLeft);
        fields.put("open_files", usage.openFiles);
        fields.put("open_files_left", usage.openFilesLeft);
        fields.put("cached_descriptors", usage.cachedDescriptors);
        fields.put("staged_bytes", usage.staged);
        fields.put("staged_limit_bytes", usage.stagedLimit);
        return fields;
    }

    private static Map<String, Object> window(WindowFigures window) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("length_bytes", window.length());
        fields.put("mappings", window.mappings());
        fields.put("mapped_bytes", window.mapped());
        fields.put("staged_bytes", window.staged());
        return fields;
    }

    private static Map<String, Object> hot(HotNode node) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("path", node.path());
        fields.put("percent", node.percent());
        return fields;
    }
}
