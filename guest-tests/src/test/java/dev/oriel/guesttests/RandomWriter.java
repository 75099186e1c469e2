package dev.oriel.guesttests;

import dev.oriel.guesttests.SharedFile.Time;
import dev.oriel.guesttests.SharedFile.View;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

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
    private static final int NAMES = 7;
    private static final int OPEN_FILES = 4;
    private static final int IN_HISTORY = 40;
    private static final int PUNCH = 3;
    private static final int ZERO_RANGE = 0x11;
    private static final int ALLOCATE = 0;
    private static final int ALLOCATE_BEHIND = 1;

    /** What is set lies long before this. */
    private static final long RECENT_SECONDS = 1_600_000_000;

    private static final long SET_SECONDS = 1_000_000_000;

    private final Random random;
    private final Access access;
    private final List<Party> parties;
    private final int host;
    private final long namesValidNanos;

    private final TreeMap<String, SharedFile> names = new TreeMap<>();
    private final List<List<Slot>> slots = new ArrayList<>();

    /** Names that others have changed since the party must have heard of it. */
    private final List<Set<String>> doubtful = new ArrayList<>();

    private final Deque<String> history = new ArrayDeque<>();
    private final List<Operation> operations = new ArrayList<>();
    private int weights;
    private int files;
    private int numbers;
    private int dates;
    private long namesChanged;
    private long step;

    /** An open file of a party, or a map of one whose descriptor is closed. */
    private static final class Slot {
        final SharedFile file;
        int fd;
        boolean open = true;
        int map;
        int mapped;

        Slot(SharedFile file, int fd) {
            this.file = file;
            this.fd = fd;
        }
    }

    private interface Action {
        void perform(int party, Slot slot) throws IOException, InterruptedException;
    }

    private record Operation(int weight, Action action) {}

    /**
     * Prepares parties that are ready in an empty folder.
     *
     * @param parties the last is the host
     * @param namesValid how long guests may take a name for what it was
     */
    RandomWriter(long seed, Access access, List<Party> parties, Duration namesValid) {
        random = new Random(seed);
        this.access = access;
        this.parties = parties;
        host = parties.size() - 1;
        namesValidNanos = namesValid.toNanos();
        for (Party _ : parties) {
            slots.add(new ArrayList<>());
            doubtful.add(new HashSet<>());
        }
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
        add(5, (party, slot) -> sync(party, slot.file));
        add(5, this::map);
        add(5, (party, _) -> open(party));
        add(3, this::close);
        add(1, this::drop);
        add(1, (party, _) -> list(party));
        add(1, (_, _) -> make());
        add(1, (party, _) -> create(party));
        add(1, (party, _) -> rename(party));
        add(1, (party, _) -> unlink(party));
    }

    private void add(int weight, Action action) {
        operations.add(new Operation(weight, action));
        weights += weight;
    }

    /** Performs so many steps, and then looks at everything once more. */
    void run(long steps) throws IOException, InterruptedException {
        while (names.size() < NAMES / 2) {
            make();
        }
        for (step = 0; step < steps; step++) {
            int party = random.nextInt(8) < 2 ? host : random.nextInt(host);
            List<Slot> own = slots.get(party);
            if (own.isEmpty()) {
                open(party);
            } else {
                choose().perform(party, pick(own));
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

    private <T> T pick(List<T> from) {
        return from.get(random.nextInt(from.size()));
    }

    private boolean oneIn(int times) {
        return random.nextInt(times) == 0;
    }

    private boolean isGuest(int party) {
        return parties.get(party).isGuest();
    }

    private boolean hasWindow(int party) {
        return isGuest(party) && access != Access.REQUESTS;
    }

    // What parties are told, and what they answer.

    private String attempt(int party, SharedFile file, String operation) throws IOException, InterruptedException {
        String answer = parties.get(party).perform(operation);
        history.add("%d: file %d, %s: %s -> %s".formatted(step, file.id, parties.get(party), operation, answer));
        if (history.size() > 4000) {
            history.remove();
        }
        return answer;
    }

    private String tell(int party, SharedFile file, String operation) throws IOException, InterruptedException {
        String answer = attempt(party, file, operation);
        if (answer.startsWith("!")) {
            throw failure(party, file, operation + " fails with " + answer.substring(1));
        }
        return answer;
    }

    private AssertionError failure(int party, SharedFile file, String what) {
        List<String> all = List.copyOf(history);
        List<String> own = all.stream()
                .filter(line -> line.contains(": file " + file.id + ","))
                .toList();
        return new AssertionError(
                "step %d, %s, %s of %d bytes: %s%nwhat was done with it:%n  %s%nwhat was done at last:%n  %s"
                        .formatted(
                                step,
                                parties.get(party),
                                file,
                                file.size,
                                what,
                                String.join("\n  ", own.subList(Math.max(0, own.size() - IN_HISTORY), own.size())),
                                String.join("\n  ", all.subList(Math.max(0, all.size() - IN_HISTORY), all.size()))));
    }

    private void expect(boolean right, int party, SharedFile file, String what) {
        if (!right) {
            throw failure(party, file, what);
        }
    }

    // Who has to do what before a party may look.

    private static BitSet pages(int from, int to) {
        BitSet pages = new BitSet();
        if (from < to) {
            pages.set(from / PAGE, (to + PAGE - 1) / PAGE);
        }
        return pages;
    }

    /** Those of pages that are not seen at once by whoever has the file's own pages. */
    private BitSet copied(SharedFile file, BitSet pages) {
        if (access == Access.PAGES) {
            pages.clear(0, file.solid / PAGE);
        }
        return pages;
    }

    private static @Nullable Slot slotOf(List<Slot> from, SharedFile file, boolean open) {
        return from.stream()
                .filter(slot -> slot.file == file && slot.open == open)
                .findFirst()
                .orElse(null);
    }

    private @Nullable Slot opened(int party, SharedFile file) {
        return slotOf(slots.get(party), file, true);
    }

    /** What others have stored into these bytes is in the file after this. */
    private void settle(int party, SharedFile file, int from, int to) throws IOException, InterruptedException {
        BitSet pages = pages(from, to);
        for (int other = 0; other < host; other++) {
            if (other != party && file.views[other].unsent.intersects(pages)) {
                sync(other, file);
            }
        }
    }

    /** What a party has stored into a file is in the file after this, done in one of the ways that are promised. */
    private void sync(int party, SharedFile file) throws IOException, InterruptedException {
        Slot slot = opened(party, file);
        View view = file.views[party];
        if (slot == null) {
            slot = slotOf(slots.get(party), file, false);
            if (slot == null) {
                expect(view.unsent.isEmpty(), party, file, "the model is wrong: stores of a party without the file");
                return;
            }
            if (oneIn(2) && view.unsent.length() * PAGE <= slot.mapped + PAGE - 1) {
                tell(party, file, "msync " + slot.map);
            } else {
                unmap(party, slot);
            }
            sent(party, file);
            return;
        }
        List<String> ways = new ArrayList<>(List.of("fsync " + slot.fd, "fdatasync " + slot.fd, "syncfs " + slot.fd));
        if (slot.mapped > 0 && view.unsent.length() * PAGE <= slot.mapped + PAGE - 1) {
            ways.add("msync " + slot.map);
        }
        if (hasWindow(party)) {
            ways.add("stat " + slot.fd + " 0");
            ways.add("chmod " + slot.fd + " " + (0600 | random.nextInt(64)));
        }
        if (oneIn(5)) {
            close(party, slot);
            return;
        }
        tell(party, file, pick(ways));
        sent(party, file);
    }

    private void sent(int party, SharedFile file) {
        if (!file.views[party].unsent.isEmpty()) {
            file.views[party].unsent.clear();
            for (int other = 0; other < host; other++) {
                file.views[other].unasked |= other != party;
            }
        }
    }

    /** A party sees these bytes as the file has them, after this. */
    private boolean see(int party, SharedFile file, int from, int to) throws IOException, InterruptedException {
        settle(party, file, from, to);
        if (!isGuest(party)) {
            return true;
        }
        View view = file.views[party];
        BitSet pages = pages(from, to);
        if (view.unasked && !ask(party, file)) {
            return false;
        }
        if (view.old.intersects(pages)) {
            Slot slot = opened(party, file);
            if (slot == null) {
                return false;
            }
            int again = ++numbers;
            tell(party, file, "again %d %d".formatted(again, slot.fd));
            opened(file, party);
            int surplus = oneIn(4) ? again : slot.fd;
            slot.fd += again - surplus;
            tell(party, file, "close " + surplus);
            sent(party, file);
        }
        return true;
    }

    /** A party has opened a file: it sees all that is in the file. */
    private void opened(SharedFile file, int party) {
        View view = file.views[party];
        view.old.clear();
        for (int other = 0; other < host; other++) {
            if (other != party) {
                view.old.or(file.views[other].unsent);
            }
        }
    }

    /**
     * A party has changed bytes of a file.
     *
     * @param before how large it was
     * @param sent whether that is in the file at once
     */
    private void changed(int party, SharedFile file, int from, int to, int before, boolean sent) {
        int common = Math.min(before, file.size);
        BitSet changed = copied(file, pages(from, Math.min(to, common)));
        changed.or(copied(file, pages(file.size, before)));
        BitSet gained = copied(file, pages(before, file.size));
        for (int other = 0; other < host; other++) {
            if (other != party) {
                View view = file.views[other];
                view.old.or(changed);
                view.gained.or(gained);
                view.unasked = true;
            }
        }
        View view = file.views[party];
        view.unsent.clear((file.size + PAGE - 1) / PAGE, Integer.MAX_VALUE);
        if (!sent) {
            view.unsent.or(copied(file, pages(from, Math.min(to, file.size))));
        }
    }

    /** Before a party changes bytes: it sees what is there, and nobody else has stored beside them. */
    private boolean prepare(int party, SharedFile file, int from, int to) throws IOException, InterruptedException {
        int first = to > file.size ? Math.min(from, file.size) : from;
        return see(party, file, first & -PAGE, Math.max(to, first + 1));
    }

    // The operations.

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
        boolean certain = !oneIn(6) && see(party, file, from, to);
        if (!certain && view.unasked && isGuest(party) && !ask(party, file)) {
            return;
        }
        BitSet unsure = new BitSet();
        if (isGuest(party)) {
            unsure.or(view.old);
        }
        for (int other = 0; other < host; other++) {
            if (other != party) {
                unsure.or(file.views[other].unsent);
            }
        }
        // slot.fd may be another by now
        compare(party, file, operation.startsWith("read") ? "read " + slot.fd : operation, from, to, unsure);
    }

    private void compare(int party, SharedFile file, String operation, int from, int to, BitSet unsure)
            throws IOException, InterruptedException {
        List<Integer> cuts = new ArrayList<>(List.of(from));
        for (int page = from / PAGE + 1; page * PAGE < to; page++) {
            if (unsure.get(page) != unsure.get(page - 1)) {
                cuts.add(page * PAGE);
            }
        }
        cuts.add(to);
        StringBuilder told = new StringBuilder(operation + " " + from);
        StringBuilder expected = new StringBuilder(Integer.toString(to - from));
        for (int i = 1; i < cuts.size(); i++) {
            told.append(' ').append(cuts.get(i) - cuts.get(i - 1));
        }
        String[] sums = tell(party, file, told.toString()).split(" ", -1);
        boolean right = sums[0].equals(Integer.toString(to - from));
        for (int i = 1; i < cuts.size(); i++) {
            int begun = cuts.get(i - 1);
            String sum = file.checksum(begun, cuts.get(i) - begun);
            expected.append(' ').append(unsure.get(begun / PAGE) ? "?" : sum);
            right &= unsure.get(begun / PAGE) || (sums.length > i && sums[i].equals(sum));
        }
        if (!right) {
            throw failure(
                    party,
                    file,
                    "%s is not what was written (%s)%n  has      %s%n  on host  %s%n  expected %s"
                            .formatted(
                                    told,
                                    expected,
                                    show(party, file, from, to),
                                    show(host, file, from, to),
                                    file.show(from, to - from)));
        }
    }

    private String show(int party, SharedFile file, int from, int to) throws IOException, InterruptedException {
        Slot slot = opened(party, file);
        return slot == null ? "?" : parties.get(party).perform("show %d %d %d".formatted(slot.fd, from, to - from));
    }

    private void write(int party, Slot slot) throws IOException, InterruptedException {
        SharedFile file = slot.file;
        int from =
                oneIn(6) ? Math.min(file.size + random.nextInt(3 * PAGE), SharedFile.MOST - 1) : offset(file.size + 1);
        int length = length(SharedFile.MOST - from);
        if (!slot.open || !prepare(party, file, from, from + length)) {
            return;
        }
        int phase = file.phaseFor(from, random.nextInt(250));
        int before = file.size;
        tell(party, file, "write %d %d %d %d".formatted(slot.fd, from, length, phase));
        file.put(from, length, phase);
        changed(party, file, from, from + length, before, !hasWindow(party));
        boolean certain = !hasWindow(party) || access == Access.COPIES || file.size > before;
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
        if (!slot.open || length < 1 || !prepare(party, file, before, before + length)) {
            return;
        }
        int phase = random.nextInt(250);
        tell(party, file, "append %d %d %d %d".formatted(slot.fd, before, length, phase));
        file.put(before, length, phase);
        changed(party, file, before, before + length, before, !hasWindow(party));
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
        if (!prepare(party, file, from, from + length)) {
            return;
        }
        int phase = file.phaseFor(from, random.nextInt(250));
        tell(party, file, "store %d %d %d %d".formatted(slot.map, from, length, phase));
        file.put(from, length, phase);
        changed(party, file, from, from + length, file.size, !isGuest(party));
        time(file, isGuest(party) && access != Access.PAGES);
    }

    private void truncate(int party, Slot slot) throws IOException, InterruptedException {
        SharedFile file = slot.file;
        int now = oneIn(3)
                ? random.nextInt(SharedFile.MOST)
                : Math.max(0, file.size + random.nextInt(4 * PAGE) - 3 * PAGE);
        if (oneIn(3)) {
            now &= -PAGE;
        }
        int before = file.size;
        if (!slot.open || now == before || !prepare(party, file, Math.min(now, before), Math.max(now, before))) {
            return;
        }
        tell(party, file, "truncate %d %d".formatted(slot.fd, now));
        file.resize(now);
        changed(party, file, now, now, before, true);
        file.time = Time.RECENT;
    }

    private void fallocate(int party, Slot slot, int mode) throws IOException, InterruptedException {
        SharedFile file = slot.file;
        int from = offset(file.size + PAGE);
        int length = length(SharedFile.MOST - from);
        if (!slot.open || length < 1 || !prepare(party, file, from, from + length)) {
            return;
        }
        String operation = "fallocate %d %d %d %d".formatted(slot.fd, mode, from, length);
        String answer = attempt(party, file, operation);
        if (answer.startsWith("!EOPNOTSUPP")) {
            return;
        }
        expect(!answer.startsWith("!"), party, file, operation + " fails with " + answer);
        int before = file.size;
        if (mode == ALLOCATE) {
            file.resize(Math.max(before, from + length));
        } else if (mode != ALLOCATE_BEHIND) {
            file.zero(from, length);
        }
        boolean zeroed = mode == PUNCH || mode == ZERO_RANGE;
        changed(party, file, from, zeroed ? from + length : from, before, true);
        time(file, false);
    }

    private void seek(int party, Slot slot) throws IOException, InterruptedException {
        SharedFile file = slot.file;
        if (!slot.open || file.size == 0 || !see(party, file, 0, file.size)) {
            return;
        }
        if (access == Access.REQUESTS && !file.views[party].unsent.isEmpty()) {
            sync(party, file);
        }
        if (!slot.open) {
            return;
        }
        int from = offset(file.size);
        String[] found =
                tell(party, file, "seek %d %d".formatted(slot.fd, from)).split(" ", -1);
        int data = Integer.parseInt(found[0]);
        int hole = Integer.parseInt(found[1]);
        int first = file.dataFrom(from);
        expect(first < 0 || (data >= from && data <= first), party, file, "SEEK_DATA skips what is at " + first);
        expect(
                hole >= from && hole <= file.size && (hole == file.size || file.bytes[hole] == 0),
                party,
                file,
                "SEEK_HOLE finds none at " + hole);
    }

    private void ask(int party, Slot slot) throws IOException, InterruptedException {
        ask(party, slot.file);
    }

    /** Asks for attributes, and judges them. */
    private boolean ask(int party, SharedFile file) throws IOException, InterruptedException {
        Slot slot = opened(party, file);
        if (slot == null) {
            return false;
        }
        View view = file.views[party];
        boolean others = false;
        for (int other = 0; other < host; other++) {
            others |= other != party && !file.views[other].unsent.isEmpty();
        }
        boolean own = hasWindow(party) || view.unsent.isEmpty();
        String operation = "stat %d %d".formatted(slot.fd, access == Access.REQUESTS && view.unasked ? 1 : 0);
        String[] attributes = tell(party, file, operation).split(" ", -1);
        if (hasWindow(party)) {
            sent(party, file);
        }
        view.unasked = false;
        view.gained.clear();
        expect(attributes[0].equals(Integer.toString(file.size)), party, file, "the size is " + attributes[0]);
        if (others || !own) {
            return true;
        }
        expectTime(party, file, Long.parseLong(attributes[1]));
        if (party != host && !file.names.isEmpty()) {
            expectBlocks(party, file, slot.fd, attributes[2]);
        }
        return true;
    }

    /**
     * The host's file system gives out blocks when it writes data to the disk: then the guest may know the number of
     * before.
     */
    private void expectBlocks(int party, SharedFile file, int fd, String first)
            throws IOException, InterruptedException {
        String blocks = first;
        String onHost = blocksOnHost(file);
        for (int i = 0; i < 3 && !onHost.equals(blocks); i++) {
            blocks = tell(party, file, "stat %d 1".formatted(fd)).split(" ", -1)[2];
            onHost = blocksOnHost(file);
        }
        expect(onHost.equals(blocks), party, file, "it has " + blocks + " blocks, and " + onHost + " on the host");
        expect(!blocks.equals("0") || file.dataFrom(0) < 0, party, file, "it has data, and no blocks");
    }

    private String blocksOnHost(SharedFile file) throws IOException, InterruptedException {
        return tell(host, file, "look " + file.names.getFirst()).split(" ", -1)[2];
    }

    private void expectTime(int party, SharedFile file, long nanoseconds) {
        if (file.time == Time.SET) {
            expect(
                    nanoseconds == file.setSeconds * 1_000_000_000,
                    party,
                    file,
                    "its time is " + nanoseconds + " ns, and was set to " + file.setSeconds + " s");
        } else if (file.time == Time.RECENT) {
            expect(
                    nanoseconds / 1_000_000_000 > RECENT_SECONDS,
                    party,
                    file,
                    "its time is " + nanoseconds + " ns, set before it was changed");
        }
    }

    private void date(int party, Slot slot) throws IOException, InterruptedException {
        SharedFile file = slot.file;
        if (!slot.open || !see(party, file, 0, file.size)) {
            return;
        }
        if (access == Access.REQUESTS && !file.views[party].unsent.isEmpty()) {
            sync(party, file);
        }
        if (!slot.open) {
            return;
        }
        long seconds = SET_SECONDS + ++dates;
        tell(party, file, "dated %d %d".formatted(slot.fd, seconds));
        file.time = Time.SET;
        file.setSeconds = seconds;
        if (hasWindow(party)) {
            sent(party, file);
        }
        changed(party, file, 0, 0, file.size, true);
    }

    private void map(int party, Slot slot) throws IOException, InterruptedException {
        if (slot.mapped > 0 && oneIn(2)) {
            unmap(party, slot);
        } else if (slot.mapped == 0 && slot.open && slot.file.size > 0) {
            slot.map = ++numbers;
            slot.mapped = slot.file.size;
            tell(party, slot.file, "map %d %d %d".formatted(slot.map, slot.fd, slot.mapped));
        }
    }

    private void unmap(int party, Slot slot) throws IOException, InterruptedException {
        tell(party, slot.file, "unmap " + slot.map);
        slot.mapped = 0;
        if (!slot.open) {
            slots.get(party).remove(slot);
            sent(party, slot.file);
        }
    }

    private void drop(int party, Slot slot) throws IOException, InterruptedException {
        if (isGuest(party)) {
            tell(party, slot.file, "drop " + (1 + random.nextInt(3)));
        }
    }

    private void close(int party, Slot slot) throws IOException, InterruptedException {
        if (!slot.open) {
            unmap(party, slot);
            return;
        }
        if (slot.mapped > 0 && oneIn(2)) {
            unmap(party, slot);
        }
        tell(party, slot.file, "close " + slot.fd);
        sent(party, slot.file);
        slot.open = false;
        if (slot.mapped == 0) {
            slots.get(party).remove(slot);
        }
    }

    // Names.

    /** Waits until guests cannot take any name for what it was. */
    private void pause() throws InterruptedException {
        long left = namesValidNanos - (System.nanoTime() - namesChanged);
        if (left > 0) {
            Thread.sleep(Duration.ofNanos(left));
        }
        doubtful.forEach(Set::clear);
    }

    private void renamed(int party, String name) {
        namesChanged = System.nanoTime();
        for (int other = 0; other < host; other++) {
            if (other != party) {
                doubtful.get(other).add(name);
            }
        }
    }

    /** A name that the party knows, of files or of none; null if there is none. */
    private @Nullable String name(int party, boolean ofFile) throws InterruptedException {
        List<String> some = new ArrayList<>();
        for (int i = 0; i < NAMES; i++) {
            if (names.containsKey("f" + i) == ofFile) {
                some.add("f" + i);
            }
        }
        if (some.isEmpty()) {
            return null;
        }
        List<String> known = new ArrayList<>(some);
        known.removeAll(doubtful.get(party));
        if (known.isEmpty() || oneIn(20)) {
            pause();
            return pick(some);
        }
        return pick(known);
    }

    private void open(int party) throws IOException, InterruptedException {
        String name = name(party, true);
        if (name == null) {
            return;
        }
        List<Slot> own = slots.get(party);
        if (own.size() >= OPEN_FILES) {
            close(party, pick(own));
        }
        SharedFile file = Objects.requireNonNull(names.get(name));
        int fd = ++numbers;
        tell(party, file, "open %d %s".formatted(fd, name));
        own.add(new Slot(file, fd));
        opened(file, party);
    }

    /** The host makes a file that has its content from the beginning on. */
    private void make() throws IOException, InterruptedException {
        String name = name(host, false);
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
        SharedFile file = named(host, name);
        tell(host, file, "make %s %d %d".formatted(name, size, phase));
        if (size > 0) {
            file.put(0, size, phase);
        }
        file.solid = size & -PAGE;
        namesChanged = System.nanoTime();
    }

    private SharedFile named(int party, String name) {
        SharedFile file = new SharedFile(++files, parties.size());
        file.names.add(name);
        names.put(name, file);
        for (View view : file.views) {
            view.unasked = true;
        }
        renamed(party, name);
        return file;
    }

    private void create(int party) throws IOException, InterruptedException {
        String name = name(party, false);
        if (name == null || slots.get(party).size() >= OPEN_FILES) {
            return;
        }
        SharedFile file = named(party, name);
        int fd = ++numbers;
        tell(party, file, "create %d %s".formatted(fd, name));
        slots.get(party).add(new Slot(file, fd));
        namesChanged = System.nanoTime();
    }

    private void rename(int party) throws IOException, InterruptedException {
        String from = name(party, true);
        String to = name(party, oneIn(2));
        if (from == null || to == null || from.equals(to)) {
            return;
        }
        SharedFile file = Objects.requireNonNull(names.remove(from));
        tell(party, file, "rename %s %s".formatted(from, to));
        SharedFile replaced = names.put(to, file);
        if (replaced != null) {
            replaced.names.remove(to);
        }
        file.names.remove(from);
        file.names.add(to);
        renamed(party, from);
        renamed(party, to);
    }

    private void unlink(int party) throws IOException, InterruptedException {
        String name = name(party, true);
        if (name == null || names.size() < 3) {
            return;
        }
        SharedFile file = Objects.requireNonNull(names.remove(name));
        tell(party, file, "unlink " + name);
        file.names.remove(name);
        renamed(party, name);
    }

    private void list(int party) throws IOException, InterruptedException {
        if (names.isEmpty()) {
            return;
        }
        SharedFile file = names.firstEntry().getValue();
        String found = tell(party, file, "names");
        String expected = String.join(" ", names.keySet());
        expect(found.equals(expected), party, file, "the names are " + found + ", expected " + expected);
    }

    /** All that is open is compared and closed; then every file is opened by everybody, and compared as a whole. */
    private void end() throws IOException, InterruptedException {
        leaveFiles();
        pause();
        for (String name : names.keySet()) {
            SharedFile file = Objects.requireNonNull(names.get(name));
            for (int party = 0; party <= host; party++) {
                int fd = ++numbers;
                tell(party, file, "open %d %s".formatted(fd, name));
                slots.get(party).add(new Slot(file, fd));
                opened(file, party);
            }
        }
        leaveFiles();
    }

    private void leaveFiles() throws IOException, InterruptedException {
        for (int party = 0; party <= host; party++) {
            for (Slot slot : List.copyOf(slots.get(party))) {
                if (slot.open
                        && ask(party, slot.file)
                        && see(party, slot.file, 0, slot.file.size)
                        && slot.file.size > 0) {
                    compare(party, slot.file, "read " + slot.fd, 0, slot.file.size, new BitSet());
                }
                close(party, slot);
                if (slots.get(party).contains(slot)) {
                    close(party, slot);
                }
            }
        }
    }
}
