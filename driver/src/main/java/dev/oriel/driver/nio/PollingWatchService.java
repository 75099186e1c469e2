package dev.oriel.driver.nio;

import dev.oriel.driver.Stat;
import java.io.IOException;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.nio.file.attribute.FileTime;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Watches directories by looking at them once a second: no message of a virtio-fs device tells of changes (Linux has
 * none, and servers send none).
 */
final class PollingWatchService implements WatchService {
    private static final long PERIOD_MILLIS = 1000;

    /**
     * Most entries of a directory that is watched: what is known of them takes memory, and a device decides how many
     * there are.
     */
    static final int ENTRIES_MAX = 100_000;

    private static final Set<WatchEvent.Kind<?>> KINDS = Set.of(
            StandardWatchEventKinds.ENTRY_CREATE,
            StandardWatchEventKinds.ENTRY_DELETE,
            StandardWatchEventKinds.ENTRY_MODIFY,
            StandardWatchEventKinds.OVERFLOW);

    private final VirtioFileSystem fileSystem;
    private final ScheduledExecutorService poller = Executors.newSingleThreadScheduledExecutor(
            task -> Thread.ofPlatform().daemon().name("oriel-watch").unstarted(task));
    private final LinkedBlockingQueue<PollingWatchKey> signalled = new LinkedBlockingQueue<>();
    /** By the absolute paths of their directories; guarded by itself. */
    private final Map<VirtioPath, PollingWatchKey> keys = new HashMap<>();

    private volatile boolean closed;
    /** Wakes who waits when this is closed; nobody gets it. */
    private final PollingWatchKey end;

    PollingWatchService(VirtioFileSystem fileSystem) {
        this.fileSystem = fileSystem;
        end = new PollingWatchKey(this, fileSystem.getPath("/"), Map.of());
        fileSystem.opened(this);
        var _ = poller.scheduleWithFixedDelay(this::lookOrEnd, PERIOD_MILLIS, PERIOD_MILLIS, TimeUnit.MILLISECONDS);
    }

    /** Nobody is to wait for a thread that is gone. */
    private void lookOrEnd() {
        try {
            look();
        } catch (Error failed) {
            close();
            throw failed;
        }
    }

    /** Looks at all directories now. */
    void look() {
        Set<PollingWatchKey> all;
        synchronized (keys) {
            all = new HashSet<>(keys.values());
        }
        all.forEach(PollingWatchKey::look);
    }

    WatchKey register(VirtioPath directory, WatchEvent.Kind<?>[] kinds, WatchEvent.Modifier... modifiers)
            throws IOException {
        for (WatchEvent.Modifier modifier : modifiers) {
            throw new UnsupportedOperationException("the modifier " + modifier.name() + " is not known");
        }
        Set<WatchEvent.Kind<?>> wanted = Set.copyOf(new HashSet<>(Arrays.asList(kinds)));
        for (WatchEvent.Kind<?> kind : wanted) {
            if (!KINDS.contains(kind)) {
                throw new UnsupportedOperationException("the kind of event " + kind.name() + " is not known");
            }
        }
        if (wanted.isEmpty() || wanted.equals(Set.of(StandardWatchEventKinds.OVERFLOW))) {
            throw new IllegalArgumentException("no kind of event to watch for");
        }
        checkOpen();
        if (!Files.isDirectory(directory)) {
            throw Files.exists(directory)
                    ? new NotDirectoryException(directory.toString())
                    : new NoSuchFileException(directory.toString());
        }
        Map<Path, Look> seen = list(directory);
        PollingWatchKey key;
        synchronized (keys) {
            key = keys.computeIfAbsent(directory.toAbsolutePath(), _ -> new PollingWatchKey(this, directory, seen));
        }
        // A key that looks at its directory, and then takes itself out of the keys, holds itself: never the keys first.
        key.kinds(wanted);
        return key;
    }

    void cancel(PollingWatchKey key) {
        synchronized (keys) {
            keys.remove(key.watchable().toAbsolutePath(), key);
        }
    }

    void signal(PollingWatchKey key) {
        signalled.add(key);
        if (closed) {
            signalled.add(end);
        }
    }

    boolean isClosed() {
        return closed;
    }

    private void checkOpen() {
        if (closed) {
            throw new ClosedWatchServiceException();
        }
    }

    /** What is given to who waited: a key, or that this was closed, which the next one is to learn too. */
    private @Nullable WatchKey taken(@Nullable PollingWatchKey key) {
        if (key == end) {
            signalled.add(end);
        }
        checkOpen();
        return key;
    }

    @Override
    public @Nullable WatchKey poll() {
        checkOpen();
        return taken(signalled.poll());
    }

    @Override
    public @Nullable WatchKey poll(long timeout, TimeUnit unit) throws InterruptedException {
        checkOpen();
        return taken(signalled.poll(timeout, unit));
    }

    @Override
    public WatchKey take() throws InterruptedException {
        checkOpen();
        PollingWatchKey key = signalled.take();
        WatchKey _ = taken(key);
        return key;
    }

    @Override
    public void close() {
        closed = true;
        poller.shutdownNow();
        synchronized (keys) {
            keys.clear();
        }
        signalled.clear();
        signalled.add(end);
        fileSystem.closed(this);
    }

    /** What of a file shows that it changed, and which file it is. */
    record Look(FileTime changed, FileTime modified, long size, long ino) {
        boolean isSameFile(Look other) {
            return ino == other.ino;
        }
    }

    /** @throws FileSystemException also if there are too many entries to know them all */
    static Map<Path, Look> list(VirtioPath directory) throws IOException {
        Map<Path, Look> found = new HashMap<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
            for (Path entry : entries) {
                if (found.size() == ENTRIES_MAX) {
                    throw new TooManyEntries(directory);
                }
                look(VirtioPath.of(entry), found);
            }
        } catch (DirectoryIteratorException failed) {
            throw failed.getCause();
        }
        return found;
    }

    /** What is gone since it was listed is not there. */
    private static void look(VirtioPath entry, Map<Path, Look> found) throws IOException {
        try {
            Stat attributes = Place.of(entry).attributes(false);
            Look look = new Look(attributes.ctime(), attributes.mtime(), attributes.size(), attributes.ino());
            found.put(entry.getFileName(), look);
        } catch (NoSuchFileException gone) {
            found.remove(entry);
        }
    }

    /** A directory that is too large to be watched. */
    static final class TooManyEntries extends FileSystemException {
        private static final long serialVersionUID = 1L;

        TooManyEntries(VirtioPath directory) {
            super(directory.toString(), null, "a directory of more than " + ENTRIES_MAX + " entries cannot be watched");
        }
    }
}
