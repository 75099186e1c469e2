package dev.oriel.linux;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Semaphore;

/**
 * Closes descriptors that another process passed. close(2) waits for the file system of the file (FUSE flushes, NFS
 * writes back), and that may never answer; so what may wait is closed by a thread of its own.
 *
 * <p>There is a bound on such threads. Behind it whoever closes waits himself: that is the connection of the process
 * that passed them. Any thread.
 */
public final class ReceivedDescriptors {
    private static final Logger LOG = System.getLogger("dev.oriel.linux");

    /** How many descriptors may wait to be closed at a time. */
    static final int MOST = 64;

    private static final Semaphore WAITING = new Semaphore(MOST);

    private ReceivedDescriptors() {}

    /** Closes a descriptor; it is gone from this process, or soon will be. */
    public static void close(int fd) {
        if (closesAtOnce(fd) || !WAITING.tryAcquire()) {
            FileCalls.close(fd);
            return;
        }
        try {
            Thread.ofPlatform().daemon().name("oriel-close-" + fd).start(() -> {
                FileCalls.close(fd);
                WAITING.release();
            });
        } catch (OutOfMemoryError noThread) {
            WAITING.release();
            LOG.log(Level.WARNING, "no thread to close a descriptor with: {0}", noThread.getMessage());
            FileCalls.close(fd);
        }
    }

    /** Memory, what has no file system (sockets, pipes, eventfds), and files of local disks. */
    private static boolean closesAtOnce(int fd) {
        return MemoryCalls.getSeals(fd) >= 0 || hasNoFileSystem(fd) || MemoryFile.unsuitable(fd) == null;
    }

    private static boolean hasNoFileSystem(int fd) {
        try {
            String kind = Files.readSymbolicLink(Path.of("/proc/self/fd/" + fd)).toString();
            return kind.startsWith("anon_inode:") || kind.startsWith("socket:") || kind.startsWith("pipe:");
        } catch (IOException unknown) {
            return false;
        }
    }
}
