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
        GuestProgram.copyTo(programs);
        List<String> words = new ArrayList<>(kit.hostCommand("python3"));
        words.addAll(List.of("-B", programs.resolve(program + ".py").toString()));
        words.addAll(List.of(arguments));
        Path output = programs.resolve("output");
        ProcessBuilder builder = new ProcessBuilder(words)
                .directory(programs.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile());
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

    @Override
    public void close() throws IOException {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly().onExit().join();
        Folders.delete(programs);
    }
}
