package dev.oriel.linux;

import java.io.IOException;

/** A system call of set-up code that failed. The request path does not throw: there calls answer -errno. */
public final class LinuxException extends IOException {
    private static final long serialVersionUID = 1L;

    private final int errno;

    /**
     * @param what what was tried and on what, for example {@code "listen on /run/oriel.sock"}
     * @param errno the positive error number
     */
    public LinuxException(String what, int errno) {
        super(what + ": " + Errno.message(errno) + " (" + Errno.name(errno) + ")");
        this.errno = errno;
    }

    /** The positive error number. */
    public int errno() {
        return errno;
    }

    /**
     * Passes a result on and turns -errno into an exception.
     *
     * @param result what a call of this package answered
     * @param what what was tried and on what
     * @return the result, for calls whose result is an {@code int}
     * @throws LinuxException if the result is negative
     * @throws ArithmeticException if the result is larger than an {@code int}
     */
    public static int check(long result, String what) throws LinuxException {
        return Math.toIntExact(checkLong(result, what));
    }

    /** As {@link #check}, for results that may exceed an {@code int}: positions and addresses. */
    public static long checkLong(long result, String what) throws LinuxException {
        if (result < 0) {
            throw new LinuxException(what, (int) -result);
        }
        return result;
    }
}
