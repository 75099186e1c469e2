package dev.oriel.app;

/**
 * Gives every module its {@link System.Logger}. The JDK's own default would load java.util.logging, which costs a daemon
 * start time and memory for what {@link Log} does in one line of text.
 */
public final class LogFinder extends System.LoggerFinder {

    /** For the service loader. */
    public LogFinder() {}

    @Override
    public System.Logger getLogger(String name, Module module) {
        return new Log(name);
    }
}
