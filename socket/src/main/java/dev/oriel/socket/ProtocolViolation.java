package dev.oriel.socket;

/**
 * The other side does not speak the protocol, or sends nonsense in it: the connection ends. The message says what came.
 */
public final class ProtocolViolation extends Exception {
    private static final long serialVersionUID = 1L;

    /** @param message what the other side sent, to follow "sent" */
    public ProtocolViolation(String message) {
        super(message);
    }
}
