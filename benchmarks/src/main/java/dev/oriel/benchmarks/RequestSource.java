package dev.oriel.benchmarks;

import dev.oriel.driver.ClientRequest;

/**
 * Makes the requests of a {@link RequestStream}: operations of one or more requests, each after the reply to the one
 * before.
 */
interface RequestSource {
    /** How many requests an operation has. */
    int steps();

    /** Writes the request of a step, from 0, over the reply to the step before. */
    void request(RequestSlot slot, ClientRequest request, int step);

    /** The reply to the last step of an operation came. */
    default void end(RequestSlot slot) {}
}
