package dev.oriel.app.control;

import java.util.function.Supplier;

/**
 * What a path of a socket answers with.
 *
 * @param contentType as HTTP has it
 * @param text makes it, each time anew
 */
public record Document(String contentType, Supplier<String> text) {
    /** The status of a server, as JSON. */
    public static Document status(StatusDocument status) {
        return new Document("application/json", status::text);
    }

    /** The metrics of a server, as OpenMetrics. */
    public static Document metrics(MetricsDocument metrics) {
        return new Document(OpenMetrics.CONTENT_TYPE, metrics::text);
    }
}
