package dev.oriel.app.tour;

import dev.oriel.app.cluster.ClusterProcess;
import dev.oriel.app.serve.ServeCommand;
import dev.oriel.app.serve.ServerProcess;
import dev.oriel.benchmarks.ProcessMemory;
import dev.oriel.guests.Guest;
import dev.oriel.guests.GuestKind;
import dev.oriel.guests.GuestKit;
import dev.oriel.guests.GuestRun;
import dev.oriel.guests.Share;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * The tour of a cluster inside a guest, each step held against Hadoop's own client: what is there, checksums, a file
 * that the guest writes, a program that the guest runs from the cluster, and a read in the middle of which a data node
 * is stopped.
 */
final class ClusterTour {
    private static final Duration BOOT = Duration.ofMinutes(2);
    private static final Duration STEP = Duration.ofMinutes(2);

    private static final String WRITTEN = "written-in-the-guest";
    private static final String PROGRAM = "busybox";

    private final Steps steps;
    private final ClusterProcess cluster;
    private final boolean dax;

    /** @param dax whether the guest has a DAX window */
    ClusterTour(Steps steps, ClusterProcess cluster, boolean dax) {
        this.steps = steps;
        this.cluster = cluster;
        this.dax = dax;
    }

    void run(GuestKit kit, GuestKind kind, Path socket, ServerProcess server) throws IOException, InterruptedException {
        steps.begin("guest", kind.isQemu() ? "QEMU boots Linux" : "user-mode Linux boots");
        Share share = Share.of(socket, GuestTour.TAG).withQueues(1, ServeCommand.DEFAULT_QUEUE_SIZE);
        Guest guest = Guest.of(kit, kind)
                .share(dax ? share.withDaxWindow().withMountOptions("dax=always") : share)
                .script(script());
        try (GuestRun run = guest.start()) {
            String kernel = word(run.awaitLine("^GUEST-UP ", BOOT), 1);
            run.awaitLine("^MOUNTED ", BOOT);
            steps.done("Linux " + kernel + " is up, the cluster mounted on /mnt" + (dax ? " with dax=always" : ""));
            checksums(run);
            write(run);
            program(run);
            lostDataNode(run);
            steps.begin("end", "the guest unmounts and powers off");
            run.type("done");
            run.await().orThrow();
            steps.done(String.format(
                    Locale.ROOT,
                    "unmounted, powered off; the server has %.0f MiB",
                    ProcessMemory.of(server.pid()).ownMebibytes()));
        }
    }

    private void checksums(GuestRun guest) throws IOException, InterruptedException {
        steps.begin("read", "the guest lists the cluster and computes checksums");
        guest.type("read");
        Map<String, String> inGuest = new TreeMap<>();
        for (String line = guest.awaitLine("^TOUR (sum|read)", STEP);
                line.startsWith("TOUR sum ");
                line = guest.awaitLine("^TOUR (sum|read)", STEP)) {
            inGuest.put(word(line, 4).replaceFirst("^\\./", ""), word(line, 2));
        }
        Map<String, String> there = cluster.sums();
        if (inGuest.equals(there)) {
            steps.done(there.size() + " files, 24 MiB: every name and SHA-256 as Hadoop's own client reads them");
        } else {
            steps.failed("the guest read " + inGuest.size() + " files, Hadoop's client " + there.size()
                    + ", or with other bytes");
        }
    }

    private void write(GuestRun guest) throws IOException, InterruptedException {
        steps.begin("write", "the guest writes a file");
        guest.type("write");
        String sum = word(guest.awaitLine("^TOUR wrote", STEP), 2);
        String there = cluster.sums().get(WRITTEN);
        if (sum.equals(there)) {
            steps.done(WRITTEN + ", 5 MiB: Hadoop's own client reads the same bytes");
        } else {
            steps.failed(WRITTEN + (there == null ? " is not in the cluster" : " has other bytes in the cluster"));
        }
    }

    private void program(GuestRun guest) throws IOException, InterruptedException {
        String how = dax ? "through the DAX window" : "by its page cache";
        steps.begin("mmap", "the guest runs a program that lies in the cluster, " + how);
        guest.type("run");
        String ran = guest.awaitLine("^TOUR (ran|refused)", STEP);
        if (ran.startsWith("TOUR ran mapped in place")) {
            steps.done("it was mapped into memory " + how + ", and ran");
        } else {
            steps.failed("it did not run: " + ran);
        }
    }

    private void lostDataNode(GuestRun guest) throws IOException, InterruptedException {
        steps.begin("data node", "one is stopped in the middle of a read");
        guest.type("half");
        guest.awaitLine("^TOUR half", STEP);
        String stopped = cluster.stopDataNode();
        guest.type("rest");
        String sum = word(guest.awaitLine("^TOUR whole", STEP), 2);
        if (sum.equals(cluster.sums().get("large"))) {
            steps.done("stopped " + stopped + " after a third of the file; the read went on, with the right bytes");
        } else {
            steps.failed("the guest read other bytes than Hadoop's own client");
        }
    }

    /** What the guest runs, in busybox sh, in the folder of the share. Each {@code read} waits for the host's turn. */
    private static String script() {
        return """
                read -r turn
                find . -type f | xargs sha256sum | sed 's/^/TOUR sum /'
                echo "TOUR read"
                read -r turn
                dd if=/dev/urandom of=/tmp/new bs=64k count=80 2>/dev/null
                cp /tmp/new %1$s
                echo "TOUR wrote $(sha256sum <%1$s)"
                read -r turn
                cp /proc/self/exe %2$s
                chmod 755 %2$s
                echo 3 >/proc/sys/vm/drop_caches
                if ./%2$s echo mapped in place >/tmp/said 2>&1; then echo "TOUR ran $(cat /tmp/said)"; else echo "TOUR refused $(cat /tmp/said)"; fi
                read -r turn
                echo 3 >/proc/sys/vm/drop_caches
                exec 3<large
                dd bs=1M count=8 <&3 >/tmp/whole 2>/dev/null
                echo "TOUR half"
                read -r turn
                dd bs=1M <&3 >>/tmp/whole 2>/dev/null
                exec 3<&-
                echo "TOUR whole $(sha256sum </tmp/whole)"
                read -r turn
                """.formatted(WRITTEN, PROGRAM);
    }

    private static String word(String line, int index) {
        String[] words = line.split(" ", -1);
        return index < words.length ? words[index] : "";
    }
}
