package dev.oriel.filesystem.local;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * What a test mounts on the host, until it is closed. Needs a root that may mount: a test is skipped where there is
 * none.
 */
final class Mounts implements AutoCloseable {
    private final Deque<Path> mounted = new ArrayDeque<>();

    /** Memory, with the inode number 1 for its root. */
    Path tmpfs(Path at) {
        mount(at, "-t", "tmpfs", "oriel-test");
        return at;
    }

    /**
     * What container engines give their containers: no birth times, no file handles, and numbers that come again at
     * once.
     */
    Path overlay(Path at) throws IOException {
        Path lower = Files.createDirectory(at.resolveSibling("lower"));
        Path upper = Files.createDirectory(at.resolveSibling("upper"));
        Path work = Files.createDirectory(at.resolveSibling("work"));
        mount(at, "-t", "overlay", "-o", "lowerdir=" + lower + ",upperdir=" + upper + ",workdir=" + work, "oriel-test");
        return at;
    }

    private void mount(Path at, String... how) {
        String said;
        try {
            Files.createDirectories(at);
            List<String> words = new ArrayList<>(List.of("mount"));
            words.addAll(List.of(how));
            words.add(at.toString());
            said = run(words);
        } catch (IOException e) {
            said = e.toString();
        }
        assumeThat(said).as("this host lets us mount").isEmpty();
        mounted.push(at);
    }

    /** What umount says: nothing if the mount is gone. */
    String unmount(Path at) throws IOException {
        String said = run(List.of("umount", at.toString()));
        if (said.isEmpty()) {
            mounted.remove(at);
        }
        return said;
    }

    private static String run(List<String> words) throws IOException {
        Process process = new ProcessBuilder(words).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), UTF_8).strip();
        try {
            return process.waitFor() == 0 ? "" : said + " (" + process.exitValue() + ")";
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
    }

    @Override
    public void close() {
        while (!mounted.isEmpty()) {
            try {
                run(List.of("umount", "-l", mounted.pop().toString()));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
