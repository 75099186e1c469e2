package dev.oriel.vhostuser;

/**
 * A request, well-formed, that cannot be done. If the other side asked for an answer it is told so and may go on; if
 * not, the two sides would no longer agree on the state of the device, and the connection ends. The message says what
 * was refused and why.
 */
final class Refusal extends Exception {
    private static final long serialVersionUID = 1L;

    Refusal(String message) {
        super(message);
    }
}
