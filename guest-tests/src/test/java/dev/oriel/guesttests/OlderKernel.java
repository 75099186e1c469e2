package dev.oriel.guesttests;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.oriel.guests.Guest;
import dev.oriel.guests.GuestKind;
import dev.oriel.guests.GuestRun;
import java.io.IOException;
import java.util.EnumMap;
import java.util.Map;

/**
 * Whether a kernel of a guest is here, and runs on this host's processor: older ones of user-mode Linux have no room
 * for all registers of a processor with AMX, and die before their first program.
 */
final class OlderKernel {
    private static final Map<GuestKind, Boolean> BOOTS = new EnumMap<>(GuestKind.class);

    private OlderKernel() {}

    /** Ends the test as skipped if it is not so. */
    static synchronized void assumeItRuns(GuestKind kind) throws IOException, InterruptedException {
        assumeTrue(SharedFolder.KIT.missing(kind.parts()).isEmpty(), "not fetched: guests/fetch --for " + kind.parts());
        Boolean boots = BOOTS.get(kind);
        if (boots == null) {
            boots = boots(kind);
            BOOTS.put(kind, boots);
        }
        assumeTrue(boots, kind + " does not boot on this host's processor, with no share either");
    }

    private static boolean boots(GuestKind kind) throws IOException, InterruptedException {
        try (GuestRun run =
                Guest.of(SharedFolder.KIT, kind).script("echo it runs").start()) {
            return run.await().isSuccess();
        }
    }
}
