package dev.oriel.app.watch;

import dev.oriel.app.command.CommandFailed;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jline.terminal.Attributes;
import org.jline.terminal.Size;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;
import org.jline.utils.AttributedString;
import org.jline.utils.AttributedStyle;
import org.jline.utils.Display;
import org.jline.utils.InfoCmp.Capability;
import org.jline.utils.NonBlockingReader;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code oriel top}: what a server does, again each second. */
@Command(
        name = "top",
        description =
                "Shows what a server does, live: its guests, their rates and latencies, and the files that are hot.",
        mixinStandardHelpOptions = true,
        footer = {"", "q ends it."})
public final class TopCommand implements Callable<Integer> {
    private static final long INTERVAL_NANOS = 1_000_000_000L;

    /** In raw mode Ctrl-C is a key. */
    private static final int CONTROL_C = 3;

    /** How often a signal is looked for. */
    private static final long GLANCE_MILLIS = 100;

    @Parameters(paramLabel = "SOCKET", description = "The --control-path of the server.")
    @SuppressWarnings("NullAway.Init") // by picocli
    private Path socket;

    @Override
    public Integer call() throws CommandFailed {
        ControlConnection server = new ControlConnection(socket);
        StatusSnapshot first = StatusSnapshot.parse(server.status());
        try (Terminal terminal = TerminalBuilder.builder()
                .system(true)
                .dumb(false)
                .provider("exec")
                .build()) {
            show(server, first, terminal);
            return 0;
        } catch (IOException | IllegalStateException unsuitable) {
            throw new CommandFailed(
                    "top needs a terminal (" + unsuitable.getMessage() + "); oriel status SOCKET does not", unsuitable);
        }
    }

    private static void show(ControlConnection server, StatusSnapshot first, Terminal terminal)
            throws IOException, CommandFailed {
        AtomicBoolean interrupted = new AtomicBoolean();
        terminal.handle(Terminal.Signal.INT, _ -> interrupted.set(true));
        Attributes usual = terminal.enterRawMode();
        terminal.puts(Capability.enter_ca_mode);
        terminal.puts(Capability.cursor_invisible);
        try {
            Display display = new Display(terminal, true);
            NonBlockingReader keys = terminal.reader();
            StatusSnapshot before = new StatusSnapshot(Map.of());
            StatusSnapshot now = first;
            while (true) {
                draw(display, terminal.getSize(), new StatusText(before, now).lines());
                for (long began = System.nanoTime(); System.nanoTime() - began < INTERVAL_NANOS; ) {
                    int key = keys.read(GLANCE_MILLIS);
                    if (key == 'q' || key == CONTROL_C || key == NonBlockingReader.EOF || interrupted.get()) {
                        return;
                    }
                }
                before = now;
                now = StatusSnapshot.parse(server.status());
            }
        } finally {
            terminal.puts(Capability.cursor_visible);
            terminal.puts(Capability.exit_ca_mode);
            terminal.setAttributes(usual);
            terminal.flush();
        }
    }

    private static void draw(Display display, Size size, List<String> lines) {
        display.resize(size);
        List<AttributedString> shown = new ArrayList<>();
        for (int i = 0; i < Math.min(lines.size(), size.getRows()); i++) {
            String line = lines.get(i);
            boolean heading = !line.isEmpty() && line.chars().noneMatch(Character::isLowerCase);
            AttributedString text =
                    new AttributedString(line, heading ? AttributedStyle.BOLD : AttributedStyle.DEFAULT);
            shown.add(text.columnSubSequence(0, size.getColumns()));
        }
        display.update(shown, 0);
    }
}
