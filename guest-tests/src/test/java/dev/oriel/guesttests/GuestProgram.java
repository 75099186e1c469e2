package dev.oriel.guesttests;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The Python programs of {@code src/test/resources/guest}, on their way into a guest or to a folder of the host. */
final class GuestProgram {
    private static final List<String> FILES = List.of(
            "acls.py",
            "attributes.py",
            "calls.py",
            "cases.py",
            "contents.py",
            "directories.py",
            "host_view.py",
            "locks.py",
            "meeting.py",
            "naming.py",
            "opening.py",
            "operations.py",
            "performer.py",
            "programs.py",
            "starter.py",
            "tree.py",
            "users.py",
            "window_ends.py",
            "window_in_order.py",
            "window_matrix.py",
            "window_policy.py",
            "window_read_only.py",
            "window_soak.py",
            "window_truth.py",
            "xattrs.py");

    private static final String END = "END-OF-PROGRAM";

    private GuestProgram() {}

    /** Shell text that makes all programs in the guest's /tmp/guest; {@link #run} runs one. */
    static String install() {
        StringBuilder script = new StringBuilder("mkdir -p /tmp/guest\n");
        for (String file : FILES) {
            script.append("cat >/tmp/guest/%s <<'%s'\n".formatted(file, END))
                    .append(text(file))
                    .append(END + "\n");
        }
        return script + "export PYTHONDONTWRITEBYTECODE=1\n";
    }

    /** Shell text that runs a program with these arguments, written as in a shell. */
    static String run(String program, String arguments) {
        return "tools python3 /tmp/guest/" + program + ".py " + arguments + "\n";
    }

    /** Puts all programs into a folder of the host. */
    static void copyTo(Path folder) throws IOException {
        for (String file : FILES) {
            Files.writeString(folder.resolve(file), text(file));
        }
    }

    private static String text(String file) {
        try (InputStream in = GuestProgram.class.getResourceAsStream("/guest/" + file)) {
            if (in == null) {
                throw new IllegalStateException("no resource /guest/" + file);
            }
            return new String(in.readAllBytes(), UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
