package dev.oriel.bustests;

import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** What each test is run with: a transport, and the byte order of the FUSE session. */
record Case(Transport transport, ByteOrder order) {

    /** All of them, for {@link org.junit.jupiter.params.provider.MethodSource}. */
    static List<Case> all() {
        List<Case> cases = new ArrayList<>();
        for (Transport transport : Transport.values()) {
            cases.add(new Case(transport, ByteOrder.LITTLE_ENDIAN));
            cases.add(new Case(transport, ByteOrder.BIG_ENDIAN));
        }
        return cases;
    }

    @Override
    public String toString() {
        return transport + ", " + (order == ByteOrder.LITTLE_ENDIAN ? "little endian" : "big endian");
    }
}
