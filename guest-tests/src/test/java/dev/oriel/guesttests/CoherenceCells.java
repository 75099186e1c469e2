package dev.oriel.guesttests;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.oriel.guests.GuestException;
import dev.oriel.guesttests.RandomWriter.Access;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The cells of "What is coherent when" in docs/dax.md, one column at a time: each method is a row, named as it is
 * there. Files have three whole pages and the beginning of a fourth; in a direct window the fourth is a stand-in, so
 * there the place says which column is tested.
 */
final class CoherenceCells {
    private static final int PAGE = 4096;
    private static final int SIZE = 3 * PAGE + 1000;
    private static final int WHOLE_PAGE = PAGE + 100;
    private static final int LAST_PAGE = 3 * PAGE + 100;
    private static final FileTime LONG_AGO = FileTime.from(Instant.ofEpochSecond(1_000_000_000));
    private static final FileTime RECENT = FileTime.from(Instant.ofEpochSecond(1_600_000_000));
    private static final int USER = 1000;
    private static final int MODE_BEFORE = 06777;
    private static final int SET_ID = 06000;

    /** How long the host may take to see that a virtual machine is gone. */
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    interface Cell {
        void test() throws Exception;
    }

    private final TwoGuests tree;
    private final Access access;
    private final int at;
    private final String column;
    private final Party one;
    private final Party two;
    private static int numbers = 100_000_000;

    private CoherenceCells(TwoGuests tree, Access access, int at, String column) {
        this.tree = tree;
        this.access = access;
        this.at = at;
        this.column = column;
        one = tree.guest(0);
        two = tree.guest(1);
    }

    /** All cells of what two guests have, by name, in the order in which they can be tested. */
    static Map<String, Cell> of(TwoGuests tree, Access access) {
        Map<String, Cell> cells = new LinkedHashMap<>();
        switch (access) {
            case REQUESTS -> new CoherenceCells(tree, access, WHOLE_PAGE, "by request").addTo(cells);
            case COPIES -> new CoherenceCells(tree, access, WHOLE_PAGE, "staged").addTo(cells);
            case PAGES -> {
                new CoherenceCells(tree, access, WHOLE_PAGE, "direct").addTo(cells);
                new CoherenceCells(tree, Access.COPIES, LAST_PAGE, "stand-in").addTo(cells);
            }
        }
        return cells;
    }

    /** What cannot be tested of guests that shall live on. */
    static Map<String, Cell> ends(TwoGuests tree, Access access) {
        CoherenceCells those = new CoherenceCells(tree, access, WHOLE_PAGE, "");
        Map<String, Cell> cells = new LinkedHashMap<>();
        cells.put("guest dies", those::guestDies);
        if (TwoGuests.hasSmallDisk() && access == Access.PAGES) {
            cells.put("an error of writing back (full disk), direct", those::aFullDiskEndsTheMachine);
        }
        return cells;
    }

    /** What {@code --writeback} changes: the first row. */
    static Map<String, Cell> withWriteback(TwoGuests tree) {
        CoherenceCells those = new CoherenceCells(tree, Access.REQUESTS, WHOLE_PAGE, "by request with --writeback");
        Map<String, Cell> cells = new LinkedHashMap<>();
        those.add(cells, "guest's stores are in the file", those::writesAreInTheFileLater);
        return cells;
    }

    /**
     * The cells that say "cache policy", for one.
     *
     * @param sees how long a guest may take to see what the host or another guest has changed; null: for ever
     */
    static Map<String, Cell> ofPolicy(TwoGuests tree, String policy, @Nullable Duration sees) {
        CoherenceCells those = new CoherenceCells(tree, Access.REQUESTS, WHOLE_PAGE, policy);
        Map<String, Cell> cells = new LinkedHashMap<>();
        those.add(cells, "host's change is seen by a mapping", () -> those.openFilesFollow(sees));
        those.add(cells, "host's change of size is seen", () -> those.sizesFollow(sees));
        those.add(cells, "two guests see each other's stores", () -> those.guestsFollow(sees));
        return cells;
    }

    private void addTo(Map<String, Cell> cells) {
        add(cells, "guest's stores are in the file", this::storesAreInTheFile);
        add(cells, "guest's write(2) is seen in its mappings", this::writesAreSeenInMappings);
        add(cells, "host's change is seen by a mapping", this::changesOfTheHostAreSeen);
        add(cells, "host's change of size is seen", this::sizesAreSeen);
        add(cells, "bytes that the host appends are seen", this::appendedBytesAreSeen);
        add(cells, "blocks and times after a store", this::blocksAndTimesAreTrue);
        add(cells, "times that the guest sets after a store", this::timesStay);
        add(cells, "set-id bits after a store", this::setIdBitsAreCleared);
        if (TwoGuests.hasSmallDisk() && !column.equals("direct") && !column.equals("stand-in")) {
            add(cells, "an error of writing back (full disk)", this::errorsAreTold);
        }
        add(cells, "the host truncates while the guest's stores are written", this::whatIsCutOffIsGone);
        add(cells, "two guests see each other's stores", this::guestsSeeEachOther);
        add(cells, "host and guest change one page at once", this::onePageIsChangedByBoth);
    }

    private void add(Map<String, Cell> cells, String row, Cell cell) {
        cells.put(row + ", " + column, cell);
    }

    // Files and what is done with them.

    private final class File {
        final String name = "cell" + ++numbers;
        final Path path = tree.work().resolve(name);

        File() throws IOException {
            Files.writeString(path, "o".repeat(SIZE));
        }

        String content(int from, int length) throws IOException {
            byte[] bytes = Files.readAllBytes(path);
            return new String(bytes, from, length, ISO_8859_1);
        }

        String here(int length) throws IOException {
            return content(at, length);
        }

        void write(int offset, String text) throws IOException {
            try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
                channel.write(ByteBuffer.wrap(text.getBytes(ISO_8859_1)), offset);
            }
        }

        void resize(int size) throws IOException {
            try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
                file.setLength(size);
            }
        }

        FileTime time() throws IOException {
            return Files.getLastModifiedTime(path);
        }
    }

    private static String done(Party party, String operation) throws IOException, InterruptedException {
        String answer = party.perform(operation);
        assertThat(answer).as("%s: %s", party, operation).doesNotStartWith("!");
        return answer;
    }

    private static int open(Party party, String name) throws IOException, InterruptedException {
        int fd = ++numbers;
        done(party, "open " + fd + " " + name);
        return fd;
    }

    private static int map(Party party, int fd, int length) throws IOException, InterruptedException {
        int map = ++numbers;
        done(party, "map %d %d %d".formatted(map, fd, length));
        return map;
    }

    private static int again(Party party, int fd) throws IOException, InterruptedException {
        int again = ++numbers;
        done(party, "again " + again + " " + fd);
        return again;
    }

    private static String get(Party party, int fd, int offset, int length) throws IOException, InterruptedException {
        return done(party, "get %d %d %d".formatted(fd, offset, length));
    }

    private static String peek(Party party, int map, int offset, int length) throws IOException, InterruptedException {
        return done(party, "peek %d %d %d".formatted(map, offset, length));
    }

    private static void put(Party party, int fd, int offset, String word) throws IOException, InterruptedException {
        done(party, "put %d %d %s".formatted(fd, offset, word));
    }

    private static void poke(Party party, int map, int offset, String word) throws IOException, InterruptedException {
        done(party, "poke %d %d %s".formatted(map, offset, word));
    }

    /** Size, time in ns and blocks; asked for where the guest may know what was true a second ago. */
    private long[] stat(Party party, int fd) throws IOException, InterruptedException {
        String[] words = done(party, "stat %d %d".formatted(fd, access == Access.REQUESTS ? 1 : 0))
                .split(" ", -1);
        return new long[] {Long.parseLong(words[0]), Long.parseLong(words[1]), Long.parseLong(words[2])};
    }

    // The rows.

    private void storesAreInTheFile() throws Exception {
        File file = new File();
        int fd = open(one, file.name);
        int map = map(one, fd, SIZE);
        if (access == Access.PAGES) {
            poke(one, map, at, "at-once");
            assertThat(file.here(7)).isEqualTo("at-once");
            return;
        }
        if (access == Access.REQUESTS) {
            put(one, fd, at, "written");
            assertThat(file.here(7)).isEqualTo("written");
        }
        List<String> ways = new ArrayList<>(List.of("fsync " + fd, "fdatasync " + fd, "msync " + map, "syncfs " + fd));
        if (access == Access.COPIES) {
            ways.addAll(
                    List.of("stat " + fd + " 0", "chmod " + fd + " 420", "chown " + fd + " 0", "dated " + fd + " 7"));
        }
        ways.addAll(List.of("close " + fd, "unmap " + map));
        for (String way : ways) {
            String word = "by-" + way.replace(' ', '-');
            poke(one, map, at, word);
            done(one, way);
            assertThat(file.here(word.length())).isEqualTo(word);
        }
    }

    private void writesAreInTheFileLater() throws Exception {
        File file = new File();
        int fd = open(one, file.name);
        int map = map(one, fd, SIZE);
        for (String way : List.of("fsync " + fd, "fdatasync " + fd, "syncfs " + fd, "close " + again(one, fd))) {
            String word = "by-" + way.replace(' ', '-');
            put(one, fd, at, word);
            done(one, way);
            assertThat(file.here(word.length())).isEqualTo(word);
        }
        for (String way : List.of("msync " + map, "fsync " + fd, "close " + fd, "unmap " + map)) {
            String word = "stored-by-" + way.replace(' ', '-');
            poke(one, map, at, word);
            done(one, way);
            assertThat(file.here(word.length())).isEqualTo(word);
        }
    }

    /** Waits as long as the guest may take to see it, and tells whether it must. */
    private static boolean later(@Nullable Duration sees) throws InterruptedException {
        Thread.sleep(sees == null ? 1100 : sees.toMillis());
        return sees != null;
    }

    private void openFilesFollow(@Nullable Duration sees) throws Exception {
        File file = new File();
        int fd = open(one, file.name);
        boolean maps =
                sees == null || !sees.isZero(); // what is never cached has no maps, and with --allow-mmap cached ones
        int map = maps ? map(one, fd, SIZE) : 0;
        assertThat(maps ? peek(one, map, at, 7) : get(one, fd, at, 7)).isEqualTo("ooooooo");
        file.write(at, "by-host");
        boolean seen = later(sees);
        String now = seen ? "by-host" : "ooooooo";
        assertThat(get(one, open(one, file.name), at, 7)).isEqualTo(now);
        assertThat(maps ? peek(one, map, at, 7) : get(one, fd, at, 7)).isEqualTo(now);
    }

    private void sizesFollow(@Nullable Duration sees) throws Exception {
        File file = new File();
        int fd = open(one, file.name);
        assertThat(done(one, "stat " + fd + " 0")).startsWith(SIZE + " ");
        file.write(SIZE, "appended");
        boolean seen = later(sees);
        assertThat(done(one, "stat " + fd + " 0")).startsWith((seen ? SIZE + 8 : SIZE) + " ");
        assertThat(get(one, fd, SIZE, 8)).isEqualTo(seen ? "appended" : "");
    }

    private void guestsFollow(@Nullable Duration sees) throws Exception {
        File file = new File();
        int fd = open(one, file.name);
        int others = open(two, file.name);
        assertThat(get(two, others, at, 7)).isEqualTo("ooooooo");
        put(one, fd, at, "by-one");
        boolean seen = later(sees);
        assertThat(get(two, open(two, file.name), at, 7)).isEqualTo(seen ? "by-oneo" : "ooooooo");
    }

    private void writesAreSeenInMappings() throws Exception {
        File file = new File();
        int fd = open(one, file.name);
        int map = map(one, fd, SIZE);
        assertThat(peek(one, map, at, 7)).isEqualTo("ooooooo");
        put(one, fd, at, "written");
        assertThat(peek(one, map, at, 7)).isEqualTo("written");
        poke(one, map, at, "stored");
        assertThat(get(one, fd, at, 7)).isEqualTo("storedn");
    }

    private void changesOfTheHostAreSeen() throws Exception {
        File file = new File();
        int fd = open(one, file.name);
        int map = map(one, fd, SIZE);
        assertThat(peek(one, map, at, 7)).isEqualTo("ooooooo");
        file.write(at, "by-host");
        // the same size, and times that tell nothing
        Files.setLastModifiedTime(file.path, LONG_AGO);
        if (access != Access.PAGES) {
            again(one, fd);
        }
        assertThat(peek(one, map, at, 7)).isEqualTo("by-host");
        assertThat(get(one, fd, at, 7)).isEqualTo("by-host");
    }

    private void sizesAreSeen() throws Exception {
        File file = new File();
        int fd = open(one, file.name);
        assertThat(get(one, fd, at, 7)).isEqualTo("ooooooo");
        file.resize(5 * PAGE);
        assertThat(stat(one, fd)[0]).isEqualTo(5 * PAGE);
        file.resize(at + 3);
        assertThat(stat(one, fd)[0]).isEqualTo(at + 3);
        assertThat(get(one, fd, at, 100)).isEqualTo("ooo");
        if (access != Access.REQUESTS) {
            file.write(at + 3, "x".repeat(PAGE));
            assertThat(get(one, again(one, fd), at + PAGE, 100)).isEqualTo("xxx");
        }
    }

    private void appendedBytesAreSeen() throws Exception {
        File file = new File();
        int fd = open(one, file.name);
        int map = map(one, fd, 5 * PAGE);
        assertThat(peek(one, map, at, 7)).isEqualTo("ooooooo");
        file.write(SIZE, "appended" + "a".repeat(PAGE));
        assertThat(stat(one, fd)[0]).isEqualTo(SIZE + 8 + PAGE);
        assertThat(peek(one, map, SIZE - 2, 10)).isEqualTo("ooappended");
        assertThat(get(one, fd, SIZE + PAGE, 8)).isEqualTo("aaaaaaaa");
    }

    private void blocksAndTimesAreTrue() throws Exception {
        File file = new File();
        file.resize(0);
        file.resize(SIZE);
        Files.setLastModifiedTime(file.path, LONG_AGO);
        int fd = open(one, file.name);
        int map = map(one, fd, SIZE);
        assertThat(stat(one, fd)).containsExactly(SIZE, LONG_AGO.toMillis() * 1_000_000, 0);
        if (access == Access.REQUESTS) {
            put(one, fd, at, "stored");
        } else {
            poke(one, map, at, "stored");
        }
        long[] after = stat(one, fd);
        assertThat(after[1]).isGreaterThan(RECENT.toMillis() * 1_000_000);
        assertThat(after[2]).isPositive();
        assertThat(file.time()).isGreaterThan(RECENT);
        if (access == Access.REQUESTS) {
            Files.setLastModifiedTime(file.path, LONG_AGO);
            poke(one, map, at, "again");
            done(one, "msync " + map);
            assertThat(stat(one, fd)[1]).isGreaterThan(RECENT.toMillis() * 1_000_000);
            assertThat(file.time()).isGreaterThan(RECENT);
        }
    }

    private void timesStay() throws Exception {
        File file = new File();
        int fd = open(one, file.name);
        int map = map(one, fd, SIZE);
        put(one, fd, at, "written");
        poke(one, map, at + 20, "stored");
        if (access == Access.REQUESTS) {
            done(one, "msync " + map);
        }
        done(one, "dated " + fd + " " + LONG_AGO.toMillis() / 1000);
        done(one, "unmap " + map);
        done(one, "close " + fd);
        assertThat(file.time()).isEqualTo(LONG_AGO);
        assertThat(stat(one, open(one, file.name))[1]).isEqualTo(LONG_AGO.toMillis() * 1_000_000);
        assertThat(file.here(26)).isEqualTo("writtenooooooooooooostored");
        if (access == Access.COPIES) {
            int later = open(one, file.name);
            poke(one, map(one, later, SIZE), at, "written");
            done(one, "fsync " + later);
            assertThat(file.time()).as("the very bytes that it held").isEqualTo(LONG_AGO);
        }
    }

    private void setIdBitsAreCleared() throws Exception {
        File file = new File();
        int fd = open(one, file.name);
        done(one, "chmod " + fd + " " + MODE_BEFORE);
        assertThat(Files.getAttribute(file.path, "unix:mode")).isEqualTo(0100000 | MODE_BEFORE);
        done(one, "as " + USER + " put " + fd + " " + at + " by-a-user");
        assertThat((int) Files.getAttribute(file.path, "unix:mode") & SET_ID).isZero();
        assertThat(get(one, fd, at, 9)).isEqualTo("by-a-user");
    }

    /** A file with a hole on a disk that is full when something is stored there. */
    private void errorsAreTold() throws Exception {
        String name = "../small/sparse" + ++numbers;
        int fd = ++numbers;
        done(one, "create " + fd + " " + name);
        done(one, "truncate " + fd + " 600000");
        int map = map(one, fd, 600_000);
        int other = again(one, fd);
        int third = again(one, fd);
        done(one, "fill ../small/filler");
        int filler = open(one, "../small/filler");
        poke(one, map, 100_000, "stored-on-a-full-disk");
        assertThat(one.perform("fsync " + fd)).startsWith("!ENOSPC");
        assertThat(one.perform((access == Access.COPIES ? "close " : "fsync ") + other))
                .startsWith("!ENOSPC");
        int later = again(one, fd);
        if (access == Access.COPIES) {
            // kept
            assertThat(get(one, later, 100_000, 6)).isEqualTo("stored");
            assertThat(one.perform("syncfs " + later)).startsWith("!ENOSPC");
        }
        // a removal would make room when the guest has let go of the file
        done(one, "truncate " + filler + " 0");
        done(one, "fsync " + fd);
        assertThat(one.perform("fsync " + third)).startsWith("!ENOSPC");
        for (int told : new int[] {fd, third, later}) {
            done(one, "fsync " + told);
        }
        if (access == Access.COPIES) {
            done(one, "syncfs " + fd);
            assertThat(tree.onSmallDisk(name.substring(name.lastIndexOf('/') + 1))
                            .substring(100_000, 100_021))
                    .isEqualTo("stored-on-a-full-disk");
        }
        done(one, "close " + filler);
        done(one, "unlink ../small/filler");
        done(one, "close " + third);
        done(one, "close " + later);
        done(one, "close " + fd);
        done(one, "unlink " + name);
    }

    private void whatIsCutOffIsGone() throws Exception {
        File file = new File();
        int fd = open(one, file.name);
        int map = map(one, fd, SIZE);
        poke(one, map, at, "stored");
        poke(one, map, at - 60, "stored");
        file.resize(at - 40);
        done(one, "fsync " + fd);
        if (access == Access.REQUESTS) {
            assertThat(file.here(6)).as("the last write wins").isEqualTo("stored");
            return;
        }
        assertThat(file.path).hasSize(at - 40);
        assertThat(stat(one, fd)[0]).isEqualTo(at - 40);
        assertThat(file.content(at - 60, 6)).isEqualTo("stored");
        if (access == Access.COPIES) {
            whatIsCutOffMeanwhileIsGone();
        }
    }

    /** The host cuts the file at some moment of the writing. */
    private void whatIsCutOffMeanwhileIsGone() throws Exception {
        File file = new File();
        int large = 4 << 20;
        int fd = open(one, file.name);
        for (int i = 1; i <= 20; i++) {
            file.resize(large);
            stat(one, fd);
            int map = map(one, fd, large);
            done(one, "store %d 0 %d %d".formatted(map, large, i));
            int pause = i;
            Thread host = Thread.ofPlatform().start(() -> {
                LockSupport.parkNanos(pause * 100_000L);
                try {
                    file.resize(PAGE);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
            done(one, "fsync " + fd);
            host.join();
            done(one, "fsync " + fd);
            assertThat(file.path).hasSize(PAGE);
            done(one, "unmap " + map);
        }
        done(one, "close " + fd);
    }

    private void guestsSeeEachOther() throws Exception {
        File file = new File();
        int fd = open(one, file.name);
        int map = map(one, fd, SIZE);
        int others = open(two, file.name);
        int othersMap = map(two, others, SIZE);
        assertThat(peek(two, othersMap, at, 7)).isEqualTo("ooooooo");
        poke(one, map, at, "by-one");
        if (access != Access.PAGES) {
            done(one, "fsync " + fd);
            again(two, others);
        }
        assertThat(peek(two, othersMap, at, 7)).isEqualTo("by-oneo");
        poke(two, othersMap, at, "by-two");
        if (access != Access.PAGES) {
            done(two, "fsync " + others);
            again(one, fd);
        }
        assertThat(peek(one, map, at, 7)).isEqualTo("by-twoo");
    }

    private void onePageIsChangedByBoth() throws Exception {
        if (access == Access.COPIES) {
            theGuestsPageWins();
            return;
        }
        File file = new File();
        int fd = open(one, file.name);
        int map = map(one, fd, SIZE);
        assertThat(peek(one, map, at, 7)).isEqualTo("ooooooo");
        if (access == Access.REQUESTS) {
            put(one, fd, at, "guest");
        } else {
            poke(one, map, at, "guest");
        }
        file.write(at + 5, "-host");
        done(one, "fsync " + fd);
        assertThat(file.here(10)).isEqualTo("guest-host");
        file.write(at, "by-the-host");
        assertThat(file.here(11)).isEqualTo("by-the-host");
    }

    /**
     * The guest's page is written back by fsync, as a whole. A guest with few free ranges takes one back on a thread of
     * its own, at any time: if it does so before the host writes, the host's bytes stay, and the page was no page of
     * both. Then another file is tried.
     */
    private void theGuestsPageWins() throws Exception {
        List<String> contents = new ArrayList<>();
        while (contents.size() < 20 && !contents.contains("guestooooo")) {
            File file = new File();
            int fd = open(one, file.name);
            int map = map(one, fd, SIZE);
            assertThat(peek(one, map, at, 7)).isEqualTo("ooooooo");
            poke(one, map, at, "guest");
            file.write(at + 5, "-host");
            done(one, "fsync " + fd);
            contents.add(file.here(10));
            file.write(at, "by-the-host");
            assertThat(file.here(11)).isEqualTo("by-the-host");
            done(one, "unmap " + map);
            done(one, "close " + fd);
        }
        assertThat(contents).contains("guestooooo").isSubsetOf("guestooooo", "guest-host");
    }

    private void guestDies() throws Exception {
        File file = new File();
        int fd = open(one, file.name);
        int map = map(one, fd, SIZE);
        if (access == Access.REQUESTS) {
            put(one, fd, at, "last-words");
        } else {
            poke(one, map, WHOLE_PAGE, "last-words");
            poke(one, map, LAST_PAGE, "last-words");
        }
        tree.run(0).close();
        if (access != Access.REQUESTS) {
            long end = System.nanoTime() + PATIENCE.toNanos();
            while (System.nanoTime() < end && !file.content(LAST_PAGE, 10).equals("last-words")) {
                Thread.sleep(10); // the server has yet to see the end of the connection
            }
            assertThat(file.content(LAST_PAGE, 10)).isEqualTo("last-words");
        }
        assertThat(file.content(WHOLE_PAGE, 10)).isEqualTo("last-words");
        assertThat(tree.server().isAlive()).isTrue();
    }

    /** There is no help: the host has no page to give to whoever stores. */
    private void aFullDiskEndsTheMachine() throws Exception {
        String name = "../small/sparse" + ++numbers;
        int fd = ++numbers;
        done(two, "create " + fd + " " + name);
        done(two, "truncate " + fd + " 600000");
        int map = map(two, fd, 600_000);
        done(two, "fill ../small/filler");
        assertThatThrownBy(() -> two.perform("poke " + map + " 100000 stored"))
                .isInstanceOf(GuestException.class)
                .hasMessageContaining("the guest ended");
        tree.run(1).close();
        assertThat(tree.server().isAlive()).isTrue();
    }
}
