package dev.oriel.guesttests;

import java.util.stream.Stream;

/** More of the same, for who has the time: {@code -Doriel.soak=N}. */
final class Soak {
    /** N; 0: not asked for. */
    static final int NUMBER = Integer.getInteger("oriel.soak", 0);

    private Soak() {}

    /** What is always tested, and {@code more} where it is asked for. */
    static <T> Stream<T> with(Stream<T> always, Stream<T> more) {
        return NUMBER > 0 ? Stream.concat(always, more) : always;
    }
}
