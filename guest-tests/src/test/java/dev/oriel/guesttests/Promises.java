package dev.oriel.guesttests;

import dev.oriel.guesttests.RandomWriter.Access;
import dev.oriel.guesttests.SharedFile.Time;
import dev.oriel.guesttests.SharedFile.View;
import java.io.IOException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** Who has to do what before a party may look, and what it may then see: "What is coherent when" in docs/dax.md. */
final class Promises {
    private static final int PAGE = SharedFile.PAGE;

    /** What is set lies long before this. */
    private static final long RECENT_SECONDS = 1_600_000_000;

    private final Crowd crowd;
    private final Random random;
    private final Access access;
    private final List<List<Slot>> slots = new ArrayList<>();
    private int numbers;

    /** An open file of a party, or a map of one whose descriptor is closed. */
    static final class Slot {
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

    /**
     * Begins with nothing open.
     *
     * @param numbers files, descriptors and maps of others have none of the million numbers from here on
     */
    Promises(Crowd crowd, Random random, Access access, int numbers) {
        this.crowd = crowd;
        this.random = random;
        this.access = access;
        this.numbers = numbers;
        for (int party = 0; party < crowd.size(); party++) {
            slots.add(new ArrayList<>());
        }
    }

    /** What a party has open. */
    List<Slot> slots(int party) {
        return slots.get(party);
    }

    /** A number that no file, descriptor or map has yet. */
    int nextNumber() {
        return ++numbers;
    }

    static BitSet pages(int from, int to) {
        BitSet pages = new BitSet();
        if (from < to) {
            pages.set(from / PAGE, (to + PAGE - 1) / PAGE);
        }
        return pages;
    }

    /** Those of pages that are not seen at once by whoever has the file's own pages. */
    BitSet copied(SharedFile file, BitSet pages) {
        if (access == Access.PAGES) {
            pages.clear(0, file.solid / PAGE);
        }
        return pages;
    }

    static @Nullable Slot slotOf(List<Slot> from, SharedFile file, boolean open) {
        return from.stream()
                .filter(slot -> slot.file == file && slot.open == open)
                .findFirst()
                .orElse(null);
    }

    @Nullable
    Slot opened(int party, SharedFile file) {
        return slotOf(slots.get(party), file, true);
    }

    /** What others have stored into these bytes is in the file after this. */
    void settle(int party, SharedFile file, int from, int to) throws IOException, InterruptedException {
        BitSet pages = pages(from, to);
        for (int other = 0; other < crowd.host(); other++) {
            if (other != party && file.views[other].unsent.intersects(pages)) {
                sync(other, file);
            }
        }
    }

    /** What a party has stored into a file is in the file after this, done in one of the ways that are promised. */
    void sync(int party, SharedFile file) throws IOException, InterruptedException {
        Slot slot = opened(party, file);
        View view = file.views[party];
        if (slot == null) {
            slot = slotOf(slots.get(party), file, false);
            if (slot == null) {
                crowd.expect(
                        view.unsent.isEmpty(), party, file, "the model is wrong: stores of a party without the file");
                return;
            }
            if (oneIn(2) && view.unsent.length() * PAGE <= slot.mapped + PAGE - 1) {
                crowd.tell(party, file, "msync " + slot.map);
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
        crowd.tell(party, file, pick(ways));
        sent(party, file);
    }

    void sent(int party, SharedFile file) {
        if (!file.views[party].unsent.isEmpty()) {
            file.views[party].unsent.clear();
            for (int other = 0; other < crowd.host(); other++) {
                file.views[other].unasked |= other != party;
            }
        }
    }

    /** A party sees these bytes as the file has them, after this. */
    boolean see(int party, SharedFile file, int from, int to) throws IOException, InterruptedException {
        settle(party, file, from, to);
        if (!crowd.isGuest(party)) {
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
            int again = nextNumber();
            crowd.tell(party, file, "again %d %d".formatted(again, slot.fd));
            opened(file, party);
            int surplus = oneIn(4) ? again : slot.fd;
            slot.fd += again - surplus;
            crowd.tell(party, file, "close " + surplus);
            sent(party, file);
        }
        return true;
    }

    /** A party has opened a file: it sees all that is in the file. */
    void opened(SharedFile file, int party) {
        View view = file.views[party];
        view.old.clear();
        for (int other = 0; other < crowd.host(); other++) {
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
    void changed(int party, SharedFile file, int from, int to, int before, boolean sent) {
        int common = Math.min(before, file.size);
        BitSet changed = copied(file, pages(from, Math.min(to, common)));
        changed.or(copied(file, pages(file.size, before)));
        BitSet gained = copied(file, pages(before, file.size));
        for (int other = 0; other < crowd.host(); other++) {
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
    boolean prepare(int party, SharedFile file, int from, int to) throws IOException, InterruptedException {
        int first = to > file.size ? Math.min(from, file.size) : from;
        return see(party, file, first & -PAGE, Math.max(to, first + 1));
    }

    /** Asks for attributes, and judges them. */
    boolean ask(int party, SharedFile file) throws IOException, InterruptedException {
        Slot slot = opened(party, file);
        if (slot == null) {
            return false;
        }
        View view = file.views[party];
        boolean others = false;
        for (int other = 0; other < crowd.host(); other++) {
            others |= other != party && !file.views[other].unsent.isEmpty();
        }
        boolean own = hasWindow(party) || view.unsent.isEmpty();
        String operation = "stat %d %d".formatted(slot.fd, access == Access.REQUESTS && view.unasked ? 1 : 0);
        String[] attributes = crowd.tell(party, file, operation).split(" ", -1);
        if (hasWindow(party)) {
            sent(party, file);
        }
        view.unasked = false;
        view.gained.clear();
        crowd.expect(attributes[0].equals(Integer.toString(file.size)), party, file, "the size is " + attributes[0]);
        if (others || !own) {
            return true;
        }
        expectTime(party, file, Long.parseLong(attributes[1]));
        if (party != crowd.host() && !file.names.isEmpty()) {
            expectBlocks(party, file, slot.fd, attributes[2]);
        }
        return true;
    }

    /**
     * The host's file system gives out blocks when it writes data to the disk: then the guest may know the number of
     * before.
     */
    void expectBlocks(int party, SharedFile file, int fd, String first) throws IOException, InterruptedException {
        String blocks = first;
        String onHost = blocksOnHost(file);
        for (int i = 0; i < 3 && !onHost.equals(blocks); i++) {
            blocks = crowd.tell(party, file, "stat %d 1".formatted(fd)).split(" ", -1)[2];
            onHost = blocksOnHost(file);
        }
        crowd.expect(
                onHost.equals(blocks), party, file, "it has " + blocks + " blocks, and " + onHost + " on the host");
        crowd.expect(!blocks.equals("0") || file.dataFrom(0) < 0, party, file, "it has data, and no blocks");
    }

    String blocksOnHost(SharedFile file) throws IOException, InterruptedException {
        return crowd.tell(crowd.host(), file, "look " + file.names.getFirst()).split(" ", -1)[2];
    }

    void expectTime(int party, SharedFile file, long nanoseconds) {
        if (file.time == Time.SET) {
            crowd.expect(
                    nanoseconds == file.setSeconds * 1_000_000_000,
                    party,
                    file,
                    "its time is " + nanoseconds + " ns, and was set to " + file.setSeconds + " s");
        } else if (file.time == Time.RECENT) {
            crowd.expect(
                    nanoseconds / 1_000_000_000 > RECENT_SECONDS,
                    party,
                    file,
                    "its time is " + nanoseconds + " ns, set before it was changed");
        }
    }

    void unmap(int party, Slot slot) throws IOException, InterruptedException {
        crowd.tell(party, slot.file, "unmap " + slot.map);
        slot.mapped = 0;
        if (!slot.open) {
            slots.get(party).remove(slot);
            sent(party, slot.file);
        }
    }

    void close(int party, Slot slot) throws IOException, InterruptedException {
        if (!slot.open) {
            unmap(party, slot);
            return;
        }
        if (slot.mapped > 0 && oneIn(2)) {
            unmap(party, slot);
        }
        crowd.tell(party, slot.file, "close " + slot.fd);
        sent(party, slot.file);
        slot.open = false;
        if (slot.mapped == 0) {
            slots.get(party).remove(slot);
        }
    }

    boolean hasWindow(int party) {
        return crowd.isGuest(party) && access != Access.REQUESTS;
    }

    <T> T pick(List<T> from) {
        return from.get(random.nextInt(from.size()));
    }

    boolean oneIn(int times) {
        return random.nextInt(times) == 0;
    }
}
