package dev.oriel.app.log;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.text.MessageFormat;
import java.util.ResourceBundle;
import org.jspecify.annotations.Nullable;

/**
 * A logger that hands one line for each event to the process's one {@link LogSink}. A stack trace is for developers: it
 * follows only where debug messages are wanted. What guests and front-ends cause is logged at a rate ({@link LogRate});
 * what the command itself says (as {@value #COMMAND}), and debug messages, are logged all.
 *
 * <p>Safe for all threads.
 */
public final class Log implements System.Logger {
    /** The name of the one logger without a rate: nothing that somebody who connects can cause is said under it. */
    private static final String COMMAND = "dev.oriel.app";

    private static volatile Level threshold = Level.INFO;
    private static volatile LogSink sink = LogSink.standardError();

    private final String name;
    private final LogRate errors = new LogRate(System.nanoTime());
    private final LogRate warnings = new LogRate(System.nanoTime());
    private final LogRate infos = new LogRate(System.nanoTime());

    Log(String name) {
        this.name = name;
    }

    /** Sets what is logged from now on, and where, for the whole process. */
    public static void configure(LogLevel level, LogSink destination) {
        threshold = level.level();
        sink = destination;
    }

    /** Whether stack traces are wanted. */
    public static boolean isVerbose() {
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
        long leftOut = ask(level);
        if (leftOut < 0) {
            return;
        }
        String text = message == null ? "" : message;
        if (thrown != null) {
            text = isVerbose() ? text + System.lineSeparator() + stackTrace(thrown) : text + ": " + thrown.getMessage();
        }
        write(level, text, leftOut);
    }

    @Override
    public void log(
            Level level,
            @Nullable ResourceBundle bundle,
            @Nullable String format,
            @Nullable Object @Nullable ... parameters) {
        long leftOut = ask(level);
        if (leftOut < 0) {
            return;
        }
        String text = format == null ? "" : format;
        write(
                level,
                parameters == null || parameters.length == 0 ? text : MessageFormat.format(text, parameters),
                leftOut);
    }

    /** How many lines were left out before this one; -1: it is not to be logged. */
    private long ask(Level level) {
        if (!isLoggable(level)) {
            return -1;
        }
        if (name.equals(COMMAND)) {
            return 0;
        }
        return switch (level) {
            case ERROR -> errors.ask(System.nanoTime());
            case WARNING -> warnings.ask(System.nanoTime());
            case INFO -> infos.ask(System.nanoTime());
            case ALL, DEBUG, TRACE, OFF -> 0;
        };
    }

    private void write(Level level, String text, long leftOut) {
        sink.write(level, name, leftOut == 0 ? text : text + " (before it " + leftOut + " lines were left out)");
    }

    private static String stackTrace(Throwable thrown) {
        StringWriter text = new StringWriter();
        thrown.printStackTrace(new PrintWriter(text));
        return text.toString().stripTrailing();
    }
}
