package dev.oriel.benchmarks;

import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;

/**
 * A server with which the driver speaks in one byte order.
 *
 * @param server any
 * @param order of its sessions
 */
public record ByteOrderSubject(Subject server, ByteOrder order) implements Subject {
    @Override
    public String name() {
        return order == ByteOrder.BIG_ENDIAN ? "big endian" : "little endian";
    }

    @Override
    public Daemon start(Path shared, Path state, String tag, List<String> options)
            throws IOException, InterruptedException {
        return server.start(shared, state, tag, options);
    }
}
