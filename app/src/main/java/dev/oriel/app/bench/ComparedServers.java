package dev.oriel.app.bench;

import dev.oriel.benchmarks.PeerSubject;
import dev.oriel.benchmarks.Subject;
import dev.oriel.guests.GuestKit;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The servers that a benchmark compares, Oriel and the Rust virtiofsd, and how they are started. */
final class ComparedServers {
    @Option(
            names = "--cache",
            paramLabel = "MODE",
            description = "The cache mode of both servers: auto, always, metadata or never (default: their own, auto).")
    private @Nullable String cache;

    @Option(
            names = "--poll",
            paramLabel = "auto|off|MICROSECONDS",
            description = "How long Oriel looks for more work before it sleeps, as of oriel serve.")
    private @Nullable String poll;

    /** Both, the one that is praised first. */
    List<Subject> subjects(GuestKit kit) {
        List<String> both = cache == null ? List.of() : List.of("--cache=" + cache);
        List<String> own = new ArrayList<>(both);
        if (poll != null) {
            own.add("--poll=" + poll);
        }
        return List.of(new OrielSubject("oriel", own), new PeerSubject(kit, both));
    }
}
