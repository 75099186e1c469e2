package dev.oriel.guesttests;

import dev.oriel.guests.GuestKind;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;

/** Files of every size and kind as memory of a guest, changed in every way by guest and host: see window_matrix.py. */
@Tag("guest")
class WindowFileMatrixTest {
    @TestFactory
    Stream<DynamicNode> everyFileIsTheSameForGuestAndHost() {
        return Stream.of(Window.values())
                .map(window -> GuestCases.container(window.toString(), () -> matrix(GuestKind.X86_64, window)));
    }

    /** Whose pages are four times as large as the host's; with {@code -Doriel.soak=1} one's that are as large too. */
    @TestFactory
    Stream<DynamicNode> everyFileIsTheSameForAGuestOnArm() {
        return Soak.with(Stream.of(GuestKind.AARCH64_16K), Stream.of(GuestKind.AARCH64))
                .flatMap(kind -> Stream.of(Window.DIRECT, Window.STAGED)
                        .map(window -> GuestCases.container(kind + ", " + window, () -> matrix(kind, window))));
    }

    @TestFactory
    Stream<DynamicNode> everyFileIsReadOnAReadOnlyShare() {
        return Stream.of(Window.values())
                .map(window -> GuestCases.container(window + ", read-only", () -> readOnly(window), List.of()));
    }

    private static Stream<DynamicNode> matrix(GuestKind kind, Window window) throws Exception {
        try (SharedFolder shared = window.serve()) {
            BothSides sides =
                    BothSides.run(shared, script -> Window.guest(kind, shared, script), "window_matrix", "mmap", "");
            shared.server().stop();
            return sides.tests(kind + ", " + window);
        }
    }

    private static List<String> readOnly(Window window) throws Exception {
        try (SharedFolder shared = window.serve("--readonly")) {
            NativeProgram.run(
                    SharedFolder.KIT, "window_read_only", "make", shared.work().toString());
            List<String> lines =
                    shared.run(Window.guest(shared, GuestProgram.run("window_read_only", "read /mnt/work")));
            shared.server().stop();
            return lines;
        }
    }
}
