package dev.oriel.guesttests;

import dev.oriel.guests.GuestKind;
import dev.oriel.guests.GuestRun;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Two guests and a process of the host change one tree at random, and each sees what docs/dax.md promises: see
 * {@link RandomWriter}. {@code -Doriel.writer.steps=1000000} goes on for so many steps in each test, over and over on
 * guests that are booted anew; {@code -Doriel.writer.seed=N} takes another way through them.
 */
@Tag("guest")
class RandomWriterTest {
    private static final long STEPS = Long.getLong("oriel.writer.steps", 1500);
    private static final long SEED = Long.getLong("oriel.writer.seed", 1);

    /** What a console may say bounds how long a guest can be told what to do. */
    private static final long STEPS_OF_A_BOOT = 40_000;

    private static final Duration NAMES_VALID = Duration.ofMillis(1100);

    @Test
    void withoutAWindowAllSeeWhatIsPromised() throws Exception {
        for (long done = 0; done < STEPS; done += STEPS_OF_A_BOOT) {
            try (SharedFolder shared = SharedFolder.serve(List.of())) {
                write(shared, RandomWriter.Access.REQUESTS, done, List.of(start(shared, null), start(shared, null)));
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void throughAWindowAllSeeWhatIsPromised(Window window) throws Exception {
        for (long done = 0; done < STEPS; done += STEPS_OF_A_BOOT) {
            try (SharedFolder shared = window.serve("--dax-window=32M")) {
                write(
                        shared,
                        window == Window.DIRECT ? RandomWriter.Access.PAGES : RandomWriter.Access.COPIES,
                        done,
                        List.of(start(shared, window), start(shared, window)));
            }
        }
    }

    private static GuestRun start(SharedFolder shared, @Nullable Window window) throws Exception {
        String script = Party.script("/mnt/work");
        return shared.start(
                (window == null ? shared.guest(GuestKind.UML, share -> share, script) : Window.guest(shared, script))
                        .limit(Duration.ofMinutes(60)));
    }

    private static void write(SharedFolder shared, RandomWriter.Access access, long done, List<GuestRun> guests)
            throws Exception {
        List<Party> parties = new ArrayList<>();
        for (GuestRun guest : guests) {
            parties.add(Party.inGuest("guest " + (parties.size() + 1), guest));
        }
        long seed = SEED + done;
        try (NativeProgram program = NativeProgram.converse(
                SharedFolder.KIT, "performer", shared.work().toString())) {
            parties.add(Party.onHost(program));
            for (Party party : parties) {
                party.awaitReady();
            }
            new RandomWriter(seed, access, parties, NAMES_VALID).run(Math.min(STEPS - done, STEPS_OF_A_BOOT));
            for (Party party : parties) {
                party.leave();
            }
        } catch (AssertionError e) {
            throw new AssertionError(
                    "-Doriel.writer.seed=" + seed + ": " + e.getMessage() + "\nthe server says:\n"
                            + shared.server().log(),
                    e);
        }
        for (GuestRun guest : guests) {
            guest.await().orThrow();
        }
        shared.server().stop();
    }
}
