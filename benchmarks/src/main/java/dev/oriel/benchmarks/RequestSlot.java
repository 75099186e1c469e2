package dev.oriel.benchmarks;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.oriel.driver.DriverBuffer;
import java.util.SplittableRandom;

/** One of the requests that a {@link RequestStream} keeps in flight: what it needs, and how far its operation is. */
final class RequestSlot {
    final DriverBuffer buffer;
    final byte[] ownName;
    int step;
    long nodeid;
    private final SplittableRandom random;

    RequestSlot(DriverBuffer buffer, int number) {
        this.buffer = buffer;
        ownName = ("own-" + number).getBytes(US_ASCII);
        random = new SplittableRandom(number);
    }

    /** A random number from 0, below {@code bound}. */
    int next(int bound) {
        return random.nextInt(bound);
    }
}
