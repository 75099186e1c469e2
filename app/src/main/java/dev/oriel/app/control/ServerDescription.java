package dev.oriel.app.control;

import java.time.Instant;

/**
 * What does not change while a server runs.
 *
 * @param version of the program
 * @param share what is shared, as it was typed
 * @param readOnly whether guests can change nothing
 * @param mostGuests so many may be connected at once
 * @param started when it began to serve
 */
public record ServerDescription(String version, String share, boolean readOnly, int mostGuests, Instant started) {}
