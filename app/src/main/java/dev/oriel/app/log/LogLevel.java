package dev.oriel.app.log;

import java.util.Locale;

/** How much is logged, by the names that virtiofsd gives to the levels. */
public enum LogLevel {
    OFF(System.Logger.Level.OFF),
    ERROR(System.Logger.Level.ERROR),
    WARN(System.Logger.Level.WARNING),
    INFO(System.Logger.Level.INFO),
    DEBUG(System.Logger.Level.DEBUG),
    TRACE(System.Logger.Level.TRACE);

    private final System.Logger.Level level;

    LogLevel(System.Logger.Level level) {
        this.level = level;
    }

    /** The least severe level that is still logged. */
    System.Logger.Level level() {
        return level;
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
