package dev.oriel.guests;

import java.io.IOException;
import java.io.Serial;

/** A guest, or what it is made of, could not be had or did not do what was asked. The message is for people. */
public sealed class GuestException extends IOException permits MissingPartException {
    @Serial
    private static final long serialVersionUID = 1L;

    GuestException(String message) {
        super(message);
    }
}
