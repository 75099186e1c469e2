package dev.oriel.driver.nio;

import java.io.IOException;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A watched directory and what happened in it. Any thread. */
final class PollingWatchKey implements WatchKey {
    /** Most events that wait to be taken; what is more is OVERFLOW. */
    static final int EVENTS_MAX = 512;

    private final PollingWatchService service;
    private final VirtioPath directory;
    private Set<WatchEvent.Kind<?>> kinds = Set.of();
    private Map<Path, PollingWatchService.Look> seen;
    private List<Event> events = new ArrayList<>();
    private boolean valid = true;
    private boolean signalled;

    PollingWatchKey(PollingWatchService service, VirtioPath directory, Map<Path, PollingWatchService.Look> seen) {
        this.service = service;
        this.directory = directory;
        this.seen = seen;
    }

    /** Something that happened, as often as it did with nothing else between. Guarded by the key. */
    private static final class Event implements WatchEvent<Path> {
        private final Kind<?> kind;
        private final @Nullable Path context;
        private int count = 1;

        Event(Kind<?> kind, @Nullable Path context) {
            this.kind = kind;
            this.context = context;
        }

        @Override
        @SuppressWarnings("unchecked") // as the JDK: the kind of an overflow is not one of paths
        public Kind<Path> kind() {
            return (Kind<Path>) kind;
        }

        @Override
        public int count() {
            return count;
        }

        @Override
        public @Nullable Path context() {
            return context;
        }
    }

    synchronized void kinds(Set<WatchEvent.Kind<?>> wanted) {
        kinds = wanted;
    }

    /** Compares the directory with what was seen of it before. */
    synchronized void look() {
        if (!valid) {
            return;
        }
        Map<Path, PollingWatchService.Look> now;
        try {
            now = PollingWatchService.list(directory);
        } catch (PollingWatchService.TooManyEntries tooMany) {
            overflow();
            return;
        } catch (IOException | RuntimeException gone) {
            cancel();
            signal();
            return;
        }
        Map<Path, PollingWatchService.Look> before = seen;
        seen = now;
        before.forEach((name, old) -> {
            PollingWatchService.Look look = now.get(name);
            if (look == null || !look.isSameFile(old)) {
                add(StandardWatchEventKinds.ENTRY_DELETE, name);
            }
        });
        now.forEach((name, look) -> {
            PollingWatchService.Look old = before.get(name);
            if (old == null || !look.isSameFile(old)) {
                add(StandardWatchEventKinds.ENTRY_CREATE, name);
            } else if (!old.equals(look)) {
                add(StandardWatchEventKinds.ENTRY_MODIFY, name);
            }
        });
    }

    private void add(WatchEvent.Kind<Path> kind, Path name) {
        if (!kinds.contains(kind)) {
            return;
        }
        Event last = lastOf(name);
        if (!events.isEmpty() && events.getLast().kind.equals(StandardWatchEventKinds.OVERFLOW)) {
            events.getLast().count++;
        } else if (last != null && last.kind.equals(kind)) {
            last.count++;
        } else if (events.size() >= EVENTS_MAX) {
            overflow();
        } else {
            events.add(new Event(kind, name));
        }
        signal();
    }

    /** The last event of a name. */
    private @Nullable Event lastOf(Path name) {
        for (Event event : events.reversed()) {
            if (name.equals(event.context)) {
                return event;
            }
        }
        return null;
    }

    /** Events were lost. */
    private void overflow() {
        if (events.size() == 1 && events.getFirst().kind.equals(StandardWatchEventKinds.OVERFLOW)) {
            events.getFirst().count++;
        } else {
            events.clear();
            events.add(new Event(StandardWatchEventKinds.OVERFLOW, null));
        }
        signal();
    }

    private void signal() {
        if (!signalled) {
            signalled = true;
            service.signal(this);
        }
    }

    @Override
    public synchronized boolean isValid() {
        return valid && !service.isClosed();
    }

    @Override
    public synchronized List<WatchEvent<?>> pollEvents() {
        List<WatchEvent<?>> taken = List.copyOf(events);
        events = new ArrayList<>();
        return taken;
    }

    @Override
    public synchronized boolean reset() {
        if (!isValid()) {
            return false;
        }
        signalled = false;
        if (!events.isEmpty()) {
            signal();
        }
        return true;
    }

    @Override
    public synchronized void cancel() {
        valid = false;
        service.cancel(this);
    }

    @Override
    public VirtioPath watchable() {
        return directory;
    }
}
