package dev.oriel.app.log;

import java.time.Instant;
import java.time.temporal.ChronoUnit;

/** Where the log goes. Implementations are safe for all threads. */
public interface LogSink extends AutoCloseable {

    /** Writes one event; a failure to write is nobody's to handle and is swallowed. */
    void write(System.Logger.Level level, String logger, String text);

    /** Nothing to close, for most. */
    @Override
    default void close() {}

    /** Lines on standard error: time (UTC), level, package without its prefix, text. */
    static LogSink standardError() {
        return (level, logger, text) -> System.err.println("[" + Instant.now().truncatedTo(ChronoUnit.MILLIS) + " "
                + level + " " + shortName(logger) + "] " + text);
    }

    /** {@code vhostuser} for {@code dev.oriel.vhostuser}. */
    static String shortName(String logger) {
        return logger.startsWith("dev.oriel.") ? logger.substring("dev.oriel.".length()) : logger;
    }
}
