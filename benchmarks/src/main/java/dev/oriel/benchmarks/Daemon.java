package dev.oriel.benchmarks;

import java.io.IOException;
import java.nio.file.Path;

/** A server that runs, to be measured. Closing it ends it. */
public interface Daemon extends AutoCloseable {
    /** Where it listens. */
    Path socket();

    /** The process that serves. */
    long pid();

    @Override
    void close() throws IOException;
}
