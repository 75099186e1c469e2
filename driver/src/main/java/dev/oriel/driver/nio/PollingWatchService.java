package dev.oriel.driver.nio;

import java.io.IOException;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.nio.file.Watchable;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Watches directories by looking at them once a second: no message of a virtio-fs device tells of changes (Linux has none, and
 * servers send none).
 */
final class PollingWatchService implements WatchService {
    private static final long PERIOD_MILLIS = 1000;

    private final ScheduledExecutorService poller = Executors.newSingleThreadScheduledExecutor(
            task -> Thread.ofPlatform().daemon().name("oriel-watch").unstarted(task));
    private final LinkedBlockingQueue<Key> signalled = new LinkedBlockingQueue<>();
    private final Set<Key> keys = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    PollingWatchService() {
        var _ = poller.scheduleWithFixedDelay(
                () -> keys.forEach(Key::look), PERIOD_MILLIS, PERIOD_MILLIS, TimeUnit.MILLISECONDS);
    }

    WatchKey register(VirtioPath directory, WatchEvent.Kind<?>[] kinds) throws IOException {
        checkOpen();
        if (!Files.isDirectory(directory)) {
            throw Files.exists(directory)
                    ? new NotDirectoryException(directory.toString())
                    : new NoSuchFileException(directory.toString());
        }
        Key key = new Key(directory, Set.of(kinds));
        keys.add(key);
        return key;
    }

    private void checkOpen() {
        if (closed) {
            throw new ClosedWatchServiceException();
        }
    }

    @Override
    public @Nullable WatchKey poll() {
        checkOpen();
        return signalled.poll();
    }

    @Override
    public @Nullable WatchKey poll(long timeout, TimeUnit unit) throws InterruptedException {
        checkOpen();
        return signalled.poll(timeout, unit);
    }

    @Override
    public WatchKey take() throws InterruptedException {
        while (true) {
            WatchKey key = poll(PERIOD_MILLIS, TimeUnit.MILLISECONDS);
            if (key != null) {
                return key;
            }
        }
    }

    @Override
    public void close() {
        closed = true;
        poller.shutdownNow();
        keys.clear();
        signalled.clear();
    }

    /** What of a file shows that it changed. */
    private record Look(
            FileTime modified, long size, @Nullable Object key) {}

    private record Event(WatchEvent.Kind<Path> kind, Path context) implements WatchEvent<Path> {
        @Override
        public int count() {
            return 1;
        }
    }

    private final class Key implements WatchKey {
        private final VirtioPath directory;
        private final Set<WatchEvent.Kind<?>> kinds;
        private Map<Path, Look> seen;
        private List<WatchEvent<?>> events = new ArrayList<>();
        private boolean valid = true;
        private boolean waiting;

        Key(VirtioPath directory, Set<WatchEvent.Kind<?>> kinds) throws IOException {
            this.directory = directory;
            this.kinds = kinds;
            seen = list();
        }

        private Map<Path, Look> list() throws IOException {
            Map<Path, Look> found = new HashMap<>();
            try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
                for (Path entry : entries) {
                    try {
                        BasicFileAttributes attributes =
                                Files.readAttributes(entry, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
                        found.put(
                                entry.getFileName(),
                                new Look(attributes.lastModifiedTime(), attributes.size(), attributes.fileKey()));
                    } catch (NoSuchFileException gone) {
                        found.remove(entry);
                    }
                }
            } catch (DirectoryIteratorException failed) {
                throw failed.getCause();
            }
            return found;
        }

        synchronized void look() {
            if (!valid) {
                return;
            }
            Map<Path, Look> now;
            try {
                now = list();
            } catch (IOException | RuntimeException gone) {
                cancel();
                signal();
                return;
            }
            Map<Path, Look> before = seen;
            seen = now;
            now.forEach((name, look) -> {
                Look old = before.get(name);
                if (old == null) {
                    add(StandardWatchEventKinds.ENTRY_CREATE, name);
                } else if (!old.equals(look)) {
                    add(StandardWatchEventKinds.ENTRY_MODIFY, name);
                }
            });
            for (Path name : before.keySet()) {
                if (!now.containsKey(name)) {
                    add(StandardWatchEventKinds.ENTRY_DELETE, name);
                }
            }
        }

        private void add(WatchEvent.Kind<Path> kind, Path name) {
            if (kinds.contains(kind)) {
                events.add(new Event(kind, name));
                signal();
            }
        }

        private void signal() {
            if (!waiting) {
                waiting = true;
                signalled.add(this);
            }
        }

        @Override
        public synchronized boolean isValid() {
            return valid && !closed;
        }

        @Override
        public synchronized List<WatchEvent<?>> pollEvents() {
            List<WatchEvent<?>> taken = events;
            events = new ArrayList<>();
            return taken;
        }

        @Override
        public synchronized boolean reset() {
            if (!isValid()) {
                return false;
            }
            waiting = false;
            if (!events.isEmpty()) {
                signal();
            }
            return true;
        }

        @Override
        public synchronized void cancel() {
            valid = false;
            keys.remove(this);
        }

        @Override
        public Watchable watchable() {
            return directory;
        }
    }
}
