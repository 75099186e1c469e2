package dev.oriel.app.command;

/**
 * A command could not do what it was told; the message says what failed, on what, why, and what to do. Exit status 1.
 */
public final class CommandFailed extends Exception {
    private static final long serialVersionUID = 1L;

    public CommandFailed(String message) {
        super(message);
    }

    public CommandFailed(String message, Throwable cause) {
        super(message, cause);
    }
}
