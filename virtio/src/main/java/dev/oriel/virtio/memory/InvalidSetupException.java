package dev.oriel.virtio.memory;

/** Memory or a ring that the other side set up and that cannot be used. The message says what, and why, for people. */
public final class InvalidSetupException extends Exception {
    private static final long serialVersionUID = 1L;

    /** @param message what cannot be used and why, without a full stop */
    public InvalidSetupException(String message) {
        super(message);
    }
}
