package dev.oriel.guesttests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.oriel.guests.GuestRun;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Machines and files that end while a guest uses them through the window. */
@Tag("guest")
class WindowEndsTest {
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private static final int PAGE = 4096;

    private static final String READABLE = "cat readable\n";

    @ParameterizedTest
    @EnumSource
    void whatWasSynchronisedOutlivesAVirtualMachineThatIsKilled(Window window) throws Exception {
        try (SharedFolder shared = window.serve()) {
            Path file = shared.work().resolve("file");
            int size = (5 << 20) + 100;
            Files.write(file, new byte[size]);
            Files.writeString(shared.folder().resolve("readable"), "still served\n");
            try (GuestRun run = Window.guest(shared, GuestProgram.run("window_ends", "store /mnt/work/file"))
                    .start()) {
                run.awaitLine("^SYNCED", PATIENCE);
            }
            assertThat(shared.run(Window.guest(shared, READABLE + "cmp work/file work/file && echo SAME\n")))
                    .contains("still served", "SAME");
            byte[] content = Files.readAllBytes(file);
            assertThat(content).hasSize(size);
            for (int at = 0; at < size; at += PAGE) {
                assertThat(Arrays.copyOfRange(content, at, at + 6)).asString().isEqualTo("synced");
            }
            shared.server().stop();
        }
    }

    /** What docs/dax.md says of direct windows: there is no help, but for others. */
    @Test
    void aHostThatCutsAFileEndsAVirtualMachineWithADirectWindowAndNobodyElse() throws Exception {
        try (SharedFolder shared = SharedFolder.serve(Window.DIRECT.options())) {
            GuestRun run = touching(shared);
            assertThatThrownBy(() -> run.await().orThrow())
                    .hasMessageContaining("the virtual machine ended with status");
            assertThat(shared.run(Window.guest(shared, READABLE))).contains("still served");
            shared.server().stop();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"STAGED", "VFIO_USER"})
    void aHostThatCutsAFileDoesNoHarmToAWindowOfCopies(Window window) throws Exception {
        try (SharedFolder shared = window.serve()) {
            GuestRun run = touching(shared);
            run.type("stop");
            run.await().orThrow();
            assertThat(run.lines()).contains("EMPTY", "still served");
            shared.server().stop();
        }
    }

    /** A guest that reads a file all the time, which the host cuts to nothing. */
    private static GuestRun touching(SharedFolder shared) throws Exception {
        Path file = shared.work().resolve("file");
        Files.write(file, new byte[4 << 20]);
        Files.writeString(shared.folder().resolve("readable"), "still served\n");
        GuestRun run =
                shared.start(Window.guest(shared, GuestProgram.run("window_ends", "touch /mnt/work/file") + READABLE));
        run.awaitLine("^MAPPED", PATIENCE);
        Files.write(file, new byte[0]);
        return run;
    }
}
