package dev.oriel.guesttests;

import dev.oriel.guests.Guest;
import java.io.IOException;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicNode;

/**
 * What a program wrote that ran in a guest and on the host at once, see meeting.py.
 *
 * @param inGuest the guest's console
 */
record BothSides(List<String> inGuest, List<String> onHost) {
    /** How a guest is made of a script. */
    interface Maker {
        Guest of(String script) throws IOException, InterruptedException;
    }

    /**
     * Runs both sides in the folder {@code work} of a share.
     *
     * @param features what server and machine have, separated by commas
     * @param then what the guest's script does afterwards
     */
    static BothSides run(SharedFolder shared, Maker guest, String program, String features, String then)
            throws IOException, InterruptedException {
        try (NativeProgram host = NativeProgram.start(
                SharedFolder.KIT, program, "host", shared.work().toString(), "--with", features)) {
            String script = GuestProgram.run(program, "guest /mnt/work --with " + features);
            List<String> inGuest = shared.run(guest.of(script + then));
            return new BothSides(inGuest, host.lines());
        }
    }

    Stream<DynamicNode> tests(String name) {
        return Stream.concat(
                GuestCases.tests(name + ", guest's side", inGuest, List.of()),
                GuestCases.tests(name + ", host's side", onHost, List.of()));
    }
}
