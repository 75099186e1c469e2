package dev.oriel.driver;

import dev.oriel.linux.Errno;
import java.io.IOException;

/** An operation that failed, with the errno that a system call would have given. */
public final class FuseException extends IOException {
    private static final long serialVersionUID = 1L;

    private final int errno;

    /**
     * @param what what was tried, for example {@code "LOOKUP of node 1"}
     * @param errno the positive error number
     */
    public FuseException(String what, int errno) {
        super(what + ": " + Errno.message(errno) + " (" + Errno.name(errno) + ")");
        this.errno = errno;
    }

    /** The positive error number. */
    public int errno() {
        return errno;
    }
}
