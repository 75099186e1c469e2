package dev.oriel.app.watch;

import dev.oriel.app.command.Printable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Two moments of a server in lines of text: the guests, the operations and the files, with rates over the time between.
 * Of one moment alone (the first is empty) the rates are those since the server began.
 */
final class StatusText {
    private static final String GUESTS = "%-6s %8s %10s %8s %12s %12s %8s %8s %7s %9s %7s %-22s %s";
    private static final String OPERATIONS = "%-18s %12s %10s %10s %9s %9s";

    /** The parts of the requests that are shown. */
    private static final double MEDIAN = 0.5;

    private static final double NEARLY_ALL = 0.99;

    private final StatusSnapshot before;
    private final StatusSnapshot now;
    private final double seconds;

    StatusText(StatusSnapshot before, StatusSnapshot now) {
        this.before = before;
        this.now = now;
        seconds = Math.max(0.001, now.real("uptime_seconds") - before.real("uptime_seconds"));
    }

    List<String> lines() {
        List<String> lines = new ArrayList<>();
        List<StatusSnapshot> guests = now.list("guests");
        lines.add(String.format(
                Locale.ROOT,
                "oriel %s  %s%s  up %s  processor %.0f %%  memory %s  guests %d of %d",
                Printable.of(now.text("version")),
                Printable.of(now.text("share")),
                now.text("read_only").equals("true") ? " (read-only)" : "",
                Amount.seconds(now.real("uptime_seconds")),
                100 * (now.real("processor_seconds") - before.real("processor_seconds")) / seconds,
                Amount.bytes(now.real("own_bytes")),
                guests.size(),
                now.number("most_guests")));
        lines.add("");
        lines.add(String.format(
                Locale.ROOT,
                GUESTS,
                "GUEST",
                "PID",
                "REQUESTS/S",
                "ERRORS/S",
                "READ/S",
                "WRITTEN/S",
                "MEDIAN",
                "99 %",
                "FLIGHT",
                "FILES",
                "OPEN",
                "WINDOW",
                ""));
        for (StatusSnapshot guest : guests) {
            lines.add(guest(guest, earlier(guest)));
        }
        lines.add("");
        lines.add(String.format(
                Locale.ROOT, OPERATIONS, "OPERATION", "REQUESTS/S", "ERRORS/S", "DEFERRED/S", "MEDIAN", "99 %"));
        lines.addAll(operations(guests));
        lines.add("");
        lines.add("FILES OF THE LAST REQUESTS");
        for (StatusSnapshot guest : guests) {
            for (StatusSnapshot file : guest.list("hot")) {
                lines.add(String.format(
                        Locale.ROOT,
                        "%3d %%  %s  (guest %s)",
                        file.number("percent"),
                        Printable.of(file.text("path")),
                        Printable.of(guest.text("guest"))));
            }
        }
        return lines.stream().map(String::stripTrailing).toList();
    }

    private StatusSnapshot earlier(StatusSnapshot guest) {
        return before.list("guests").stream()
                .filter(other -> other.text("guest").equals(guest.text("guest")))
                .findFirst()
                .orElse(new StatusSnapshot(Map.of()));
    }

    private double rate(String name, StatusSnapshot later, StatusSnapshot earlier) {
        return (later.number(name) - earlier.number(name)) / seconds;
    }

    private String guest(StatusSnapshot guest, StatusSnapshot earlier) {
        List<Long> timed = List.of();
        for (Operation operation : operationsOf(guest, earlier).values()) {
            timed = sum(timed, operation.timed);
        }
        StatusSnapshot holds = guest.member("holds");
        StatusSnapshot window = guest.member("window");
        long inFlight = guest.list("queues").stream()
                .mapToLong(queue -> queue.number("in_flight"))
                .sum();
        List<Long> bounds = now.numbers("latency_bounds_ns");
        return String.format(
                Locale.ROOT,
                GUESTS,
                Printable.of(guest.text("guest")),
                guest.number("pid") == 0 ? "-" : guest.number("pid"),
                Amount.count(rate("requests", guest, earlier)),
                Amount.count(rate("errors", guest, earlier)),
                Amount.bytes(rate("read_bytes", guest, earlier)),
                Amount.bytes(rate("written_bytes", guest, earlier)),
                Amount.quantile(MEDIAN, timed, bounds),
                Amount.quantile(NEARLY_ALL, timed, bounds),
                inFlight,
                Amount.count((double) holds.number("nodes")),
                Amount.count((double) holds.number("open_files")),
                window.members().isEmpty()
                        ? "none"
                        : Amount.bytes((double) window.number("mapped_bytes")) + " of "
                                + Amount.bytes((double) window.number("length_bytes")),
                guest.text("session").isEmpty() ? "not mounted" : "");
    }

    /** What happened to an operation between the two moments. */
    private record Operation(double requests, double errors, double deferred, List<Long> timed) {
        Operation plus(Operation other) {
            return new Operation(
                    requests + other.requests,
                    errors + other.errors,
                    deferred + other.deferred,
                    sum(timed, other.timed));
        }
    }

    private static List<Long> sum(List<Long> one, List<Long> other) {
        List<Long> sums = new ArrayList<>(one.size() >= other.size() ? one : other);
        List<Long> added = one.size() >= other.size() ? other : one;
        for (int i = 0; i < added.size(); i++) {
            sums.set(i, sums.get(i) + added.get(i));
        }
        return sums;
    }

    private Map<String, Operation> operationsOf(StatusSnapshot guest, StatusSnapshot earlier) {
        Map<String, StatusSnapshot> past = earlier.all("operations");
        Map<String, Operation> operations = new LinkedHashMap<>();
        guest.all("operations").forEach((name, operation) -> {
            StatusSnapshot last = past.getOrDefault(name, new StatusSnapshot(Map.of()));
            List<Long> negative =
                    last.numbers("timed").stream().map(count -> -count).toList();
            operations.put(
                    name,
                    new Operation(
                            rate("requests", operation, last),
                            rate("errors", operation, last),
                            rate("deferred", operation, last),
                            sum(operation.numbers("timed"), negative)));
        });
        return operations;
    }

    private List<String> operations(List<StatusSnapshot> guests) {
        Map<String, Operation> all = new LinkedHashMap<>();
        for (StatusSnapshot guest : guests) {
            operationsOf(guest, earlier(guest)).forEach((name, more) -> all.merge(name, more, Operation::plus));
        }
        List<Long> bounds = now.numbers("latency_bounds_ns");
        return all.entrySet().stream()
                .filter(entry -> entry.getValue().requests > 0)
                .sorted(Comparator.comparingDouble(entry -> -entry.getValue().requests))
                .map(entry -> String.format(
                        Locale.ROOT,
                        OPERATIONS,
                        Printable.of(entry.getKey()),
                        Amount.count(entry.getValue().requests),
                        Amount.count(entry.getValue().errors),
                        Amount.count(entry.getValue().deferred),
                        Amount.quantile(MEDIAN, entry.getValue().timed, bounds),
                        Amount.quantile(NEARLY_ALL, entry.getValue().timed, bounds)))
                .toList();
    }
}
