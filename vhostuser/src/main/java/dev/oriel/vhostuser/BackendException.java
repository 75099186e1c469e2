package dev.oriel.vhostuser;

import java.io.IOException;

/**
 * A back-end that cannot be used: it is gone, does not answer in time, or does not speak the protocol. The message says
 * which and where.
 */
public final class BackendException extends IOException {
    private static final long serialVersionUID = 1L;

    BackendException(String message) {
        super(message);
    }

    BackendException(String message, IOException cause) {
        super(message + ": " + cause.getMessage(), cause);
    }
}
