package dev.oriel.vfiouser;

/** A message that is well formed and asks for what cannot be: it is answered with an errno, and nothing has changed. */
final class Refusal extends Exception {
    private static final long serialVersionUID = 1L;

    private final int errno;

    /**
     * @param errno a positive number of {@link dev.oriel.linux.Errno}
     * @param message what was asked, and why it cannot be
     */
    Refusal(int errno, String message) {
        super(message);
        this.errno = errno;
    }

    int errno() {
        return errno;
    }
}
