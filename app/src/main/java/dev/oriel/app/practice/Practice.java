package dev.oriel.app.practice;

import dev.oriel.device.VirtioFsDevice;
import dev.oriel.driver.FuseClient;
import dev.oriel.driver.FuseClientOptions;
import dev.oriel.filesystem.FileSystem;
import dev.oriel.linux.At;
import dev.oriel.linux.CString;
import dev.oriel.linux.Failure;
import dev.oriel.linux.NameCalls;
import dev.oriel.vhostuser.VhostUserBackend;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.nio.ByteOrder;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Lets a fresh server do each of its operations, many times over, before a guest asks for one: the classes are
 * initialized then, and what is hot is compiled. It takes a client's thread and those of a connection,
 * for a second at most, ends within some requests when it is told to, and leaves nothing behind. What is served meanwhile
 * is a folder of its own in memory.
 *
 * <p>It is a help and no more: where it cannot be had, the first requests are slower, and only the debug log says why.
 */
public final class Practice implements AutoCloseable {
    private static final Logger LOG = System.getLogger("dev.oriel.app");

    /** Guests take a second to boot. */
    private static final Duration MOST = Duration.ofSeconds(1);

    /** A file system in memory: the host's, or in a sandbox one of its own (scripts/enter.sh). */
    private static final Path MEMORY = Path.of("/dev/shm");

    private static final String PREFIX = "oriel-practice-";

    /** A request that takes longer tells that something is wrong. */
    private static final Duration TIME_LIMIT = Duration.ofSeconds(2);

    /** After so many with packed rings come as many with split ones. */
    private static final int ROUNDS_OF_A_RING = 4;

    private static final FuseClientOptions CLIENT = FuseClientOptions.DEFAULTS
            .withQueues(1)
            .withQueueSize(Course.DEPTH)
            .withBufferMemory(Course.BUFFERS)
            .withTimeLimit(TIME_LIMIT);

    /** Opens what is practised on. */
    @FunctionalInterface
    public interface Opening {
        /**
         * The file system that shows a folder as the share is shown.
         *
         * @return the practice's, which closes it; empty if folders are not what is served
         * @throws Exception if it cannot be had
         */
        Optional<FileSystem> open(Path folder) throws Exception;
    }

    private final Opening opening;
    private final VhostUserBackend.Options options;
    private final @Nullable Path folder;
    private final Duration most;
    private final Thread thread =
            Thread.ofPlatform().name("oriel-practice").daemon().unstarted(this::run);
    private volatile boolean ended;

    private Practice(Opening opening, VhostUserBackend.Options options, @Nullable Path folder, Duration most) {
        this.opening = opening;
        this.options = options;
        this.folder = folder;
        this.most = most;
    }

    /**
     * Makes the folder; nothing is practised yet. Before the process confines itself, as it must be allowed the folder
     * then.
     *
     * @param options as virtual machines are served
     */
    public static Practice prepare(Opening opening, VhostUserBackend.Options options) {
        return prepare(opening, options, MEMORY, MOST);
    }

    /**
     * The same elsewhere.
     *
     * @param memory where the folder is made
     * @param most how long it takes at most
     */
    static Practice prepare(Opening opening, VhostUserBackend.Options options, Path memory, Duration most) {
        Path made = null;
        try {
            String name = PREFIX + ProcessHandle.current().pid() + "-" + Long.toHexString(System.nanoTime());
            made = Files.createDirectory(
                    memory.resolve(name),
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        } catch (IOException none) {
            LOG.log(Level.DEBUG, "no folder in {0} to practise in: {1}", memory, none);
        }
        return new Practice(opening, options, made, most);
    }

    /** Where it writes; null: it has no place, and {@link #start} does nothing. */
    public @Nullable Path folder() {
        return folder;
    }

    /** Begins. */
    public void start() {
        if (folder == null || ended) {
            return;
        }
        try {
            thread.start();
        } catch (OutOfMemoryError none) {
            LOG.log(Level.DEBUG, "no thread to practise with: {0}", Failure.reason(none));
        }
    }

    /** Ends it within some requests. Any thread, without waiting; does nothing the second time. */
    public void end() {
        ended = true;
    }

    /** Ends it, and waits until nothing is left of it. */
    @Override
    public void close() {
        end();
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException later) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        if (folder != null) {
            remove(folder);
        }
    }

    private void run() {
        Path place = folder;
        if (place == null) {
            return;
        }
        long begun = System.nanoTime();
        int rounds = 0;
        try (FileSystem served = opening.open(place).orElse(null)) {
            if (served != null) {
                rounds = practise(served, begun);
            }
        } catch (Exception | Error failed) {
            LOG.log(Level.DEBUG, "practice has failed", failed);
        } finally {
            remove(place);
            LOG.log(Level.DEBUG, "practised {0} rounds in {1} ms", rounds, (System.nanoTime() - begun) / 1_000_000);
        }
    }

    /** Answers how many rounds were whole. */
    private int practise(FileSystem served, long begun) throws IOException {
        VirtioFsDevice device = new VirtioFsDevice(served, "practice", 1, 1, null);
        // The other order early, and once: what is compiled then is made for the host's own, as most guests are.
        int rounds = rounds(device, CLIENT, true, begun, 1);
        rounds += rounds(device, CLIENT.withOrder(otherOrder()).withPacked(true), true, begun, 1);
        // Linux has packed rings wherever they are offered. QEMU offers split ones.
        for (boolean packed = true; !isOver(begun); packed = !packed) {
            rounds += rounds(device, CLIENT.withPacked(packed), false, begun, ROUNDS_OF_A_RING);
        }
        return rounds;
    }

    private static ByteOrder otherOrder() {
        return ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
    }

    /**
     * A connection and a session.
     *
     * @param rare as for {@link Course}
     * @param limit how many rounds at most
     * @return how many were whole
     */
    private int rounds(VirtioFsDevice device, FuseClientOptions client, boolean rare, long begun, int limit)
            throws IOException {
        if (isOver(begun)) {
            return 0;
        }
        int rounds = 0;
        try (PractisedDevice practised = new PractisedDevice(device, options, client.wantedFeatures(), TIME_LIMIT);
                FuseClient driver = FuseClient.connect(practised.driverEnd(), client)) {
            Course course = new Course(driver, rare, () -> isOver(begun));
            while (rounds < limit && !isOver(begun)) {
                course.run();
                rounds++;
            }
        }
        return rounds;
    }

    private boolean isOver(long begun) {
        return ended || System.nanoTime() - begun > most.toNanos();
    }

    /** Removes the folder, by the system calls that a confined server may make. */
    private static void remove(Path folder) {
        if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        try (DirectoryStream<Path> names = Files.newDirectoryStream(folder)) {
            for (Path name : names) {
                if (Files.isDirectory(name, LinkOption.NOFOLLOW_LINKS)) {
                    remove(name);
                } else {
                    unlink(name, 0);
                }
            }
        } catch (IOException | DirectoryIteratorException unreadable) {
            LOG.log(Level.DEBUG, "what was practised on stays in {0}: {1}", folder, unreadable);
        }
        unlink(folder, At.AT_REMOVEDIR);
    }

    private static void unlink(Path path, int flags) {
        try (Arena arena = Arena.ofConfined()) {
            int result = NameCalls.unlinkat(At.AT_FDCWD, CString.of(path.toString(), arena), flags);
            if (result < 0) {
                LOG.log(Level.DEBUG, "cannot remove {0}: {1}", path, -result);
            }
        }
    }
}
