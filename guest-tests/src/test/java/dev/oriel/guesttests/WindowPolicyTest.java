package dev.oriel.guesttests;

import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.guests.GuestKind;
import java.nio.file.Files;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Which files a guest uses through the window: its mount options decide, or leave it to Oriel. */
@Tag("guest")
class WindowPolicyTest {
    @Test
    void aGuestThatLeavesTheChoiceUsesTheWindowForBigFiles() throws Exception {
        try (SharedFolder shared = SharedFolder.serve(Window.DIRECT.options("--dax-min-size=20000"))) {
            for (int size : new int[] {0, 100, 19_999, 20_000, 3_000_000}) {
                Files.writeString(shared.work().resolve("f" + size), "f".repeat(size));
            }
            StringBuilder script = new StringBuilder("cd /\n");
            for (String options : List.of("", "dax=inode", "dax=always", "dax=never")) {
                String name = options.isEmpty() ? "none" : options;
                script.append("mount -t virtiofs %s share /mnt\n".formatted(options.isEmpty() ? "" : "-o " + options))
                        .append(GuestProgram.run("window_policy", "/mnt/work " + name))
                        .append("umount /mnt\n");
            }
            List<String> lines = shared.run(shared.guest(
                    GuestKind.X86_64, share -> share.withDaxWindow().at(""), script.toString()));
            for (String leaves : List.of("none", "dax=inode")) {
                assertThat(lines)
                        .contains(
                                leaves + " f0 requests read",
                                leaves + " f100 requests read",
                                leaves + " f19999 requests read",
                                leaves + " f20000 dax read",
                                leaves + " f3000000 dax read");
            }
            assertThat(lines.stream().filter(line -> line.startsWith("dax=always ")))
                    .hasSize(5)
                    .allMatch(line -> line.endsWith(" dax read"));
            assertThat(lines.stream().filter(line -> line.startsWith("dax=never ")))
                    .hasSize(5)
                    .allMatch(line -> line.endsWith(" requests read"));
            shared.server().stop();
        }
    }
}
