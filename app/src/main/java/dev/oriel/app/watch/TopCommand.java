package dev.oriel.app.watch;

import dev.oriel.app.command.CommandFailed;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
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
    private static final Duration INTERVAL = Duration.ofSeconds(1);

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
        for (Terminal.Signal end : List.of(Terminal.Signal.INT, Terminal.Signal.QUIT)) {
            terminal.handle(end, _ -> interrupted.set(true));
        }
        Attributes usual = terminal.enterRawMode();
        Thread restoring = new Thread(() -> restore(terminal, usual), "oriel-terminal");
        Runtime.getRuntime().addShutdownHook(restoring); // SIGTERM and SIGHUP come to no one else
        terminal.puts(Capability.enter_ca_mode);
        terminal.puts(Capability.cursor_invisible);
        try {
            Display display = new Display(terminal, true);
            NonBlockingReader keys = terminal.reader();
            StatusSnapshot before = new StatusSnapshot(Map.of());
            StatusSnapshot now = first;
            while (true) {
                draw(display, terminal.getSize(), new StatusText(before, now).lines());
                FutureTask<StatusSnapshot> next = new FutureTask<>(() -> {
                    Thread.sleep(INTERVAL);
                    return StatusSnapshot.parse(server.status());
                });
                Thread.ofVirtual().start(next);
                while (!next.isDone()) {
                    int key = keys.read(GLANCE_MILLIS);
                    if (key == 'q' || key == CONTROL_C || key == NonBlockingReader.EOF || interrupted.get()) {
                        return;
                    }
                }
                before = now;
                now = answer(next);
            }
        } finally {
            Runtime.getRuntime().removeShutdownHook(restoring);
            restore(terminal, usual);
        }
    }

    private static StatusSnapshot answer(FutureTask<StatusSnapshot> asked) throws CommandFailed {
        try {
            return asked.get();
        } catch (ExecutionException failed) {
            throw failed.getCause() instanceof CommandFailed said
                    ? said
                    : new CommandFailed("cannot ask the server: " + failed.getCause(), failed);
        } catch (InterruptedException now) {
            Thread.currentThread().interrupt();
            throw new CommandFailed("interrupted", now);
        }
    }

    private static void restore(Terminal terminal, Attributes usual) {
        terminal.puts(Capability.cursor_visible);
        terminal.puts(Capability.exit_ca_mode);
        terminal.setAttributes(usual);
        terminal.flush();
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
