package dev.oriel.app.tour;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.oriel.app.serve.ServeCommand;
import dev.oriel.app.serve.ServerProcess;
import dev.oriel.benchmarks.ProcessMemory;
import dev.oriel.guests.Guest;
import dev.oriel.guests.GuestException;
import dev.oriel.guests.GuestKind;
import dev.oriel.guests.GuestKit;
import dev.oriel.guests.GuestRun;
import dev.oriel.guests.Share;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The tour inside a guest: it boots, mounts the share, lists it, reads files whose checksums the host knows, and writes
 * a file that the host then finds, or is refused where the share is read-only.
 *
 * <p>The guest's script prints lines that begin with {@code TOUR}; where the two sides take turns it waits for a line
 * from the host.
 */
final class GuestTour {
    static final String TAG = "oriel";

    private static final Duration BOOT = Duration.ofSeconds(90);
    private static final Duration STEP = Duration.ofSeconds(60);
    private static final int LISTED_LINES = 6;
    static final String END_OF_NAMES = "ORIEL-END-OF-NAMES";

    private final Steps steps;
    private final Path folder;
    private final boolean writable;
    private final String fileToWrite;
    private final List<TourTree.Sample> samples;
    private final Optional<WindowTour> window;

    /**
     * @param writable whether the share may be written to; otherwise the guest must be refused
     * @param dax whether it goes over the DAX window, and compares
     */
    GuestTour(Steps steps, Path folder, boolean writable, boolean dax) throws IOException {
        this.steps = steps;
        this.folder = folder;
        this.writable = writable;
        this.fileToWrite = "oriel-try-" + ProcessHandle.current().pid() + ".txt";
        this.samples = TourTree.samples(folder);
        this.window = dax ? Optional.of(new WindowTour(steps, samples)) : Optional.empty();
    }

    /**
     * Boots a guest and shows it the share; each step that fails is told and the tour goes on with the next that makes
     * sense.
     *
     * @throws GuestException if the guest does not get far enough for a step to be judged
     */
    void run(GuestKit kit, GuestKind kind, Path socket, ServerProcess server) throws IOException, InterruptedException {
        steps.begin("guest", kind.isQemu() ? "QEMU boots Linux" : "user-mode Linux boots");
        Guest described = Guest.of(kit, kind).script(script());
        Share share = share(socket, TAG);
        if (window.isPresent()) {
            described
                    .share(share.withDaxWindow().withMountOptions("dax=always"))
                    .share(share(socket, WindowTour.REQUEST_TAG).at(WindowTour.BY_REQUEST));
        } else {
            described.share(share);
        }
        try (GuestRun guest = described.start()) {
            String kernel = word(guest.awaitLine("^GUEST-UP ", BOOT), 1);
            guest.awaitLine("^MOUNTED ", BOOT);
            steps.done("Linux " + kernel + " is up, '" + TAG + "' mounted on /mnt"
                    + (window.isPresent() ? " with dax=always" : "")
                    + (guest.usesKvm() ? "" : kind.isQemu() ? " (emulated, no KVM)" : ""));
            list(guest);
            checksums(guest);
            if (window.isPresent()) {
                window.get().run(guest);
            }
            if (writable) {
                write(guest, kernel);
            } else {
                beRefused(guest);
            }
            steps.begin("end", "the guest unmounts and powers off");
            guest.type("done");
            guest.await().orThrow();
            steps.done(String.format(
                    Locale.ROOT,
                    "unmounted, powered off; the server has %.0f MiB",
                    ProcessMemory.of(server.pid()).ownMebibytes()));
        }
    }

    private static Share share(Path socket, String tag) {
        return Share.of(socket, tag).withQueues(1, ServeCommand.DEFAULT_QUEUE_SIZE);
    }

    private void list(GuestRun guest) throws IOException, InterruptedException {
        steps.begin("list", "ls /mnt");
        guest.type("list");
        List<String> listed = new ArrayList<>();
        String line = guest.awaitLine("^TOUR (ls|entries) ", STEP);
        while (line.startsWith("TOUR ls ")) {
            listed.add(line.substring("TOUR ls ".length()));
            line = guest.awaitLine("^TOUR (ls|entries) ", STEP);
        }
        long inGuest = Long.parseLong(word(line, 2));
        long onHost = TourTree.entries(folder);
        String picture = listed.isEmpty() ? "" : "\n" + String.join("\n", listed);
        if (inGuest == onHost) {
            steps.done(inGuest + " entries, as on the host" + picture);
        } else {
            steps.failed("the guest sees " + inGuest + " entries, the host has " + onHost + picture);
        }
    }

    private void checksums(GuestRun guest) throws IOException, InterruptedException {
        steps.begin("read", "the guest reads files and computes their checksums");
        guest.type("read");
        long bytes = 0;
        List<String> different = new ArrayList<>();
        for (TourTree.Sample sample : samples) {
            String sum = word(guest.awaitLine("^TOUR sum ", STEP), 2);
            bytes += sample.size();
            if (!sum.equals(sample.sha256())) {
                different.add(sample.path());
            }
        }
        if (!different.isEmpty()) {
            steps.failed(different.size() + " of " + samples.size() + " files differ from the host's: "
                    + String.join(", ", different.subList(0, Math.min(5, different.size()))));
        } else if (samples.isEmpty()) {
            steps.skipped("the directory has no file to read");
        } else {
            steps.done(String.format(
                    Locale.ROOT,
                    "%d files, %.1f MiB: every SHA-256 as on the host",
                    samples.size(),
                    bytes / (double) (1 << 20)));
        }
    }

    private void write(GuestRun guest, String kernel) throws IOException, InterruptedException {
        steps.begin("write", "the guest writes a file");
        guest.type("write");
        guest.awaitLine("^TOUR wrote", STEP);
        Path file = folder.resolve(fileToWrite);
        byte[] expected = TourTree.greeting(kernel);
        boolean found = Files.exists(file);
        boolean same = found && java.util.Arrays.equals(Files.readAllBytes(file), expected);
        guest.type("remove");
        guest.awaitLine("^TOUR removed", STEP);
        if (!same) {
            steps.failed(fileToWrite + (found ? " has other contents on the host" : " did not appear on the host"));
        } else if (Files.exists(file)) {
            steps.failed(fileToWrite + " was removed in the guest and is still on the host");
        } else {
            steps.done(fileToWrite + " appeared on the host: \"" + new String(expected, UTF_8).strip()
                    + "\"\nthen the guest removed it, and it is gone from the host");
        }
    }

    private void beRefused(GuestRun guest) throws IOException, InterruptedException {
        steps.begin("write", "the guest tries to write");
        guest.type("write");
        String line = guest.awaitLine("^TOUR (wrote|refused)", STEP);
        if (line.contains("Read-only file system") && !Files.exists(folder.resolve(fileToWrite))) {
            steps.done(
                    "refused, as it must be: your directory is shared read-only\n(--write lets the guest write one file and "
                            + "remove it again)");
        } else {
            steps.failed("the share is read-only, and yet: " + line.substring("TOUR ".length()));
        }
    }

    /** What the guest runs, in busybox sh, in the folder of the share. Each {@code read} waits for the host's turn. */
    private String script() {
        StringBuilder names = new StringBuilder();
        for (TourTree.Sample sample : samples) {
            names.append("./").append(sample.path()).append('\n');
        }
        String write = writable ? """
                echo "written in the guest by Linux $(uname -r)" >'./%1$s'
                sync
                echo "TOUR wrote"
                read -r turn
                rm './%1$s'
                echo "TOUR removed"
                """.formatted(fileToWrite) : """
                if (echo x >'./%s') 2>/tmp/refused; then echo "TOUR wrote"; else echo "TOUR refused $(cat /tmp/refused)"; fi
                """.formatted(fileToWrite);
        return """
                read -r turn
                ls -lA | grep -v '^total ' | head -n %d | while IFS= read -r line; do echo "TOUR ls $line"; done
                echo "TOUR entries $(ls -A | wc -l)"
                cat >/tmp/names <<'%s'
                %s%s
                read -r turn
                tr '\\n' '\\000' </tmp/names | xargs -0 sha256sum | sed 's/^/TOUR sum /'
                %sread -r turn
                %sread -r turn
                """.formatted(
                        LISTED_LINES,
                        END_OF_NAMES,
                        names,
                        END_OF_NAMES,
                        window.map(WindowTour::script).orElse(""),
                        write);
    }

    private static String word(String line, int index) {
        String[] words = line.split(" ", -1);
        return index < words.length ? words[index] : "";
    }
}
