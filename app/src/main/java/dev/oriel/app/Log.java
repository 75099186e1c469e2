package dev.oriel.app;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.text.MessageFormat;
import java.util.ResourceBundle;
import org.jspecify.annotations.Nullable;

/**
 * A logger that hands one line for each event to the process's one {@link LogSink}. A stack trace is for developers: it
 * follows only where debug messages are wanted.
 *
 * <p>Safe for all threads.
 */
final class Log implements System.Logger {
    private static volatile Level threshold = Level.INFO;
    private static volatile LogSink sink = LogSink.standardError();

    private final String name;

    Log(String name) {
        this.name = name;
    }

    /** Sets what is logged from now on, and where, for the whole process. */
    static void configure(LogLevel level, LogSink destination) {
        threshold = level.level();
        sink = destination;
    }

    /** Whether stack traces are wanted. */
    static boolean isVerbose() {
        return threshold.getSeverity() <= Level.DEBUG.getSeverity();
    }

    @Override
    public String getName() {
        return name;
    }

    @Override
    public boolean isLoggable(Level level) {
        Level least = threshold;
        // Of the modules of Oriel whatever is wanted; of the JDK and libraries what is wrong, or all when looking for a
        // fault.
        boolean ours = name.startsWith("dev.oriel.");
        return level != Level.OFF
                && level.getSeverity() >= least.getSeverity()
                && (ours || isVerbose() || level.getSeverity() >= Level.WARNING.getSeverity());
    }

    @Override
    public void log(
            Level level, @Nullable ResourceBundle bundle, @Nullable String message, @Nullable Throwable thrown) {
        if (!isLoggable(level)) {
            return;
        }
        String text = message == null ? "" : message;
        if (thrown != null) {
            text = isVerbose() ? text + System.lineSeparator() + stackTrace(thrown) : text + ": " + thrown.getMessage();
        }
        sink.write(level, name, text);
    }

    @Override
    public void log(
            Level level,
            @Nullable ResourceBundle bundle,
            @Nullable String format,
            @Nullable Object @Nullable ... parameters) {
        if (!isLoggable(level)) {
            return;
        }
        String text = format == null ? "" : format;
        sink.write(
                level,
                name,
                parameters == null || parameters.length == 0 ? text : MessageFormat.format(text, parameters));
    }

    private static String stackTrace(Throwable thrown) {
        StringWriter text = new StringWriter();
        thrown.printStackTrace(new PrintWriter(text));
        return text.toString().stripTrailing();
    }
}
