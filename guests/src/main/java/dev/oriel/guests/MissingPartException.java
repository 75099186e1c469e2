package dev.oriel.guests;

import java.io.Serial;

/** A {@link GuestKit} lacks parts. The message says how to get them. */
public final class MissingPartException extends GuestException {
    @Serial
    private static final long serialVersionUID = 1L;

    private final boolean unavailable;

    MissingPartException(String message, boolean unavailable) {
        super(message);
        this.unavailable = unavailable;
    }

    /** Whether {@code guests/fetch} found that the archive does not have one of the parts. */
    public boolean unavailable() {
        return unavailable;
    }
}
