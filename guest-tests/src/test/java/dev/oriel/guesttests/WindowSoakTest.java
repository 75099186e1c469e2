package dev.oriel.guesttests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.oriel.guests.Guest;
import dev.oriel.guests.GuestKind;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;

/**
 * Random writes, each read back, to files four times as large as the window, so that ranges are reclaimed all the time:
 * see window_soak.py. With {@code -Doriel.soak=MINUTES} it goes on for so long, in each mode.
 */
@Tag("guest")
class WindowSoakTest {
    @TestFactory
    Stream<DynamicNode> allThatIsWrittenAtRandomIsReadBack() {
        return Soak.with(Stream.of(Window.DIRECT), Stream.of(Window.STAGED, Window.VFIO_USER))
                .map(window -> GuestCases.container(window.toString(), () -> soak(window)));
    }

    private static Stream<DynamicNode> soak(Window window) throws Exception {
        try (SharedFolder shared = window.serve("--dax-window=32M", "--request-queues=2", "--log-level=debug")) {
            String arguments = "soak /mnt/work --rounds 1 --seconds "
                    + Duration.ofMinutes(Soak.NUMBER).toSeconds();
            Guest guest = shared.guest(
                            GuestKind.X86_64,
                            share -> Window.always(share).withQueues(2, 256),
                            GuestProgram.run("window_soak", arguments))
                    .processors(2)
                    .limit(Duration.ofMinutes(8 + Soak.NUMBER));
            List<String> lines = shared.run(guest);
            lines.stream()
                    .filter(line -> line.startsWith("soak "))
                    .forEach(line -> System.out.println(window + ": " + line));
            List<String> onHost = NativeProgram.run(
                    SharedFolder.KIT, "window_soak", "sums", shared.work().toString());
            shared.server().stop();
            String log = shared.server().log();
            Stream<DynamicTest> ends = Stream.of(dynamicTest(
                    window + ": the host has what the guest sees",
                    () -> assertThat(onHost).hasSize(16).isEqualTo(sums(lines))));
            if (window != Window.VFIO_USER) { // which maps nothing into QEMU but the window itself
                ends = Stream.concat(
                        ends,
                        Stream.of(dynamicTest(
                                window + ": there never were too many mappings",
                                () -> Window.assertMappingsWithinLimit(log))));
            }
            return Stream.concat(GuestCases.tests(window.toString(), lines, List.of()), ends);
        }
    }

    private static List<String> sums(List<String> lines) {
        return lines.stream().filter(line -> line.startsWith("sum ")).toList();
    }
}
