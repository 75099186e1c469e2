package dev.oriel.benchmarks;

import dev.oriel.guests.Guest;
import dev.oriel.guests.GuestKind;
import dev.oriel.guests.GuestKit;
import dev.oriel.guests.GuestRun;
import dev.oriel.guests.PeerDaemon;
import dev.oriel.guests.Share;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the DAX window gives a guest: fio reads 4 KiB at random in an x86_64 guest, through the window, by request, and
 * from other servers, each time with empty caches of the guest. And what a mapping costs: the first bytes of each
 * range, and what of it is the server's and what the virtual machine's.
 */
public final class DaxGuestBenchmark {
    private static final int FILE_MEBIBYTES = 256;
    private static final int TMPFS_MEBIBYTES = 64;
    private static final int RANGES = FILE_MEBIBYTES / 2;
    private static final int SECONDS = 2;
    private static final int QUEUE_SIZE = 1024;
    private static final Duration LIMIT = Duration.ofMinutes(3);

    /**
     * Field 8 of fio's terse output is the reads of a second, field 24 the median time of one in microseconds
     * (50.000000%=N).
     */
    private static final String SCRIPT = """
            fio() { tools fio --minimal --name=reads --bs=4k "$@"; }
            random() {
                echo 1 >/proc/sys/vm/drop_caches
                fio --filename=$2 --rw=randread --ioengine=$1 --runtime=%d --gtod_reduce=1 | cut -d';' -f8
            }
            echo "BENCH first $(fio --filename=/mnt/data --rw=read:2044k --number_ios=%d --ioengine=psync | cut -d';' -f24 | sed 's/.*=//')"
            dd if=data of=/dev/null bs=1M 2>/dev/null
            echo "BENCH psync $(random psync /mnt/data)"
            echo "BENCH mmap $(random mmap /mnt/data)"
            if grep -q '/mnt .*dax=always' /proc/mounts; then
                dd if=data of=/tmp/data bs=1M count=%d 2>/dev/null
                echo "BENCH tmpfs-psync $(random psync /tmp/data)"
                echo "BENCH tmpfs-mmap $(random mmap /tmp/data)"
            fi
            echo "BENCH end 0"
            """.formatted(SECONDS, RANGES, TMPFS_MEBIBYTES);

    private static final Map<String, Row> ROWS = Map.of(
            "first", Row.cost("first 4 KiB of a 2 MiB range, psync, median", "us"),
            "psync", Row.rate("4 KiB at random, psync", "/s"),
            "mmap", Row.rate("4 KiB at random, mmap", "/s"),
            "tmpfs-psync", Row.rate("limit: the guest's own tmpfs, psync", "/s"),
            "tmpfs-mmap", Row.rate("limit: the guest's own tmpfs, mmap", "/s"));

    private static final Pattern SERVED = Pattern.compile("SETUPMAPPING of node .* was served \\(0\\) in (\\d+) ns");
    private static final Pattern MAPPED =
            Pattern.compile("was answered \\(0\\) after (\\d+) ns, and memory of the guest after (\\d+) ns");

    private final GuestKit kit;
    private final Subject window;
    private final List<Subject> others;

    /**
     * @param window has a DAX window and one request queue, and logs the time of mappings
     * @param others have none
     */
    public DaxGuestBenchmark(GuestKit kit, Subject window, List<Subject> others) {
        this.kit = kit;
        this.window = window;
        this.others = others;
    }

    /** Runs it. */
    public Report run(int rounds, Consumer<String> progress) throws IOException, InterruptedException {
        try (WorkFolder work = WorkFolder.create()) {
            Path shared = work.folder("share");
            RandomFile.make(shared.resolve("data"), FILE_MEBIBYTES);
            Comparison comparison = Comparison.named("dax guest")
                    .condition("fio in an x86_64 guest of one processor (QEMU, "
                            + (usesKvm() ? "KVM" : "emulated, no KVM") + "); a file of " + FILE_MEBIBYTES
                            + " MiB on tmpfs, no page of it in the guest's caches")
                    .condition("warm-up: the file is read once in order, which maps all of its ranges; " + SECONDS
                            + " s for each row, or until all of the file was read once")
                    .rounds(rounds)
                    .progress(progress)
                    .subject(window.name(), rows -> trial(window, true, work, shared, rows));
            for (Subject subject : others) {
                comparison.subject(subject.name(), rows -> trial(subject, false, work, shared, rows));
            }
            return comparison.run();
        }
    }

    private static boolean usesKvm() {
        return Files.isWritable(Path.of("/dev/kvm"));
    }

    private void trial(Subject subject, boolean dax, WorkFolder work, Path shared, Consumer<Measurement> rows)
            throws IOException, InterruptedException {
        Path state = work.folder("state");
        Path socket = state.resolve("tools.sock");
        try (Daemon daemon = subject.start(shared, state, "bench", List.of());
                PeerDaemon tools =
                        PeerDaemon.start(kit, kit.tools(), socket, "tools", "--readonly", "--cache=always")) {
            Share share = Share.of(daemon.socket(), "bench").withQueues(1, QUEUE_SIZE);
            Guest guest = Guest.of(kit, GuestKind.X86_64)
                    .share(dax ? share.withDaxWindow().withMountOptions("dax=always") : share)
                    .share(Share.of(tools.socket(), "tools").at("/tools"))
                    .memory(1024)
                    .limit(LIMIT)
                    .script(SCRIPT);
            try (GuestRun run = guest.start()) {
                String[] words = run.awaitLine("^BENCH ", LIMIT).strip().split(" ", -1);
                while (!words[1].equals("end")) {
                    Row row = ROWS.get(words[1]);
                    if (row == null || words.length != 3) {
                        throw new IOException("fio failed in the guest: " + String.join(" ", words));
                    }
                    rows.accept(Measurement.of(row, Double.parseDouble(words[2])));
                    words = run.awaitLine("^BENCH ", LIMIT).strip().split(" ", -1);
                }
                run.await().orThrow();
            }
            if (dax) {
                mappings(Files.readAllLines(state.resolve("log")), rows);
            }
        } finally {
            WorkFolder.remove(state);
        }
    }

    /** The first mappings are those of the first row. */
    private static void mappings(List<String> log, Consumer<Measurement> rows) throws IOException {
        List<Double> served = new ArrayList<>();
        List<Double> answered = new ArrayList<>();
        List<Double> seen = new ArrayList<>();
        for (String line : log) {
            Matcher mapped = MAPPED.matcher(line);
            if (mapped.find() && answered.size() < RANGES) {
                answered.add(Double.parseDouble(mapped.group(1)) / 1000);
                seen.add(Double.parseDouble(mapped.group(2)) / 1000);
            }
            Matcher whole = SERVED.matcher(line);
            if (whole.find() && served.size() < RANGES) {
                served.add(Double.parseDouble(whole.group(1)) / 1000);
            }
        }
        if (served.isEmpty() || answered.isEmpty()) {
            throw new IOException("the server's log does not tell of mappings");
        }
        rows.accept(median("of it: the server serves SETUPMAPPING", served));
        rows.accept(median("of that: until QEMU answers SHMEM_MAP", answered));
        rows.accept(median("of that: until QEMU's guest has the memory", seen));
    }

    private static Measurement median(String name, List<Double> micros) {
        double[] values = micros.stream().mapToDouble(Double::doubleValue).toArray();
        return Measurement.of(Row.cost(name, "us"), Spread.of(values).median());
    }
}
