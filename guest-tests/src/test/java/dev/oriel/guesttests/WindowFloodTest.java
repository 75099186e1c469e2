package dev.oriel.guesttests;

import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.guests.GuestKind;
import dev.oriel.guests.GuestRun;
import java.nio.file.Files;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A guest that wants more mappings than a virtual machine bears. */
@Tag("guest")
class WindowFloodTest {
    private static final Duration PATIENCE = Duration.ofMinutes(4);
    private static final int FILES = 550;
    private static final int PAGE = 4096;

    /** Of a window of 1024 ranges QEMU bears 480: more are refused to the guest until it gives some of them back. */
    @Test
    void aFloodOfMappingsIsRefusedAndTheVirtualMachineLives() throws Exception {
        try (SharedFolder shared = SharedFolder.serve(Window.DIRECT.options("--dax-window=2G", "--log-level=debug"))) {
            for (int i = 0; i < FILES; i++) {
                Files.writeString(shared.work().resolve("file" + i), "x".repeat(PAGE + 1 + i));
            }
            try (GuestRun run =
                    shared.bareGuest(GuestKind.X86_64, Window::always, """
                            cd work
                            right=0 refused=0
                            for i in $(seq 0 549); do
                                size=$(cat file$i 2>/tmp/error | wc -c)
                                if [ $size = $((4097 + i)) ]; then
                                    right=$((right + 1))
                                elif grep -q 'Cannot allocate memory' /tmp/error; then
                                    refused=$((refused + 1))
                                fi
                            done
                            echo FLOOD $right $refused
                            rm file1?
                            [ $(cat file54? | wc -c) = $((10 * 4097 + 5445)) ] && echo ROOM AGAIN
                            """).start()) {
                assertThat(run.awaitLine("^FLOOD", PATIENCE)).isEqualTo("FLOOD 480 70");
                run.awaitLine("^ROOM AGAIN", PATIENCE);
            }
            shared.server().stop();
            Window.assertMappingsWithinLimit(shared.server().log());
        }
    }
}
