package dev.oriel.app;

/** A command could not do what it was told; the message says what failed, on what, why, and what to do. Exit status 1. */
final class CommandFailed extends Exception {
    private static final long serialVersionUID = 1L;

    CommandFailed(String message) {
        super(message);
    }

    CommandFailed(String message, Throwable cause) {
        super(message, cause);
    }
}
