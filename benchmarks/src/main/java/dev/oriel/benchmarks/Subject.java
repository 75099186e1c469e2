package dev.oriel.benchmarks;

import dev.oriel.guests.Share;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** A kind of server to be measured: it can be started afresh as often as wanted. */
public interface Subject {
    /** What it is called in tables. */
    String name();

    /** How a guest has its share: by which device, with which options. */
    default Share attach(Share share) {
        return share;
    }

    /**
     * Starts it and waits until it listens.
     *
     * @param shared the directory to share
     * @param state an empty folder for its socket and its log, which the caller removes
     * @param tag the mount tag
     * @param options more of its own options
     */
    Daemon start(Path shared, Path state, String tag, List<String> options) throws IOException, InterruptedException;
}
