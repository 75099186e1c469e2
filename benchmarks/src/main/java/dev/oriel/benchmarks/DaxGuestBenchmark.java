package dev.oriel.benchmarks;

import dev.oriel.guests.Guest;
import dev.oriel.guests.GuestKind;
import dev.oriel.guests.GuestKit;
import dev.oriel.guests.GuestRun;
import dev.oriel.guests.Kvm;
import dev.oriel.guests.PeerDaemon;
import dev.oriel.guests.Share;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the DAX window gives a guest: fio reads 4 KiB at random in an x86_64 guest, through the window, by request, and
 * from other servers, each time with empty caches of the guest. And what a mapping costs: the first bytes of each
 * range, and what of it is the server's and what the virtual machine's. Or fio reads a large file once, in order.
 */
public final class DaxGuestBenchmark {
    /** What is measured. */
    public enum Rows {
        RANDOM,
        SEQUENTIAL
    }

    private static final int FILE_MEBIBYTES = 256;
    private static final int TMPFS_MEBIBYTES = 64;
    private static final int RANGES = FILE_MEBIBYTES / 2;
    private static final int SECONDS = 2;
    private static final int QUEUE_SIZE = 1024;
    private static final Duration LIMIT = Duration.ofMinutes(10);

    /**
     * Mounted again, a guest has nothing of a file in its caches, and its window is empty. Field 7 of fio's terse
     * output is the KiB of a second that were read, field 8 the reads of a second, field 24 the median time of one in
     * microseconds (50.000000%=N).
     */
    private static final String FUNCTIONS = """
            fio() { tools fio --minimal --name=reads "$@"; }
            again() {
                cd /
                [ -z "$mounted" ] || umount /mnt
                mounted=yes
                echo 3 >/proc/sys/vm/drop_caches
                mount -t virtiofs ${options:+-o $options} bench /mnt
                cd /mnt
            }
            """;

    private static final String RANDOM = """
            random() {
                echo 1 >/proc/sys/vm/drop_caches
                fio --filename=$2 --bs=4k --rw=randread --ioengine=$1 --runtime=%d --gtod_reduce=1 | cut -d';' -f8
            }
            again
            first() { fio --filename=/mnt/data --bs=4k --rw=read:2044k --number_ios=$1 --ioengine=psync; }
            echo "BENCH first $(first %d | cut -d';' -f24 | sed 's/.*=//')"
            dd if=data of=/dev/null bs=1M 2>/dev/null
            echo "BENCH psync $(random psync /mnt/data)"
            echo "BENCH mmap $(random mmap /mnt/data)"
            if grep -q '/mnt .*dax=always' /proc/mounts; then
                dd if=data of=/tmp/data bs=1M count=%d 2>/dev/null
                echo "BENCH tmpfs-psync $(random psync /tmp/data)"
                echo "BENCH tmpfs-mmap $(random mmap /tmp/data)"
            fi
            """.formatted(SECONDS, RANGES, TMPFS_MEBIBYTES);

    /** fio's hint would have Linux read single pages of a mapped file, as if it was read at random. */
    private static final String SEQUENTIAL = """
            sequential() {
                fio --filename=/mnt/long --bs=1M --rw=read --ioengine=$1 --gtod_reduce=1 --fadvise_hint=0 |
                    awk -F';' '{ print $7 / 1024 }'
            }
            again
            echo "BENCH sequential-mmap $(sequential mmap)"
            again
            echo "BENCH sequential-psync $(sequential psync)"
            """;

    private static final Map<String, Row> ROWS = Map.of(
            "first", Row.cost("first 4 KiB of a 2 MiB range, psync, median", "us"),
            "psync", Row.rate("4 KiB at random, psync", "/s"),
            "mmap", Row.rate("4 KiB at random, mmap", "/s"),
            "tmpfs-psync", Row.rate("limit: the guest's own tmpfs, psync", "/s"),
            "tmpfs-mmap", Row.rate("limit: the guest's own tmpfs, mmap", "/s"),
            "sequential-mmap", Row.rate("a file in order, mmap", "MiB/s"),
            "sequential-psync", Row.rate("a file in order, read(2) of 1 MiB", "MiB/s"));

    private static final Pattern SERVED = Pattern.compile("SETUPMAPPING of node .* was served \\(0\\) in (\\d+) ns");
    private static final Pattern MAPPED =
            Pattern.compile("was answered \\(0\\) after (\\d+) ns, and memory of the guest after (\\d+) ns");

    private final GuestKit kit;
    private final Set<Rows> rows;
    private final int mebibytes;
    private final Subject timed;
    private final List<Subject> subjects;

    /**
     * @param rows what to measure
     * @param mebibytes of the file that is read in order
     * @param timed one of them that maps all ranges and logs the time of mappings
     * @param subjects what to compare; each has one request queue
     */
    public DaxGuestBenchmark(GuestKit kit, Set<Rows> rows, int mebibytes, Subject timed, List<Subject> subjects) {
        this.kit = kit;
        this.rows = rows;
        this.mebibytes = mebibytes;
        this.timed = timed;
        this.subjects = subjects;
    }

    /** Runs it. */
    public Report run(int rounds, Consumer<String> progress) throws IOException, InterruptedException {
        try (WorkFolder work = WorkFolder.create()) {
            Path shared = work.folder("share");
            Comparison comparison = Comparison.named("dax guest")
                    .condition("fio in an x86_64 guest of one processor (QEMU, "
                            + (Kvm.works(kit) ? "KVM" : "emulated, no KVM")
                            + "); files on tmpfs, no page of them in the guest's caches");
            if (rows.contains(Rows.RANDOM)) {
                RandomFile.make(shared.resolve("data"), FILE_MEBIBYTES);
                comparison.condition(
                        "at random: a file of " + FILE_MEBIBYTES + " MiB; warm-up: it is read once in order,"
                                + " which maps all of its ranges; " + SECONDS
                                + " s for each row, or until all of the file was read once");
            }
            if (rows.contains(Rows.SEQUENTIAL)) {
                RandomFile.make(shared.resolve("long"), mebibytes);
                comparison.condition("in order: a file of " + mebibytes + " MiB, once, after a new mount");
            }
            comparison.rounds(rounds).progress(progress);
            for (Subject subject : subjects) {
                comparison.subject(subject.name(), measured -> trial(subject, work, shared, measured));
            }
            return comparison.run();
        }
    }

    private void trial(Subject subject, WorkFolder work, Path shared, Consumer<Measurement> measured)
            throws IOException, InterruptedException {
        Path state = work.folder("state");
        Path socket = state.resolve("tools.sock");
        try (Daemon daemon = subject.start(shared, state, "bench", List.of());
                PeerDaemon tools =
                        PeerDaemon.start(kit, kit.tools(), socket, "tools", "--readonly", "--cache=always")) {
            Share share = subject.attach(Share.of(daemon.socket(), "bench").withQueues(1, QUEUE_SIZE));
            Guest guest = Guest.of(kit, GuestKind.X86_64)
                    .share(share.at(""))
                    .share(Share.of(tools.socket(), "tools").at("/tools"))
                    .memory(1024)
                    .limit(LIMIT)
                    .script(script(share.mountOptions()));
            try (GuestRun run = guest.start()) {
                String[] words = run.awaitLine("^BENCH ", LIMIT).strip().split(" ", -1);
                while (!words[1].equals("end")) {
                    Row row = ROWS.get(words[1]);
                    if (row == null || words.length != 3) {
                        throw new IOException("fio failed in the guest: " + String.join(" ", words));
                    }
                    measured.accept(Measurement.of(row, Double.parseDouble(words[2])));
                    words = run.awaitLine("^BENCH ", LIMIT).strip().split(" ", -1);
                }
                run.await().orThrow();
            }
            if (subject.equals(timed) && rows.contains(Rows.RANDOM)) {
                mappings(Files.readAllLines(state.resolve("log")), measured);
            }
        } finally {
            WorkFolder.remove(state);
        }
    }

    private String script(String mountOptions) {
        return "mounted='' options=" + mountOptions + "\n"
                + FUNCTIONS
                + (rows.contains(Rows.RANDOM) ? RANDOM : "")
                + (rows.contains(Rows.SEQUENTIAL) ? SEQUENTIAL : "")
                + "echo BENCH end 0\n";
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
