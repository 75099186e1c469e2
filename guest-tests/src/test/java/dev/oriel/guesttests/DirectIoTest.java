package dev.oriel.guesttests;

import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.guests.GuestKind;
import dev.oriel.guests.GuestRun;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** With {@code --allow-direct-io} a program that uses O_DIRECT spoils nobody's data, its own included. */
@Tag("guest")
class DirectIoTest {
    @ParameterizedTest
    @ValueSource(strings = {"", "--writeback"})
    void whatGoesThroughThePageCacheOfTheGuestReachesFilesThatAreOpenForDirectIo(String option) throws Exception {
        List<String> options = Stream.of("--allow-direct-io", option)
                .filter(word -> !word.isEmpty())
                .toList();
        try (SharedFolder shared = SharedFolder.serve(options)) {
            GuestRun run = shared.start(shared.guest(GuestKind.UML, share -> share, Party.script("/mnt/work")));
            Party guest = Party.inGuest("guest", run);
            guest.awaitReady();

            // a map of a file that ends within a sector
            done(guest, "open-direct 1 mapped");
            done(guest, "truncate 1 5000");
            done(guest, "map 1 1 5000");
            done(guest, "poke 1 4990 last-bytes");
            done(guest, "msync 1");
            Path mapped = shared.work().resolve("mapped");
            assertThat(Files.readString(mapped)).hasSize(5000).endsWith("last-bytes");
            done(guest, "poke 1 0 first");
            done(guest, "fsync 1");
            assertThat(Files.readString(mapped)).startsWith("first");

            // an innocent writer beside one that opened the file for direct I/O
            done(guest, "open-direct 2 shared");
            done(guest, "open 3 shared");
            done(guest, "put 3 0 " + "w".repeat(100));
            done(guest, "fsync 3");
            assertThat(shared.work().resolve("shared")).hasContent("w".repeat(100));
            done(guest, "close 2");
            done(guest, "put 3 100 more");
            done(guest, "close 3");
            assertThat(shared.work().resolve("shared")).hasContent("w".repeat(100) + "more");

            guest.leave();
            run.await().orThrow();
            shared.server().stop();
        }
    }

    private static void done(Party party, String operation) throws Exception {
        assertThat(party.perform(operation)).as(operation).doesNotStartWith("!");
    }
}
