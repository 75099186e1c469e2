package dev.oriel.filesystem.path;

import dev.oriel.filesystem.Usage;
import dev.oriel.filesystem.node.Budget;
import dev.oriel.filesystem.staging.Staging;
import dev.oriel.linux.Errno;
import dev.oriel.linux.LinuxException;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.CopyOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/** What all sessions of one {@link PathFileSystem} have together. For all threads. */
final class PathShare implements AutoCloseable {
    private static final Logger LOG = System.getLogger("dev.oriel.filesystem.path");
    private static final int LEAST_OPEN = 16;
    private static final int ENDS = 64;

    final Path root;
    final PathOptions options;
    final PathViews views;
    final StagedPaths staged;
    final Budget nodeMemory;
    final Budget openFiles;

    /**
     * Held to read while something is found by its path and used, to write while a name is taken away, moved, or given
     * to a link: so nothing is found by a path that leads elsewhere meanwhile.
     */
    final ReentrantReadWriteLock naming = new ReentrantReadWriteLock();

    /** Each held while the end of a file counts. */
    private final ReentrantLock[] ends = new ReentrantLock[ENDS];

    /** Counts what may have put a link where a directory was. */
    final AtomicLong links = new AtomicLong();

    /** The last inode number that was given out, of files that have none of their own. */
    final AtomicLong numbers = new AtomicLong(1L << 32);

    /**
     * Whether a directory is moved with what is in it: archives of the JDK leave that behind, and the directory too.
     */
    final boolean movesTrees;

    /** How something is moved: archives of the JDK forget times, permissions and owner unless they are told not to. */
    final CopyOption[] moving;

    private final Staging staging;

    /** Whether files are staged, from the beginning or since the provider refused a channel. */
    private volatile boolean wholeFiles;

    PathShare(Path root, PathOptions options) throws LinuxException {
        this.root = root;
        this.options = options;
        Arrays.setAll(ends, _ -> new ReentrantLock());
        movesTrees = !root.getFileSystem().provider().getScheme().equals("jar");
        moving = movesTrees
                ? new CopyOption[] {StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING}
                : new CopyOption[] {
                    StandardCopyOption.ATOMIC_MOVE,
                    StandardCopyOption.REPLACE_EXISTING,
                    StandardCopyOption.COPY_ATTRIBUTES
                };
        wholeFiles = options.wholeFiles();
        views = new PathViews(root, options.readOnly());
        staging = Staging.open(options.stagingFolder(), options.stagingBytes());
        staged = new StagedPaths(staging, views);
        nodeMemory = new Budget(
                options.nodeMemory(),
                options.sessions(),
                0,
                "the guest knows as many files as there is memory for, and gets ENFILE until it forgets some");
        openFiles = new Budget(
                options.openFiles(),
                options.sessions(),
                LEAST_OPEN,
                "the guest has opened as many files as it may, and gets ENFILE until it closes some");
    }

    /** What is held while the end of a file counts, which {@code key} tells from others. */
    ReentrantLock end(Object key) {
        return ends[key.hashCode() & ENDS - 1];
    }

    /** What is staged. */
    void usage(Usage out) {
        out.staged = staging.taken();
        out.stagedLimit = staging.limit();
    }

    boolean wholeFiles() {
        return wholeFiles;
    }

    /** The provider has no channels: all files are staged from now on. */
    void stageFiles() {
        wholeFiles = true;
    }

    /**
     * Looks at a file. One that is staged is another to the provider each time that it was written back: only its name
     * tells which it is.
     */
    PathStat look(Path path) throws IOException {
        PathStat stat = views.read(path);
        return wholeFiles ? stat.withoutKey() : stat;
    }

    /** Writes all staged files back: 0 or an errno. */
    int writeBack() {
        int result = staging.writeBack();
        staged.forgetUnused();
        return result;
    }

    @Override
    public void close() {
        int error = staging.writeBack();
        if (error != 0) {
            LOG.log(
                    Level.ERROR,
                    "{0}: some files of {1} could not be written back, and what was written into them since is lost",
                    Errno.message(-error),
                    root);
        }
        staged.close();
        staging.close();
    }
}
