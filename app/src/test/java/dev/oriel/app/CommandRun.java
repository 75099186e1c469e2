package dev.oriel.app;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

/**
 * The real command in a process of its own, run to its end.
 *
 * @param status its exit status
 */
public record CommandRun(int status, String out, String err) {

    public static CommandRun oriel(String... arguments) throws IOException, InterruptedException {
        return run("oriel", Map.of(), arguments);
    }

    public static CommandRun virtiofsd(String... arguments) throws IOException, InterruptedException {
        return run("virtiofsd", Map.of(), arguments);
    }

    public static CommandRun run(String name, Map<String, String> environment, String... arguments)
            throws IOException, InterruptedException {
        return end(start(name, environment, arguments));
    }

    /** Starts the command; what it says is appended to a file. */
    public static Process start(String name, Map<String, String> environment, Path log, String... arguments)
            throws IOException {
        return builder(name, environment, arguments)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
    }

    public static Process start(String name, Map<String, String> environment, String... arguments) throws IOException {
        return builder(name, environment, arguments).start();
    }

    private static ProcessBuilder builder(String name, Map<String, String> environment, String... arguments) {
        List<String> words = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "--enable-native-access=dev.oriel.linux",
                "-D" + Oriel.NAME_PROPERTY + "=" + name,
                "--module-path",
                System.getProperty("jdk.module.path"),
                "--module",
                "dev.oriel.app/dev.oriel.app.Oriel"));
        words.addAll(List.of(arguments));
        // Java that is started directly is in no sandbox.
        if (arguments.length > 0
                && arguments[0].equals("serve")
                && Stream.of(arguments).noneMatch(word -> word.startsWith("--sandbox"))) {
            words.add("--sandbox=none");
        }
        ProcessBuilder builder = new ProcessBuilder(words);
        builder.environment().putAll(environment);
        return builder;
    }

    public static CommandRun end(Process process) throws IOException, InterruptedException {
        process.getOutputStream().close();
        CompletableFuture<String> err = CompletableFuture.supplyAsync(() -> text(process.errorReader()));
        String out = text(process.inputReader());
        return new CommandRun(process.waitFor(), out, err.join());
    }

    private static String text(java.io.BufferedReader reader) {
        return String.join("\n", reader.lines().toList());
    }
}
