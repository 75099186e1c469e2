package dev.oriel.guesttests;

import dev.oriel.guesttests.Promises.Slot;
import dev.oriel.guesttests.SharedFile.View;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The model of a folder's names, and what is done at random with them. A guest may take a name that another has changed
 * for what it was, for a while: it leaves the name alone for some steps, and then waits for what is left of that time.
 * So the clock decides how long a way through the steps takes, and never which way.
 */
final class SharedNames {
    private static final int PAGE = SharedFile.PAGE;
    private static final int NAMES = 9;
    private static final int LEFT_ALONE_STEPS = 60;

    private final String folder;
    private final Crowd crowd;
    private final Promises promises;
    private final Random random;
    private final long validNanos;

    private final TreeMap<String, SharedFile> names = new TreeMap<>();

    /** Names that others have changed since the party has used them. */
    private final List<Map<String, Change>> changes = new ArrayList<>();

    private int files;

    private record Change(long step, long nanoTime) {}

    SharedNames(String folder, Crowd crowd, Promises promises, Random random, Duration valid) {
        this.folder = folder;
        this.crowd = crowd;
        this.promises = promises;
        this.random = random;
        validNanos = valid.toNanos();
        for (int party = 0; party < crowd.size(); party++) {
            changes.add(new HashMap<>());
        }
    }

    /** Makes the first files, of whose names nobody knows anything yet. */
    void begin() throws IOException, InterruptedException {
        while (names.size() < NAMES / 2) {
            make();
        }
        changes.forEach(Map::clear);
    }

    /** All files that have a name. */
    Collection<SharedFile> files() {
        return names.values();
    }

    /** Waits until everybody knows all names. */
    void awaitAll() throws InterruptedException {
        for (Map<String, Change> those : changes) {
            for (Change change : those.values()) {
                await(change);
            }
            those.clear();
        }
    }

    private void await(Change change) throws InterruptedException {
        long left = validNanos - (System.nanoTime() - change.nanoTime());
        if (left > 0) {
            Thread.sleep(Duration.ofNanos(left));
        }
    }

    private void changed(int party, String name) {
        Change change = new Change(crowd.step(), System.nanoTime());
        for (int other = 0; other < crowd.host(); other++) {
            if (other == party) {
                changes.get(other).remove(name);
            } else {
                changes.get(other).put(name, change);
            }
        }
    }

    /** A name that the party knows, of a file or of none; null if there is none. */
    private @Nullable String any(int party, boolean ofFile) throws InterruptedException {
        Map<String, Change> those = changes.get(party);
        List<String> known = new ArrayList<>();
        for (int i = 0; i < NAMES; i++) {
            String name = folder + "/f" + i;
            Change change = those.get(name);
            if (names.containsKey(name) == ofFile
                    && (change == null || crowd.step() - change.step() >= LEFT_ALONE_STEPS)) {
                known.add(name);
            }
        }
        if (known.isEmpty()) {
            return null;
        }
        String name = promises.pick(known);
        Change change = those.remove(name);
        if (change != null) {
            await(change);
        }
        return name;
    }

    /** A file that the party can open by its first name; null if there is none. */
    @Nullable
    SharedFile anyFile(int party) throws InterruptedException {
        String name = any(party, true);
        return name == null ? null : names.get(name);
    }

    /** The host makes a file that has its content from the beginning on. */
    void make() throws IOException, InterruptedException {
        String name = any(crowd.host(), false);
        if (name == null) {
            return;
        }
        int size = switch (random.nextInt(4)) {
            case 0 -> random.nextInt(3 * PAGE);
            case 1 -> 700_000 + random.nextInt(9000);
            case 2 -> (1 << 21) - 4500 + random.nextInt(9000);
            default -> random.nextInt(SharedFile.MOST);
        };
        int phase = random.nextInt(250);
        SharedFile file = named(name);
        crowd.tell(crowd.host(), file, "make %s %d %d".formatted(name, size, phase));
        if (size > 0) {
            file.put(0, size, phase);
        }
        file.solid = size & -PAGE;
        changed(crowd.host(), name);
    }

    private SharedFile named(String name) {
        SharedFile file = new SharedFile(++files, crowd.size());
        file.names.add(name);
        names.put(name, file);
        for (View view : file.views) {
            view.unasked = true;
        }
        return file;
    }

    void create(int party) throws IOException, InterruptedException {
        String name = any(party, false);
        if (name == null) {
            return;
        }
        SharedFile file = named(name);
        int fd = promises.nextNumber();
        crowd.tell(party, file, "create %d %s".formatted(fd, name));
        promises.slots(party).add(new Slot(file, fd));
        changed(party, name);
    }

    void rename(int party) throws IOException, InterruptedException {
        String from = any(party, true);
        String to = any(party, promises.oneIn(2));
        if (from == null || to == null || from.equals(to)) {
            return;
        }
        SharedFile file = Objects.requireNonNull(names.remove(from));
        crowd.tell(party, file, "rename %s %s".formatted(from, to));
        SharedFile replaced = names.put(to, file);
        if (replaced != null) {
            replaced.names.remove(to);
        }
        file.names.remove(from);
        file.names.add(to);
        changed(party, from);
        changed(party, to);
    }

    void unlink(int party) throws IOException, InterruptedException {
        String name = any(party, true);
        if (name == null || names.size() < 3) {
            return;
        }
        SharedFile file = Objects.requireNonNull(names.remove(name));
        crowd.tell(party, file, "unlink " + name);
        file.names.remove(name);
        changed(party, name);
    }

    void list(int party) throws IOException, InterruptedException {
        if (names.isEmpty()) {
            return;
        }
        SharedFile file = names.firstEntry().getValue();
        String found = crowd.tell(party, file, "names " + folder);
        String expected = String.join(" ", names.keySet()).replace(folder + "/", "");
        crowd.expect(found.equals(expected), party, file, "the names are " + found + ", expected " + expected);
    }
}
