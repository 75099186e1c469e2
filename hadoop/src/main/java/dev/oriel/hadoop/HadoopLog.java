package dev.oriel.hadoop;

import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;

/** What Hadoop logs, into the log of the server: warnings and errors. */
final class HadoopLog extends Handler {
    private static final System.Logger LOG = System.getLogger("dev.oriel.hadoop");

    /** Loggers are forgotten when nobody has them. */
    private static final Logger HADOOP = Logger.getLogger("org.apache.hadoop");

    /** It looks for a library in C that nobody needs here. */
    private static final Logger NATIVE = Logger.getLogger("org.apache.hadoop.util.NativeCodeLoader");

    private final SimpleFormatter formatter = new SimpleFormatter();

    private HadoopLog() {}

    /** From now on, once. */
    static synchronized void redirect() {
        if (HADOOP.getUseParentHandlers()) {
            HADOOP.setUseParentHandlers(false);
            HADOOP.setLevel(Level.WARNING);
            HADOOP.addHandler(new HadoopLog());
            NATIVE.setLevel(Level.OFF);
        }
    }

    @Override
    public void publish(LogRecord record) {
        Throwable thrown = record.getThrown();
        String reason = thrown == null ? "" : ": " + thrown.getMessage();
        // the name node's own words may have line breaks
        String text =
                (formatter.formatMessage(record) + reason).lines().findFirst().orElse("");
        LOG.log(System.Logger.Level.WARNING, "{0}", text);
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
}
