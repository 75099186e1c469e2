package dev.oriel.bustests;

import dev.oriel.virtio.VirtioTransport;
import java.io.IOException;

/** A device end that runs, and the way to it: what a {@link Transport} makes. */
interface Joint extends AutoCloseable {

    /**
     * Finds the device as a driver does, and negotiates.
     *
     * @param wanted features to accept if offered
     */
    VirtioTransport probe(long wanted) throws IOException;

    /** Ends the device; no driver uses it any more. */
    @Override
    void close();
}
