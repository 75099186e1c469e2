package dev.oriel.vfiouser;

/** The client sent what the protocol has no words for: the stream cannot be trusted any more. The message says what came. */
final class ProtocolViolation extends Exception {
    private static final long serialVersionUID = 1L;

    ProtocolViolation(String message) {
        super(message);
    }
}
