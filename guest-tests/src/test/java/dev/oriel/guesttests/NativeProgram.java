package dev.oriel.guesttests;

import dev.oriel.guests.GuestKit;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A program of the guest, run on the host itself by the Python of the guest kit. */
final class NativeProgram implements AutoCloseable {
    private static final long LIMIT_SECONDS = 300;

    private final Path programs;
    private final Process process;
    private final Path output;

    private NativeProgram(Path programs, Process process, Path output) {
        this.programs = programs;
        this.process = process;
        this.output = output;
    }

    static NativeProgram start(GuestKit kit, String program, String... arguments) throws IOException {
        Path programs = Folders.create("programs");
        Path output = programs.resolve("output");
        return start(kit, programs, output, ProcessBuilder.Redirect.to(output.toFile()), program, arguments);
    }

    /** Starts one that is told what to do, and answers, by lines. */
    static NativeProgram converse(GuestKit kit, String program, String... arguments) throws IOException {
        Path programs = Folders.create("programs");
        return start(kit, programs, programs.resolve("output"), ProcessBuilder.Redirect.PIPE, program, arguments);
    }

    private static NativeProgram start(
            GuestKit kit,
            Path programs,
            Path output,
            ProcessBuilder.Redirect redirect,
            String program,
            String... arguments)
            throws IOException {
        GuestProgram.copyTo(programs);
        List<String> words = new ArrayList<>(kit.hostCommand("python3"));
        words.addAll(List.of("-B", programs.resolve(program + ".py").toString()));
        words.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(words)
                .directory(programs.toFile())
                .redirectErrorStream(true)
                .redirectOutput(redirect);
        // Started through the loader, it cannot tell by its own name where its library is.
        builder.environment().put("PYTHONHOME", kit.tools().resolve("usr").toString());
        return new NativeProgram(programs, builder.start(), output);
    }

    /** Runs it to its end. */
    static List<String> run(GuestKit kit, String program, String... arguments)
            throws IOException, InterruptedException {
        try (NativeProgram running = start(kit, program, arguments)) {
            return running.lines();
        }
    }

    /** Runs its cases in a fresh folder. */
    static List<String> cases(GuestKit kit, String program, Collection<String> features)
            throws IOException, InterruptedException {
        Path folder = Folders.create("native");
        try {
            return run(kit, program, folder.toString(), "--with", String.join(",", features));
        } finally {
            Folders.delete(folder);
        }
    }

    /** What it has written when it has ended. */
    List<String> lines() throws IOException, InterruptedException {
        if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
            throw new IOException("it does not end: " + Files.readString(output));
        }
        return Files.readAllLines(output);
    }

    /** Tells one that {@link #converse converses} a line. */
    void tell(String line) throws IOException {
        process.outputWriter().write(line + "\n");
        process.outputWriter().flush();
    }

    /** The next line that it says and that begins so. */
    String awaitLine(String start) throws IOException {
        StringBuilder others = new StringBuilder();
        String line = process.inputReader().readLine();
        while (line != null && !line.startsWith(start)) {
            others.append(line).append('\n');
            line = process.inputReader().readLine();
        }
        if (line == null) {
            throw new IOException("it ended without a line like '" + start + "':\n" + others);
        }
        return line;
    }

    @Override
    public void close() throws IOException {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly().onExit().join();
        Folders.delete(programs);
    }
}
