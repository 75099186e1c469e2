package dev.oriel.app.log;

import java.util.concurrent.ConcurrentHashMap;

/**
 * Gives every module its {@link System.Logger}. The JDK's own default would load java.util.logging, which costs a
 * daemon start time and memory for what {@link Log} does in one line of text.
 */
public final class LogFinder extends System.LoggerFinder {
    private final ConcurrentHashMap<String, Log> logs = new ConcurrentHashMap<>();

    /** For the service loader. */
    public LogFinder() {}

    @Override
    public System.Logger getLogger(String name, Module module) {
        // One for each name, so that each has one rate.
        return logs.computeIfAbsent(name, Log::new);
    }
}
