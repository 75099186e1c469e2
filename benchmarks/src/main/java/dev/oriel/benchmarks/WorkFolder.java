package dev.oriel.benchmarks;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import org.jspecify.annotations.Nullable;

/**
 * A folder for what a benchmark shares. It goes when it is closed, and when the process is interrupted.
 */
public final class WorkFolder implements AutoCloseable {
    private static final Path TMPFS = Path.of("/dev/shm");
    private static final Path DISK = Path.of("/var/tmp");

    private final Path path;
    private final Thread atEnd = new Thread(this::remove, "benchmark-leftovers");

    private WorkFolder(Path path) {
        this.path = path;
        Runtime.getRuntime().addShutdownHook(atEnd);
    }

    /** An empty one in memory (tmpfs), so that no disk has a say in the figures. */
    public static WorkFolder create() throws IOException {
        return in(TMPFS);
    }

    /** An empty one where temporary files outlive a restart, so most probably on a disk. */
    public static WorkFolder onDisk() throws IOException {
        return in(DISK);
    }

    /** In a folder, or among the temporary files if it cannot be written. */
    private static WorkFolder in(Path folder) throws IOException {
        return new WorkFolder(
                Files.isWritable(folder)
                        ? Files.createTempDirectory(folder, "oriel-bench-")
                        : Files.createTempDirectory("oriel-bench-"));
    }

    /** Where it is. */
    public Path path() {
        return path;
    }

    /** A new empty folder in it. */
    public Path folder(String name) throws IOException {
        return Files.createTempDirectory(path, name + "-");
    }

    /** Removes what is at {@code top}, which may be gone already. */
    public static void remove(Path top) throws IOException {
        if (!Files.exists(top)) {
            return;
        }
        Files.walkFileTree(top, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.deleteIfExists(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException gone) {
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path folder, @Nullable IOException failed) throws IOException {
                Files.deleteIfExists(folder);
                return FileVisitResult.CONTINUE;
            }
        });
    }

    private void remove() {
        try {
            remove(path);
        } catch (IOException stays) {
            System.getLogger("dev.oriel.benchmarks")
                    .log(System.Logger.Level.WARNING, "could not remove all of " + path, stays);
        }
    }

    @Override
    public void close() {
        Runtime.getRuntime().removeShutdownHook(atEnd);
        remove();
    }
}
