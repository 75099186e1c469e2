package dev.oriel.benchmarks;

import dev.oriel.guests.Guest;
import dev.oriel.guests.GuestKind;
import dev.oriel.guests.GuestKit;
import dev.oriel.guests.GuestRun;
import dev.oriel.guests.Share;
import dev.oriel.linux.MemoryCalls;
import dev.oriel.linux.PageCache;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * What it costs the host when two virtual machines read one file: through the DAX window it is in memory once, by
 * request once in the host's page cache and once in the memory of each guest.
 */
public final class DaxMemoryBenchmark {
    private static final Duration TIME = Duration.ofMinutes(10);
    private static final double MEBIBYTE = 1 << 20;

    /** So many times less than all of the file may be in memory before it is read. */
    private static final int TOLERATED = 100;

    /** So that a guest has room for the file besides itself. */
    private static final int GUEST_MEBIBYTES = 320;

    private static final String SCRIPT = """
            echo "BENCH ready"
            read -r turn
            sha256sum data | sed 's/^/BENCH sum /'
            read -r turn
            """;

    private final GuestKit kit;
    private final Subject window;
    private final Subject requests;
    private final int mebibytes;

    /**
     * @param window is mounted through a DAX window, and has one request queue
     * @param requests has none
     * @param mebibytes of the file
     */
    public DaxMemoryBenchmark(GuestKit kit, Subject window, Subject requests, int mebibytes) {
        this.kit = kit;
        this.window = window;
        this.requests = requests;
        this.mebibytes = mebibytes;
    }

    /**
     * Memory of the host, in MiB, each page counted once.
     *
     * @param file pages of the file in the host's page cache
     * @param machines memory of both virtual machines and of the server besides these pages
     */
    public record Memory(double file, double machines) {
        public double sum() {
            return file + machines;
        }
    }

    /**
     * One way to read the file.
     *
     * @param before both guests have mounted, and next to nothing of the file is in memory
     * @param after both guests have read all of it
     * @param mapped what the virtual machines have of the file's own pages then, in MiB, each page counted once
     */
    public record Way(String name, Memory before, Memory after, double mapped) {
        public double cost() {
            return after.sum() - before.sum();
        }
    }

    /** Measures both ways. */
    public List<Way> run(Consumer<String> progress) throws IOException, InterruptedException {
        try (WorkFolder work = WorkFolder.onDisk()) {
            Path shared = Files.createDirectory(work.path().resolve("share"));
            Path file = shared.resolve("data");
            progress.accept("writing a file of " + mebibytes + " MiB");
            RandomFile.make(file, mebibytes);
            drop(file);
            List<Way> ways = new ArrayList<>();
            ways.add(measure(window, work, file, progress));
            ways.add(measure(requests, work, file, progress));
            return ways;
        }
    }

    /** Takes the file out of memory: what is there already would cost nothing. */
    static void drop(Path file) throws IOException {
        PageCache.drop(file);
        long size = Files.size(file);
        long pages = PageCache.pages(file, size);
        if (pages * MemoryCalls.pageSize() > size / TOLERATED) {
            throw new IOException("of %s %,d pages stay in memory: it is on no disk (tmpfs), or somebody uses it"
                    .formatted(file, pages));
        }
    }

    private Way measure(Subject subject, WorkFolder work, Path file, Consumer<String> progress)
            throws IOException, InterruptedException {
        Path state = work.folder("state");
        try (Daemon daemon = subject.start(work.path().resolve("share"), state, "bench", List.of())) {
            Guest guest = Guest.of(kit, GuestKind.X86_64)
                    .share(subject.attach(Share.of(daemon.socket(), "bench")))
                    .memory(GUEST_MEBIBYTES + mebibytes)
                    .limit(TIME)
                    .script(SCRIPT);
            progress.accept(subject.name() + ": two guests boot");
            try (GuestRun one = guest.start();
                    GuestRun two = guest.start()) {
                one.awaitLine("^BENCH ready", TIME);
                two.awaitLine("^BENCH ready", TIME);
                List<Long> machines = machines(daemon);
                drop(file);
                Memory before = memory(file, machines, daemon);
                progress.accept(subject.name() + ": both read the file");
                one.type("read");
                two.type("read");
                String sum = one.awaitLine("^BENCH sum ", TIME);
                if (!sum.equals(two.awaitLine("^BENCH sum ", TIME))) {
                    throw new IOException("two guests read different bytes of one file");
                }
                Memory after = memory(file, machines, daemon);
                double mapped = mapped(file, machines);
                one.type("end");
                two.type("end");
                one.await().orThrow();
                two.await().orThrow();
                return new Way(subject.name(), before, after, mapped);
            }
        }
    }

    /** What virtual machines have mapped of a file, in MiB, each page counted once. */
    static double mapped(Path file, List<Long> machines) throws IOException {
        double kibibytes = 0;
        for (long pid : machines) {
            kibibytes += MappedPages.ofFile(pid, file).proportionalKibibytes();
        }
        return kibibytes / 1024;
    }

    /** The virtual machines are what this process started, but for the server. */
    static List<Long> machines(Daemon daemon) {
        try (Stream<ProcessHandle> descendants = ProcessHandle.current().descendants()) {
            return descendants
                    .map(ProcessHandle::pid)
                    .filter(pid -> pid != daemon.pid())
                    .toList();
        }
    }

    static Memory memory(Path file, List<Long> machines, Daemon daemon) throws IOException {
        double kibibytes = MappedPages.besides(daemon.pid(), file).proportionalKibibytes();
        for (long pid : machines) {
            kibibytes += MappedPages.besides(pid, file).proportionalKibibytes();
        }
        long pages = PageCache.pages(file, Files.size(file));
        return new Memory(pages * (MemoryCalls.pageSize() / MEBIBYTE), kibibytes / 1024);
    }
}
