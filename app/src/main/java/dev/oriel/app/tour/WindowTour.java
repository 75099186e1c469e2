package dev.oriel.app.tour;

import dev.oriel.guests.GuestRun;
import java.io.IOException;
import java.time.Duration;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The part of the tour that shows what the DAX window is for: one file read in the same guest by request and through
 * the window, in large pieces and in small ones, each time with empty caches of the guest; and how much memory of the
 * guest the file takes.
 *
 * <p>The guest has the share twice, as two devices: one mount uses the window for all files, the other never.
 */
final class WindowTour {
    /** Where the guest has the share without the window. */
    static final String BY_REQUEST = "/request";

    /** The tag of the device without the window; two devices cannot have the same. */
    static final String REQUEST_TAG = GuestTour.TAG + "-request";

    private static final Duration TIME = Duration.ofMinutes(2);

    /** A smaller file is read so quickly that a guest's clock tells nothing. */
    private static final long SMALLEST = 1 << 20;

    private static final int PIECE = 4096;
    private static final int MOST_PIECES = 4096;
    private static final double MEBIBYTE = 1 << 20;

    private final Steps steps;
    private final Optional<TourTree.Sample> file;

    /** @param samples of the share; the largest is what is read */
    WindowTour(Steps steps, List<TourTree.Sample> samples) {
        this.steps = steps;
        file = samples.stream()
                .max(Comparator.comparingLong(TourTree.Sample::size))
                .filter(sample -> sample.size() >= SMALLEST);
    }

    /** What one way of reading took. */
    private record Reading(double seconds, double pieceMicros, double cachedMebibytes) {
        double mebibytesPerSecond(long bytes) {
            return bytes / MEBIBYTE / seconds;
        }
    }

    /** What the guest runs, in busybox sh, in the folder of the share; it begins when a line comes. */
    String script() {
        if (file.isEmpty()) {
            return "";
        }
        return """
                read -r turn
                now() { echo | ts %%.s; }
                cached() { sed -n 's/^Cached: *\\([0-9]*\\) .*/\\1/p' /proc/meminfo; }
                compare() {
                    echo 3 >/proc/sys/vm/drop_caches
                    before=$(cached) start=$(now)
                    dd if="$3" of=/dev/null bs=1M 2>/dev/null
                    end=$(now) after=$(cached)
                    order=$(awk "BEGIN { print $end - $start }")
                    echo 0 >"/sys/class/bdi/$(awk '$5 == "'$2'" { print $3 }' /proc/self/mountinfo)/read_ahead_kb"
                    echo 1 >/proc/sys/vm/drop_caches
                    start=$(now)
                    dd if="$3" of=/dev/null bs=%d count=%d 2>/dev/null
                    end=$(now)
                    echo "TOUR reading $1 $order $((after - before)) $(awk "BEGIN { print $end - $start }")"
                }
                cat >/tmp/name <<'%s'
                ./%s
                %s
                name=$(cat /tmp/name)
                compare request %s "%s/$name"
                compare window /mnt "$name"
                """.formatted(
                        PIECE,
                        pieces(),
                        GuestTour.END_OF_NAMES,
                        file.get().path(),
                        GuestTour.END_OF_NAMES,
                        BY_REQUEST,
                        BY_REQUEST);
    }

    private long pieces() {
        return Math.min(MOST_PIECES, file.map(TourTree.Sample::size).orElse(0L) / PIECE);
    }

    /** Lets the guest compare, and tells. */
    void run(GuestRun guest) throws IOException, InterruptedException {
        steps.begin("window", "the same reads by request and through the window");
        if (file.isEmpty()) {
            steps.skipped("the directory has no file of 1 MiB or more to compare with");
            return;
        }
        guest.type("compare");
        String byRequest = guest.awaitLine("^TOUR reading request", TIME);
        String byWindow = guest.awaitLine("^TOUR reading window", TIME);
        if (!isReading(byRequest) || !isReading(byWindow)) {
            steps.failed(
                    "the guest could not read " + file.get().path() + " in both ways:\n" + byRequest + "\n" + byWindow);
            return;
        }
        Reading request = reading(byRequest);
        Reading window = reading(byWindow);
        long size = file.get().size();
        Map<String, Object> figures = new LinkedHashMap<>();
        figures.put("bytes", size);
        figures.put("by_request", figures(request, size));
        figures.put("by_window", figures(window, size));
        String text = String.format(
                        Locale.ROOT, "the same reads of %.1f MiB, the guest's caches emptied before%n", size / MEBIBYTE)
                + line("", "by request", "by window", "")
                + line(
                        "1 MiB at a time",
                        String.format(Locale.ROOT, "%.0f MiB/s", request.mebibytesPerSecond(size)),
                        String.format(Locale.ROOT, "%.0f MiB/s", window.mebibytesPerSecond(size)),
                        times(request.seconds() / window.seconds()))
                + line(
                        "4 KiB, no read-ahead",
                        String.format(Locale.ROOT, "%.0f µs", request.pieceMicros()),
                        String.format(Locale.ROOT, "%.0f µs", window.pieceMicros()),
                        times(request.pieceMicros() / window.pieceMicros()))
                + line(
                        "memory of the guest",
                        String.format(Locale.ROOT, "%.1f MiB", request.cachedMebibytes()),
                        String.format(Locale.ROOT, "%.1f MiB", window.cachedMebibytes()),
                        "");
        steps.done(text.stripTrailing(), figures);
    }

    private static boolean isReading(String line) {
        return line.strip().matches("TOUR reading \\w+ [0-9.]+ -?[0-9]+ [0-9.]+");
    }

    private Reading reading(String line) {
        String[] words = line.strip().split(" ", -1);
        return new Reading(
                Double.parseDouble(words[3]),
                Double.parseDouble(words[5]) * 1e6 / pieces(),
                Math.max(0, Double.parseDouble(words[4])) / 1024);
    }

    private static Map<String, Object> figures(Reading reading, long size) {
        Map<String, Object> figures = new LinkedHashMap<>();
        figures.put("mib_per_s", Math.round(reading.mebibytesPerSecond(size)));
        figures.put("piece_4k_us", Math.round(reading.pieceMicros()));
        figures.put("guest_memory_mib", Math.round(reading.cachedMebibytes() * 10) / 10.0);
        return figures;
    }

    private static String line(String what, String request, String window, String ratio) {
        return String.format(Locale.ROOT, "%-24s %12s %12s  %s", what, request, window, ratio)
                        .stripTrailing() + "\n";
    }

    private static String times(double ratio) {
        return String.format(Locale.ROOT, "%.1f times", ratio);
    }
}
