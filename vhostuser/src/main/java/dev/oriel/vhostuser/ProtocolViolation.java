package dev.oriel.vhostuser;

/** The other side does not speak vhost-user, or sends nonsense in it: the connection ends. The message says what was wrong. */
final class ProtocolViolation extends Exception {
    private static final long serialVersionUID = 1L;

    ProtocolViolation(String message) {
        super(message);
    }
}
