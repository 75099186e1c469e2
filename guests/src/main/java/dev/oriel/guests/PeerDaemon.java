package dev.oriel.guests;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * The Rust virtiofsd of the kit, serving a folder: to compare with, and to share the tools of the kit. It serves one
 * connection and ends with it.
 */
public final class PeerDaemon implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final SupervisedProcess process;
    private final Path socket;

    private PeerDaemon(SupervisedProcess process, Path socket) {
        this.process = process;
        this.socket = socket;
    }

    /**
     * Starts it and waits until it listens.
     *
     * @param shared the folder to share
     * @param socket where it listens
     * @param tag the mount tag
     * @param options more of its options, as in {@code --readonly}
     * @throws GuestException if the kit lacks it or it does not listen within 10 s
     */
    public static PeerDaemon start(GuestKit kit, Path shared, Path socket, String tag, String... options)
            throws IOException, InterruptedException {
        List<String> words = command(kit);
        words.addAll(List.of("--socket-path=" + socket, "--shared-dir=" + shared, "--tag=" + tag));
        // Its sandbox wants privileges that tests need not have, and is no part of what is compared.
        words.addAll(List.of("--sandbox=none", "--seccomp=none"));
        words.addAll(List.of(options));
        List<String> messages = new ArrayList<>();
        CountDownLatch listening = new CountDownLatch(1);
        SupervisedProcess process = SupervisedProcess.start(
                Command.of(words, Map.of()),
                Files.createTempDirectory("oriel-peer-"),
                null,
                false,
                line -> {},
                line -> {
                    synchronized (messages) {
                        messages.add(line);
                    }
                    // The socket file exists a moment before it listens; a connection to find out would be its only
                    // one.
                    if (line.contains("Waiting for vhost-user socket connection")) {
                        listening.countDown();
                    }
                },
                listening::countDown);
        boolean heard = listening.await(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        if (!heard || !process.isAlive()) {
            process.close();
            synchronized (messages) {
                throw new GuestException("virtiofsd does not listen at " + socket + ": " + String.join("; ", messages));
            }
        }
        return new PeerDaemon(process, socket);
    }

    /**
     * The words by which it is started, for more to be added.
     *
     * @throws GuestException if the kit lacks it
     */
    public static List<String> command(GuestKit kit) throws GuestException {
        kit.require(List.of(KitPart.PEER));
        return new ArrayList<>(kit.tree(KitPart.PEER).command("virtiofsd"));
    }

    /** Where it listens. */
    public Path socket() {
        return socket;
    }

    /** The process that serves. */
    public long pid() {
        return process.programId();
    }

    /** Whether it still runs. */
    public boolean isAlive() {
        return process.isAlive();
    }

    /** Ends it. */
    @Override
    public void close() {
        process.close();
    }
}
