package dev.oriel.guesttests;

import dev.oriel.guesttests.Promises.Slot;
import dev.oriel.guesttests.SharedFile.Time;
import dev.oriel.guesttests.SharedFile.View;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Random;

/**
 * Lets parties change the files of one tree at random, one operation at a time, and holds what each of them sees
 * against a model. What "What is coherent when" in docs/dax.md promises must be so: where a party's stores need not be
 * in the file yet, the party is made to write them back before another looks; where a party need not see what another
 * has done, it opens the file before it looks, or what it sees is not judged. What happens is told by the seed alone.
 */
final class RandomWriter {
    /** How the guests have the files, and so what is promised to them. */
    enum Access {
        /** Without a window. */
        REQUESTS,
        /** Through a window that shows copies. */
        COPIES,
        /** Through a window that shows the files' own pages. */
        PAGES
    }

    private static final int PAGE = SharedFile.PAGE;
    private static final int OPEN_FILES = 4;
    private static final int PUNCH = 3;
    private static final int ZERO_RANGE = 0x11;
    private static final int ALLOCATE = 0;
    private static final int ALLOCATE_BEHIND = 1;

    private static final long SET_SECONDS = 1_000_000_000;

    private final Random random;
    private final Access access;
    private final Crowd crowd;
    private final Promises promises;
    private final Comparison comparison;
    private final int host;
    private final SharedNames names;
    private final List<Operation> operations = new ArrayList<>();

    private int weights;
    private int dates;

    private interface Action {
        void perform(int party, Slot slot) throws IOException, InterruptedException;
    }

    private record Operation(int weight, Action action) {}

    /**
     * Prepares parties for the files of an empty folder that they have, {@code tree} and its number.
     *
     * @param parties the last is the host
     * @param namesValid how long guests may take a name for what it was
     */
    RandomWriter(long seed, int tree, Access access, List<Party> parties, Duration namesValid) {
        random = new Random(seed);
        this.access = access;
        crowd = new Crowd(parties);
        host = crowd.host();
        promises = new Promises(crowd, random, access, tree * 1_000_000);
        names = new SharedNames("tree" + tree, crowd, promises, random, namesValid);
        comparison = new Comparison(crowd, promises);
        add(18, this::read);
        add(14, this::load);
        add(16, this::write);
        add(7, this::append);
        add(16, this::store);
        add(5, this::truncate);
        add(3, (party, slot) -> fallocate(party, slot, PUNCH));
        add(2, (party, slot) -> fallocate(party, slot, ZERO_RANGE));
        add(1, (party, slot) -> fallocate(party, slot, ALLOCATE));
        add(1, (party, slot) -> fallocate(party, slot, ALLOCATE_BEHIND));
        add(5, this::seek);
        add(8, this::ask);
        add(4, this::date);
        add(5, (party, slot) -> promises.sync(party, slot.file));
        add(5, this::map);
        add(5, (party, _) -> open(party));
        add(3, promises::close);
        add(1, this::drop);
        add(1, (party, _) -> names.list(party));
        add(1, (_, _) -> names.make());
        add(1, (party, _) -> create(party));
        add(1, (party, _) -> names.rename(party));
        add(1, (party, _) -> names.unlink(party));
    }

    private void add(int weight, Action action) {
        operations.add(new Operation(weight, action));
        weights += weight;
    }

    /** Performs so many steps, each of which does something, and then looks at everything once more. */
    void run(long steps) throws IOException, InterruptedException {
        names.begin();
        long step = 0;
        while (step < steps) {
            crowd.step(step);
            long before = crowd.told();
            int party = random.nextInt(8) < 2 ? host : random.nextInt(host);
            List<Slot> own = promises.slots(party);
            if (own.isEmpty()) {
                open(party);
            } else {
                choose().perform(party, promises.pick(own));
            }
            if (crowd.told() > before) {
                step++;
            }
        }
        end();
    }

    private Action choose() {
        int number = random.nextInt(weights);
        for (Operation operation : operations) {
            number -= operation.weight();
            if (number < 0) {
                return operation.action();
            }
        }
        throw new IllegalStateException();
    }

    private int offset(int limit) {
        int offset = random.nextInt(limit);
        return switch (random.nextInt(4)) {
            case 0 -> offset & -PAGE;
            case 1 ->
                Math.max(0, Math.min(limit - 1, ((offset + (1 << 20)) & -(1 << 21)) - random.nextInt(9000) + 4500));
            default -> offset;
        };
    }

    private int length(int most) {
        int wanted = switch (random.nextInt(6)) {
            case 0 -> 1 + random.nextInt(16);
            case 1 -> PAGE;
            case 2 -> 1 + random.nextInt(200_000);
            default -> 1 + random.nextInt(3 * PAGE);
        };
        return Math.min(wanted, most);
    }

    private void read(int party, Slot slot) throws IOException, InterruptedException {
        if (slot.open && slot.file.size > 0) {
            compare(party, slot, "read " + slot.fd, slot.file.size);
        }
    }

    private void load(int party, Slot slot) throws IOException, InterruptedException {
        int limit = Math.min(slot.mapped, slot.file.size);
        if (limit > 0) {
            compare(party, slot, "load " + slot.map, limit);
        }
    }

    private void compare(int party, Slot slot, String operation, int limit) throws IOException, InterruptedException {
        int from = offset(limit);
        int to = from + length(limit - from);
        SharedFile file = slot.file;
        View view = file.views[party];
        boolean certain = !promises.oneIn(6) && promises.see(party, file, from, to);
        if (!certain && view.unasked && crowd.isGuest(party) && !promises.ask(party, file)) {
            return;
        }
        BitSet unsure = new BitSet();
        if (crowd.isGuest(party)) {
            unsure.or(view.old);
        }
        for (int other = 0; other < host; other++) {
            if (other != party) {
                unsure.or(file.views[other].unsent);
            }
        }
        // slot.fd may be another by now
        comparison.compare(party, file, operation.startsWith("read") ? "read " + slot.fd : operation, from, to, unsure);
    }

    private void write(int party, Slot slot) throws IOException, InterruptedException {
        SharedFile file = slot.file;
        int from = promises.oneIn(6)
                ? Math.min(file.size + random.nextInt(3 * PAGE), SharedFile.MOST - 1)
                : offset(file.size + 1);
        int length = length(SharedFile.MOST - from);
        if (!slot.open || !promises.prepare(party, file, from, from + length)) {
            return;
        }
        int phase = file.phaseFor(from, random.nextInt(250));
        int before = file.size;
        crowd.tell(party, file, "write %d %d %d %d".formatted(slot.fd, from, length, phase));
        file.put(from, length, phase);
        promises.changed(party, file, from, from + length, before, !promises.hasWindow(party));
        boolean certain = !promises.hasWindow(party) || access == Access.COPIES || file.size > before;
        time(file, certain);
    }

    /** After a change: the time is that of the change, or nothing is promised if it was set before. */
    private static void time(SharedFile file, boolean certain) {
        if (certain) {
            file.time = Time.RECENT;
        } else if (file.time == Time.SET) {
            file.time = Time.ANY;
        }
    }

    private void append(int party, Slot slot) throws IOException, InterruptedException {
        SharedFile file = slot.file;
        int before = file.size;
        int length = length(SharedFile.MOST - before);
        if (!slot.open || length < 1 || !promises.prepare(party, file, before, before + length)) {
            return;
        }
        int phase = random.nextInt(250);
        crowd.tell(party, file, "append %d %d %d %d".formatted(slot.fd, before, length, phase));
        file.put(before, length, phase);
        promises.changed(party, file, before, before + length, before, !promises.hasWindow(party));
        file.time = Time.RECENT;
    }

    private void store(int party, Slot slot) throws IOException, InterruptedException {
        SharedFile file = slot.file;
        int limit = Math.min(slot.mapped, file.size);
        if (limit == 0) {
            return;
        }
        int from = offset(limit);
        int length = length(limit - from);
        if (!promises.prepare(party, file, from, from + length)) {
            return;
        }
        int phase = file.phaseFor(from, random.nextInt(250));
        crowd.tell(party, file, "store %d %d %d %d".formatted(slot.map, from, length, phase));
        file.put(from, length, phase);
        promises.changed(party, file, from, from + length, file.size, !crowd.isGuest(party));
        time(file, crowd.isGuest(party) && access != Access.PAGES);
    }

    private void truncate(int party, Slot slot) throws IOException, InterruptedException {
        SharedFile file = slot.file;
        int now = promises.oneIn(3)
                ? random.nextInt(SharedFile.MOST)
                : Math.max(0, file.size + random.nextInt(4 * PAGE) - 3 * PAGE);
        if (promises.oneIn(3)) {
            now &= -PAGE;
        }
        int before = file.size;
        if (!slot.open
                || now == before
                || !promises.prepare(party, file, Math.min(now, before), Math.max(now, before))) {
            return;
        }
        crowd.tell(party, file, "truncate %d %d".formatted(slot.fd, now));
        file.resize(now);
        promises.changed(party, file, now, now, before, true);
        file.time = Time.RECENT;
    }

    private void fallocate(int party, Slot slot, int mode) throws IOException, InterruptedException {
        SharedFile file = slot.file;
        int from = offset(file.size + PAGE);
        int length = length(SharedFile.MOST - from);
        if (!slot.open || length < 1 || !promises.prepare(party, file, from, from + length)) {
            return;
        }
        String operation = "fallocate %d %d %d %d".formatted(slot.fd, mode, from, length);
        String answer = crowd.attempt(party, file, operation);
        if (answer.startsWith("!EOPNOTSUPP")) {
            return;
        }
        crowd.expect(!answer.startsWith("!"), party, file, operation + " fails with " + answer);
        int before = file.size;
        if (mode == ALLOCATE) {
            file.resize(Math.max(before, from + length));
        } else if (mode != ALLOCATE_BEHIND) {
            file.zero(from, length);
        }
        boolean zeroed = mode == PUNCH || mode == ZERO_RANGE;
        promises.changed(party, file, from, zeroed ? from + length : from, before, true);
        time(file, false);
    }

    private void seek(int party, Slot slot) throws IOException, InterruptedException {
        SharedFile file = slot.file;
        if (!slot.open || file.size == 0 || !promises.see(party, file, 0, file.size)) {
            return;
        }
        if (access == Access.REQUESTS && !file.views[party].unsent.isEmpty()) {
            promises.sync(party, file);
        }
        if (!slot.open) {
            return;
        }
        int from = offset(file.size);
        String[] found =
                crowd.tell(party, file, "seek %d %d".formatted(slot.fd, from)).split(" ", -1);
        int data = Integer.parseInt(found[0]);
        int hole = Integer.parseInt(found[1]);
        int first = file.dataFrom(from);
        crowd.expect(first < 0 || (data >= from && data <= first), party, file, "SEEK_DATA skips what is at " + first);
        crowd.expect(
                hole >= from && hole <= file.size && (hole == file.size || file.bytes[hole] == 0),
                party,
                file,
                "SEEK_HOLE finds none at " + hole);
    }

    private void ask(int party, Slot slot) throws IOException, InterruptedException {
        promises.ask(party, slot.file);
    }

    private void date(int party, Slot slot) throws IOException, InterruptedException {
        SharedFile file = slot.file;
        if (!slot.open || !promises.see(party, file, 0, file.size)) {
            return;
        }
        if (access == Access.REQUESTS && !file.views[party].unsent.isEmpty()) {
            promises.sync(party, file);
        }
        if (!slot.open) {
            return;
        }
        long seconds = SET_SECONDS + ++dates;
        crowd.tell(party, file, "dated %d %d".formatted(slot.fd, seconds));
        file.time = Time.SET;
        file.setSeconds = seconds;
        if (promises.hasWindow(party)) {
            promises.sent(party, file);
        }
        promises.changed(party, file, 0, 0, file.size, true);
    }

    private void map(int party, Slot slot) throws IOException, InterruptedException {
        if (slot.mapped > 0 && promises.oneIn(2)) {
            promises.unmap(party, slot);
        } else if (slot.mapped == 0 && slot.open && slot.file.size > 0) {
            slot.map = promises.nextNumber();
            slot.mapped = slot.file.size;
            crowd.tell(party, slot.file, "map %d %d %d".formatted(slot.map, slot.fd, slot.mapped));
        }
    }

    private void drop(int party, Slot slot) throws IOException, InterruptedException {
        if (crowd.isGuest(party)) {
            crowd.tell(party, slot.file, "drop " + (1 + random.nextInt(3)));
        }
    }

    private void open(int party) throws IOException, InterruptedException {
        SharedFile file = names.anyFile(party);
        if (file == null) {
            return;
        }
        List<Slot> own = promises.slots(party);
        if (own.size() >= OPEN_FILES) {
            promises.close(party, promises.pick(own));
        }
        open(party, file);
    }

    private void open(int party, SharedFile file) throws IOException, InterruptedException {
        int fd = promises.nextNumber();
        crowd.tell(party, file, "open %d %s".formatted(fd, file.names.getFirst()));
        promises.slots(party).add(new Slot(file, fd));
        promises.opened(file, party);
    }

    private void create(int party) throws IOException, InterruptedException {
        if (promises.slots(party).size() < OPEN_FILES) {
            names.create(party);
        }
    }

    /** All that is open is compared and closed; then every file is opened by everybody, and compared as a whole. */
    private void end() throws IOException, InterruptedException {
        leaveFiles();
        names.awaitAll();
        for (SharedFile file : names.files()) {
            for (int party = 0; party <= host; party++) {
                open(party, file);
            }
        }
        leaveFiles();
    }

    private void leaveFiles() throws IOException, InterruptedException {
        for (int party = 0; party <= host; party++) {
            for (Slot slot : List.copyOf(promises.slots(party))) {
                if (slot.open
                        && promises.ask(party, slot.file)
                        && promises.see(party, slot.file, 0, slot.file.size)
                        && slot.file.size > 0) {
                    comparison.compare(party, slot.file, "read " + slot.fd, 0, slot.file.size, new BitSet());
                }
                promises.close(party, slot);
                if (promises.slots(party).contains(slot)) {
                    promises.close(party, slot);
                }
            }
        }
    }
}
