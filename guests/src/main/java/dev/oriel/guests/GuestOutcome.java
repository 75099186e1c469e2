package dev.oriel.guests;

/**
 * How a guest ended.
 *
 * @param status that of the virtual machine's process; 124: its time ran out
 * @param problem why it was no success, with the end of its console; empty if it mounted its shares, its script ended
 *     with 0 and it powered off
 */
public record GuestOutcome(int status, String problem) {
    /** Whether it mounted its shares, its script ended with 0 and it powered off. */
    public boolean isSuccess() {
        return problem.isEmpty();
    }

    /**
     * Insists on success.
     *
     * @throws GuestException with the problem, if there is one
     */
    public void orThrow() throws GuestException {
        if (!isSuccess()) {
            throw new GuestException(problem);
        }
    }
}
