package dev.oriel.filesystem.path;

import dev.oriel.filesystem.node.Allowance;
import dev.oriel.filesystem.staging.StagedFile;
import dev.oriel.filesystem.staging.StagedOpen;
import dev.oriel.filesystem.staging.Staging;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The staged files of all clients, by path: whoever opens a file has the same one, so all see what any of them has
 * written. For all threads; its lock is held for a few instructions.
 */
final class StagedPaths implements AutoCloseable {
    private final Staging staging;
    private final PathViews views;
    private final Map<Path, Staged> files = new HashMap<>();

    /** One mover has the locks of several stores at a time. */
    private final ReentrantLock moves = new ReentrantLock();

    /** A file, and how many use it. */
    private static final class Staged {
        final StreamStore store;
        final StagedFile file;
        Path path;
        int users;

        Staged(StreamStore store, StagedFile file, Path path) {
            this.store = store;
            this.file = file;
            this.path = path;
        }
    }

    StagedPaths(Staging staging, PathViews views) {
        this.staging = staging;
        this.views = views;
    }

    /** What a rename does while nobody writes the files back that it moves. */
    interface Move {
        void run() throws IOException;
    }

    /**
     * Opens a file.
     *
     * @param payer what the session may change
     * @return the content, or null and {@code error[0]} is an errno
     */
    @Nullable
    FileContent open(Path path, Allowance payer, int[] error) {
        Staged staged;
        synchronized (files) {
            staged = files.computeIfAbsent(path, this::stage);
            staged.users++;
        }
        StagedOpen open = staged.file.open(payer);
        error[0] = staged.file.renew();
        if (error[0] != 0) {
            close(staged, open);
            return null;
        }
        return new StagedContent(open, payer, () -> close(staged, open));
    }

    private Staged stage(Path path) {
        StreamStore store = new StreamStore(views, path);
        return new Staged(store, new StagedFile(staging, store), path);
    }

    private int close(Staged staged, StagedOpen open) {
        int result = open.close();
        synchronized (files) {
            staged.users--;
        }
        forget(staged);
        return result;
    }

    /** Forgets a file that nobody uses and that has nothing to be written back. */
    private void forget(Staged staged) {
        boolean isUsed = staged.file.isUsed();
        synchronized (files) {
            if (!isUsed && staged.users == 0) {
                files.remove(staged.path, staged);
            }
        }
    }

    /** Forgets all files that nobody uses and that have nothing to be written back. */
    void forgetUnused() {
        List<Staged> all;
        synchronized (files) {
            all = List.copyOf(files.values());
        }
        all.forEach(this::forget);
    }

    /** A file of which something is staged; null if there is nothing. */
    @Nullable
    StagedFile get(Path path) {
        synchronized (files) {
            Staged staged = files.get(path);
            return staged == null ? null : staged.file;
        }
    }

    /** Writes back what is changed of a file, if anything is: 0 or an errno. */
    int writeBack(Path path, Allowance payer) {
        StagedFile file = get(path);
        return file == null || file.modified() == null ? 0 : file.open(payer).close();
    }

    /**
     * A file is about to be removed: who has it open goes on with what is staged.
     *
     * @return 0 or an errno: then it is not removed
     */
    int keep(Path path) {
        Staged staged;
        synchronized (files) {
            staged = files.get(path);
            if (staged == null || staged.users == 0) {
                return 0;
            }
        }
        return staged.file.keep();
    }

    /** A file was removed. */
    void removed(Path path) {
        Staged staged;
        boolean isOpen;
        synchronized (files) {
            staged = files.remove(path);
            isOpen = staged != null && staged.users > 0;
        }
        if (staged != null && !isOpen) {
            staged.file.discard();
        }
    }

    /** A file was not removed after all. */
    void notRemoved(Path path) {
        StagedFile file = get(path);
        if (file != null) {
            file.unkeep();
        }
    }

    /** Moves a file or directory, with all that is staged of it and beneath it. What was at {@code to} is removed. */
    void move(Path from, Path to, Move move) throws IOException {
        moves.lock();
        try {
            List<Staged> moved = beneath(from);
            int locked = 0;
            try {
                for (Staged staged : moved) {
                    staged.store.naming.lock();
                    locked++;
                }
                move.run();
                removed(to);
                synchronized (files) {
                    moved.forEach(staged -> rename(staged, from, to));
                }
            } finally {
                moved.subList(0, locked).forEach(staged -> staged.store.naming.unlock());
            }
        } finally {
            moves.unlock();
        }
    }

    private List<Staged> beneath(Path path) {
        synchronized (files) {
            return files.values().stream()
                    .filter(staged -> staged.path.startsWith(path))
                    .toList();
        }
    }

    private void rename(Staged staged, Path from, Path to) {
        if (files.remove(staged.path, staged)) {
            staged.path = staged.path.equals(from) ? to : to.resolve(from.relativize(staged.path));
            staged.store.path(staged.path);
            files.put(staged.path, staged);
        }
    }

    /** Gives up what could not be written back. Nobody uses any. */
    @Override
    public void close() {
        List<Staged> left;
        synchronized (files) {
            left = List.copyOf(files.values());
            files.clear();
        }
        left.forEach(staged -> staged.file.discard());
    }
}
