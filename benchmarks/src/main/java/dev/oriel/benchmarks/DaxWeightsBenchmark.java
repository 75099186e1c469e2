package dev.oriel.benchmarks;

import dev.oriel.guests.Guest;
import dev.oriel.guests.GuestKind;
import dev.oriel.guests.GuestKit;
import dev.oriel.guests.GuestRun;
import dev.oriel.guests.PeerDaemon;
import dev.oriel.guests.Share;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;

/**
 * A checkpoint that two guests map at once, each on its own, as programs that load a model do: all of its tensors in
 * order, then some at random, each copied to where it is used. And what that costs the host in memory.
 */
public final class DaxWeightsBenchmark {
    /** What is read at a time. */
    public static final int TENSOR_MEBIBYTES = 4;

    private static final int MEBIBYTES = 8192;
    private static final int GUEST_MEBIBYTES = 1024;
    private static final Duration TIME = Duration.ofMinutes(30);

    /** So much of each MiB is on the disk; the rest is a hole. */
    private static final int DATA = 1 << 16;

    private static final String SCRIPT = """
            cat >/tmp/weights.py <<'END'
            import mmap, random, sys, time
            TENSOR = %d << 20
            with open('/mnt/weights', 'rb') as file:
                weights = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
            places = list(range(0, len(weights) - TENSOR + 1, TENSOR))
            if sys.argv[1] == 'random':
                random.Random(21).shuffle(places)
                places = places[:64]
            began, seen = time.monotonic(), 0
            for place in places:
                tensor = weights[place:place + TENSOR]
                seen = (31 * seen + int.from_bytes(tensor[:8], 'little')) %% (1 << 64)
            rate = len(places) * TENSOR / (1 << 20) / (time.monotonic() - began)
            print('BENCH', sys.argv[1], seen, '%%.1f' %% rate, flush=True)
            END
            echo "BENCH ready"
            read -r turn
            tools python3 /tmp/weights.py order
            read -r turn
            echo 1 >/proc/sys/vm/drop_caches
            tools python3 /tmp/weights.py random
            read -r turn
            """.formatted(TENSOR_MEBIBYTES);

    private final GuestKit kit;
    private final List<Subject> ways;
    private final int mebibytes;

    /**
     * @param ways servers of one request queue
     * @param mebibytes of the checkpoint
     */
    public DaxWeightsBenchmark(GuestKit kit, List<? extends Subject> ways, int mebibytes) {
        this.kit = kit;
        this.ways = List.copyOf(ways);
        this.mebibytes = mebibytes;
    }

    /** 8 GiB, or half of this host's memory if that is less. */
    public static int defaultMebibytes() throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/meminfo"))) {
            if (line.startsWith("MemTotal:")) {
                return Math.min(MEBIBYTES, Integer.parseInt(line.split("\\s+", -1)[1]) / 2048);
            }
        }
        return MEBIBYTES;
    }

    /**
     * One way to read it.
     *
     * @param inOrder MiB/s of each guest
     * @param atRandom the same
     * @param memory before anything of the checkpoint was read, and at the end
     */
    public record Way(List<Double> inOrder, List<Double> atRandom, DaxMemoryBenchmark.Way memory) {}

    /** Measures all ways. */
    public List<Way> run(Consumer<String> progress) throws IOException, InterruptedException {
        try (WorkFolder work = WorkFolder.onDisk()) {
            Path shared = Files.createDirectory(work.path().resolve("share"));
            Path file = shared.resolve("weights");
            progress.accept("writing a checkpoint of " + mebibytes + " MiB");
            write(file);
            List<Way> measured = new ArrayList<>();
            for (Subject way : ways) {
                measured.add(measure(way, work, file, progress));
            }
            return measured;
        }
    }

    private void write(Path file) throws IOException {
        byte[] bytes = new byte[DATA];
        Random random = new Random(21);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            for (long at = 0; at < mebibytes; at++) {
                random.nextBytes(bytes);
                ByteBuffer buffer = ByteBuffer.wrap(bytes);
                while (buffer.hasRemaining()) {
                    channel.write(buffer, (at << 20) + buffer.position());
                }
            }
            channel.write(ByteBuffer.allocate(1), ((long) mebibytes << 20) - 1);
        }
    }

    private Way measure(Subject subject, WorkFolder work, Path file, Consumer<String> progress)
            throws IOException, InterruptedException {
        Path state = work.folder("state");
        try (Daemon daemon = subject.start(work.path().resolve("share"), state, "bench", List.of());
                PeerDaemon one = tools(state.resolve("tools1.sock"));
                PeerDaemon two = tools(state.resolve("tools2.sock"))) {
            progress.accept(subject.name() + ": two guests boot");
            try (GuestRun first = guest(subject, daemon, one).start();
                    GuestRun second = guest(subject, daemon, two).start()) {
                List<GuestRun> runs = List.of(first, second);
                for (GuestRun run : runs) {
                    run.awaitLine("^BENCH ready", TIME);
                }
                List<Long> machines = DaxMemoryBenchmark.machines(daemon);
                DaxMemoryBenchmark.drop(file);
                DaxMemoryBenchmark.Memory before = DaxMemoryBenchmark.memory(file, machines, daemon);
                progress.accept(subject.name() + ": both read it in order");
                List<Double> inOrder = turn(runs, "order");
                progress.accept(subject.name() + ": both read it at random");
                List<Double> atRandom = turn(runs, "random");
                DaxMemoryBenchmark.Memory after = DaxMemoryBenchmark.memory(file, machines, daemon);
                double mapped = DaxMemoryBenchmark.mapped(file, machines);
                for (GuestRun run : runs) {
                    run.type("end");
                    run.await().orThrow();
                }
                return new Way(inOrder, atRandom, new DaxMemoryBenchmark.Way(subject.name(), before, after, mapped));
            }
        } finally {
            WorkFolder.remove(state);
        }
    }

    private PeerDaemon tools(Path socket) throws IOException, InterruptedException {
        return PeerDaemon.start(kit, kit.tools(), socket, "tools", "--readonly", "--cache=always");
    }

    private Guest guest(Subject subject, Daemon daemon, PeerDaemon tools) {
        return Guest.of(kit, GuestKind.X86_64)
                .share(subject.attach(Share.of(daemon.socket(), "bench")))
                .share(Share.of(tools.socket(), "tools").at("/tools"))
                .memory(GUEST_MEBIBYTES)
                .limit(TIME)
                .script(SCRIPT);
    }

    /** Has both guests read at once: what each of them reads in a second, in MiB. */
    private static List<Double> turn(List<GuestRun> runs, String order) throws IOException, InterruptedException {
        for (GuestRun run : runs) {
            run.type(order);
        }
        List<Double> rates = new ArrayList<>();
        String seen = "";
        for (GuestRun run : runs) {
            String[] words =
                    run.awaitLine("^BENCH " + order + " ", TIME).strip().split(" ", -1);
            if (!seen.isEmpty() && !seen.equals(words[2])) {
                throw new IOException("two guests read different bytes of one checkpoint");
            }
            seen = words[2];
            rates.add(Double.parseDouble(words[3]));
        }
        return rates;
    }
}
