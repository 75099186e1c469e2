package dev.oriel.filesystem.staging;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.filesystem.node.Allowance;
import dev.oriel.filesystem.node.Budget;
import dev.oriel.linux.Errno;
import dev.oriel.linux.LinuxException;
import dev.oriel.linux.credential.ThreadCredentials;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What who uses a file of a store that cannot write at random relies on. */
class StagedFileTest {
    /** A session that may change as much as there is room for. */
    private static final Allowance PAYER = new Budget(1 << 20, 1, 0, "").open();

    private static final int CHUNK = Staging.CHUNK;

    private final ClientMemory memory = new ClientMemory();

    private static byte[] random(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }

    private static StagedOpen open(StagedFile file) {
        StagedOpen open = file.open(PAYER);
        assertThat(file.renew()).isZero();
        return open;
    }

    private byte[] read(StagedFile file, long offset, int length) {
        long count = file.read(offset, memory.room(length));
        assertThat(count).isNotNegative();
        return memory.bytes(count);
    }

    private void write(StagedFile file, long offset, String text) {
        assertThat(file.write(offset, memory.with(text.getBytes(UTF_8)), PAYER)).isEqualTo(text.length());
    }

    private byte[] all(StagedFile file) {
        return read(file, 0, (int) file.size());
    }

    @Test
    void whatIsWrittenIsReadAtOnceAndIsInTheStoreAfterFsync() throws LinuxException {
        try (Staging staging = Staging.open(null, 4 << 20, 1)) {
            byte[] before = random(3 * CHUNK + 77);
            MemoryStore store = new MemoryStore(before, false);
            StagedFile file = new StagedFile(staging, store);
            StagedOpen open = open(file);
            write(file, CHUNK - 2, "over the edge");
            byte[] expected = before.clone();
            System.arraycopy("over the edge".getBytes(UTF_8), 0, expected, CHUNK - 2, 13);
            assertThat(all(file)).isEqualTo(expected);
            assertThat(store.content()).isEqualTo(before);
            assertThat(file.modified()).isNotNull();
            assertThat(open.writeBack()).isZero();
            assertThat(store.content()).isEqualTo(expected);
            assertThat(file.modified()).isNull();
            assertThat(open.close()).isZero();
            assertThat(store.wholes).isOne();
            assertThat(staging.taken()).isZero();
        }
    }

    @Test
    void whatIsCutAndGrownAgainIsZero() throws LinuxException {
        try (Staging staging = Staging.open(null, 4 << 20, 1)) {
            for (boolean isStaged : new boolean[] {false, true}) {
                StagedFile file = new StagedFile(staging, new MemoryStore(random(2 * CHUNK), false));
                StagedOpen open = open(file);
                if (isStaged) {
                    write(file, 5, "x");
                    write(file, CHUNK + 5, "y");
                }
                assertThat(file.truncate(7)).isZero();
                assertThat(file.truncate(2 * CHUNK)).isZero();
                assertThat(Arrays.copyOfRange(all(file), 7, 2 * CHUNK)).containsOnly(0);
                assertThat(open.close()).isZero();
            }
        }
    }

    @Test
    void whatIsStagedIsReadWithoutTheStoreAndNothingElseIs() throws LinuxException {
        try (Staging staging = Staging.open(null, 4 << 20, 1)) {
            byte[] content = random(3 * CHUNK + 5);
            StagedFile file = new StagedFile(staging, new MemoryStore(content, false));
            StagedOpen open = open(file);
            assertThat(file.readNow(0, memory.room(10))).isEqualTo(FileSystemSession.WOULD_BLOCK);
            assertThat(read(file, CHUNK, CHUNK + 7)).hasSize(CHUNK + 7);
            long count = file.readNow(CHUNK + 3, memory.room(CHUNK));
            assertThat(count).isEqualTo(CHUNK);
            assertThat(memory.bytes(count)).isEqualTo(Arrays.copyOfRange(content, CHUNK + 3, 2 * CHUNK + 3));
            assertThat(file.readNow(CHUNK - 1, memory.room(2))).isEqualTo(FileSystemSession.WOULD_BLOCK);
            assertThat(file.readNow(3 * CHUNK + 5, memory.room(10))).isZero();
            assertThat(open.close()).isZero();
        }
    }

    @Test
    void whatTheStoreHasAtHandIsStagedWithWhatIsRead() throws LinuxException {
        try (Staging staging = Staging.open(null, 4 << 20, 1)) {
            byte[] content = random(4 * CHUNK + 5);
            MemoryStore store = new MemoryStore(content, false);
            store.atHand = 3 * CHUNK + 100;
            StagedFile file = new StagedFile(staging, store);
            StagedOpen open = open(file);
            assertThat(read(file, 7, 10)).isEqualTo(Arrays.copyOfRange(content, 7, 17));
            assertThat(file.readNow(2 * CHUNK, memory.room(CHUNK))).isEqualTo(CHUNK);
            assertThat(memory.bytes(CHUNK)).isEqualTo(Arrays.copyOfRange(content, 2 * CHUNK, 3 * CHUNK));
            assertThat(file.readNow(3 * CHUNK, memory.room(1))).isEqualTo(FileSystemSession.WOULD_BLOCK);
            assertThat(read(file, 3 * CHUNK, 2 * CHUNK))
                    .isEqualTo(Arrays.copyOfRange(content, 3 * CHUNK, content.length));
            assertThat(open.close()).isZero();
        }
    }

    @Test
    void aLargeFileThatIsReadInOrderTakesNoRoom() throws LinuxException {
        try (Staging staging = Staging.open(null, 16 * CHUNK, 1)) {
            byte[] content = random(5 * CHUNK + 5);
            MemoryStore store = new MemoryStore(content, false);
            store.readsAhead = true;
            StagedFile file = new StagedFile(staging, store);
            StagedOpen open = open(file);
            assertThat(all(file)).isEqualTo(content);
            assertThat(staging.taken()).isZero();
            write(file, CHUNK + 10, "in the middle");
            byte[] expected = content.clone();
            System.arraycopy("in the middle".getBytes(UTF_8), 0, expected, CHUNK + 10, 13);
            assertThat(all(file)).isEqualTo(expected);
            store.readsAhead = false;
            assertThat(read(file, 3 * CHUNK, 10)).isEqualTo(Arrays.copyOfRange(content, 3 * CHUNK, 3 * CHUNK + 10));
            assertThat(staging.taken())
                    .as("what was changed, and read here and there")
                    .isEqualTo(2 * CHUNK);
            assertThat(open.close()).isZero();
            assertThat(store.content()).isEqualTo(expected);
        }
    }

    @Test
    void aSmallFileThatIsReadInOrderIsStaged() throws LinuxException {
        try (Staging staging = Staging.open(null, 16 * CHUNK, 1)) {
            MemoryStore store = new MemoryStore(random(4 * CHUNK), false);
            store.readsAhead = true;
            StagedFile file = new StagedFile(staging, store);
            StagedOpen open = open(file);
            assertThat(all(file)).isEqualTo(store.content());
            assertThat(staging.taken()).isEqualTo(4 * CHUNK);
            assertThat(open.close()).isZero();
        }
    }

    @Test
    void aTailIsAppendedWhereTheStoreCan() throws LinuxException {
        try (Staging staging = Staging.open(null, 4 << 20, 1)) {
            byte[] before = random(3 * CHUNK);
            MemoryStore store = new MemoryStore(before, true);
            StagedFile file = new StagedFile(staging, store);
            StagedOpen open = open(file);
            write(file, CHUNK + 10, "in the middle"); // the third chunk has to be written again, and is read before
            assertThat(open.writeBack()).isZero();
            byte[] expected = before.clone();
            System.arraycopy("in the middle".getBytes(UTF_8), 0, expected, CHUNK + 10, 13);
            assertThat(store.content()).isEqualTo(expected);
            assertThat(store.tails).isOne();
            write(file, 0, "at the start");
            assertThat(open.close()).isZero();
            assertThat(store.wholes).isOne();
        }
    }

    @Test
    void anErrorIsToldOnceToEachOpenAndWhatIsChangedIsTriedAgain() throws LinuxException {
        try (Staging staging = Staging.open(null, 4 << 20, 1)) {
            MemoryStore store = new MemoryStore(random(10), false);
            StagedFile file = new StagedFile(staging, store);
            StagedOpen writer = open(file);
            StagedOpen other = open(file);
            write(file, 0, "news");
            store.failAlways(() -> new IOException("No space left on device"));
            assertThat(writer.writeBack()).isEqualTo(-Errno.ENOSPC);
            store.failAt(0, null);
            StagedOpen late = open(file);
            assertThat(other.writeBack()).as("written now, but it had failed").isEqualTo(-Errno.ENOSPC);
            assertThat(other.writeBack()).isZero();
            assertThat(writer.writeBack()).isZero();
            assertThat(late.writeBack()).as("opened after somebody was told").isZero();
            assertThat(new String(store.content(), UTF_8)).startsWith("news");
            for (StagedOpen open : List.of(writer, other, late)) {
                assertThat(open.close()).isZero();
            }
        }
    }

    @Test
    void whatCouldNotBeWrittenAtTheLastCloseIsThereForTheNextOpen() throws LinuxException {
        try (Staging staging = Staging.open(null, 4 << 20, 1)) {
            MemoryStore store = new MemoryStore(random(10), false);
            StagedFile file = new StagedFile(staging, store);
            StagedOpen open = open(file);
            write(file, 0, "news");
            store.failAlways(() -> new NoSuchFileException("gone"));
            assertThat(open.close()).isEqualTo(-Errno.ENOENT);
            assertThat(file.isUsed()).isTrue();
            store.failAt(0, null);
            assertThat(new String(all(file), UTF_8)).startsWith("news");
            assertThat(staging.writeBack()).isZero();
            assertThat(new String(store.content(), UTF_8)).startsWith("news");
            assertThat(file.isUsed()).isFalse();
            assertThat(staging.taken()).isZero();
        }
    }

    @Test
    void theBoundIsNoSpaceForWritersAndNoMatterForReaders(@TempDir Path folder) throws LinuxException {
        try (Staging staging = Staging.open(folder, 16 * CHUNK, 1)) {
            MemoryStore readStore = new MemoryStore(random(20 * CHUNK), false);
            StagedFile read = new StagedFile(staging, readStore);
            StagedOpen reading = open(read);
            assertThat(all(read)).isEqualTo(readStore.content());
            StagedFile written = new StagedFile(staging, new MemoryStore(new byte[0], false));
            StagedOpen writing = open(written);
            for (int i = 0; i < 16; i++) { // what was only read makes room
                assertThat(written.write((long) i * CHUNK, memory.with(random(CHUNK)), PAYER))
                        .isEqualTo(CHUNK);
            }
            assertThat(staging.taken()).isEqualTo(staging.limit());
            StagedFile another = new StagedFile(staging, new MemoryStore(new byte[0], false));
            StagedOpen more = open(another);
            assertThat(another.write(0, memory.with(random(10)), PAYER)).isEqualTo(-Errno.ENOSPC);
            assertThat(all(read)).as("straight from the store").isEqualTo(readStore.content());
            assertThat(writing.writeBack()).isZero();
            assertThat(another.write(0, memory.with(random(10)), PAYER)).isEqualTo(10);
            for (StagedOpen open : List.of(reading, writing, more)) {
                assertThat(open.close()).isZero();
            }
            assertThat(staging.taken()).isZero();
            assertThat(folder).isEmptyDirectory();
        }
    }

    /** Root mounts a small file system for it. */
    @Test
    void aFullStagingFolderIsNoSpaceForWritersAndGoesOnWhenThereIsSome(@TempDir Path folder) throws Exception {
        assumeThat(ThreadCredentials.geteuid()).isZero();
        run("mount", "-t", "tmpfs", "-o", "size=" + 4 * CHUNK, "oriel", folder.toString());
        try (Staging staging = Staging.open(folder, 64 * CHUNK, 1)) {
            Path filling = Files.write(folder.resolve("others"), new byte[CHUNK]);
            byte[] before = random(2 * CHUNK);
            MemoryStore store = new MemoryStore(before, false);
            StagedFile file = new StagedFile(staging, store);
            StagedOpen open = open(file);
            int written = 0;
            long result;
            do {
                result = file.write((2L + written) * CHUNK, memory.with(random(CHUNK)), PAYER);
                written++;
            } while (result == CHUNK);
            assertThat(result).isIn((long) -Errno.ENOSPC, 0L);
            assertThat(written).isBetween(2, 4);
            assertThat(read(file, 0, before.length)).isEqualTo(before);
            Files.delete(filling);
            assertThat(file.write((1L + written) * CHUNK, memory.with(random(CHUNK)), PAYER))
                    .isEqualTo(CHUNK);
            assertThat(open.writeBack()).isZero();
            assertThat(store.content()).hasSize((2 + written) * CHUNK).startsWith(before);
            assertThat(open.close()).isZero();
            assertThat(staging.taken()).isZero();
        } finally {
            run("umount", folder.toString());
        }
    }

    private static void run(String... command) throws Exception {
        assertThat(new ProcessBuilder(command).inheritIO().start().waitFor()).isZero();
    }

    @Test
    void oneSessionCannotTakeAllThatIsStagedFromTheOthers() throws LinuxException {
        try (Staging staging = Staging.open(null, 64 * CHUNK, 8);
                Allowance greedy = staging.allowance();
                Allowance neighbour = staging.allowance()) {
            StagedFile large = new StagedFile(staging, new MemoryStore(new byte[0], false));
            StagedOpen writing = open(large);
            int taken = 0;
            while (large.write((long) taken * CHUNK, memory.with(random(CHUNK)), greedy) == CHUNK) {
                taken++;
            }
            assertThat(large.write((long) taken * CHUNK, memory.with(random(CHUNK)), greedy))
                    .isEqualTo(-Errno.ENOSPC);
            assertThat(large.zero((taken - 1L) * CHUNK, CHUNK, greedy))
                    .as("what it has changed already")
                    .isZero();
            assertThat(taken).isEqualTo(64 - 7);

            StagedFile small = new StagedFile(staging, new MemoryStore(new byte[0], false));
            StagedOpen other = open(small);
            assertThat(small.write(0, memory.with(random(10)), neighbour)).isEqualTo(10);

            assertThat(writing.writeBack()).isZero();
            assertThat(large.write((long) taken * CHUNK, memory.with(random(CHUNK)), greedy))
                    .as("after what was changed is written back")
                    .isEqualTo(CHUNK);
            assertThat(writing.close()).isZero();
            assertThat(other.close()).isZero();
            assertThat(greedy.taken()).isZero();
            assertThat(neighbour.taken()).isZero();
        }
    }

    @Test
    void whoHasSpentHisPartHoldsNoMoreByTruncatingWhatHeHasRead() throws LinuxException {
        try (Staging staging = Staging.open(null, 16 * CHUNK, 4);
                Allowance spent = new Budget(0, 1, 0, "").open();
                Allowance neighbour = staging.allowance()) {
            List<StagedOpen> opens = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                StagedFile file = new StagedFile(staging, new MemoryStore(random(CHUNK), false));
                opens.add(file.open(spent));
                assertThat(file.renew()).isZero();
                assertThat(all(file)).hasSize(CHUNK);
                assertThat(file.truncate(CHUNK - 1)).isZero();
                assertThat(file.write(0, memory.with(random(10)), spent)).isEqualTo(-Errno.ENOSPC);
                assertThat(all(file)).hasSize(CHUNK - 1);
            }
            StagedFile other = new StagedFile(staging, new MemoryStore(new byte[0], false));
            StagedOpen open = other.open(neighbour);
            assertThat(other.renew()).isZero();
            assertThat(other.write(0, memory.with(random(CHUNK)), neighbour)).isEqualTo(CHUNK);
            assertThat(open.close()).isZero();
            for (StagedOpen each : opens) {
                assertThat(each.close()).isZero();
            }
        }
    }

    @Test
    void whatOutlivesASessionCountsUntilItIsWrittenBack() throws LinuxException {
        try (Staging staging = Staging.open(null, 16 * CHUNK, 1)) {
            MemoryStore store = new MemoryStore(new byte[0], false);
            Allowance session = staging.allowance();
            StagedFile file = new StagedFile(staging, store);
            StagedOpen open = file.open(session);
            assertThat(file.renew()).isZero();
            for (int i = 0; i < 15; i++) {
                assertThat(file.write((long) i * CHUNK, memory.with(random(CHUNK)), session))
                        .isEqualTo(CHUNK);
            }
            store.failAlways(() -> new NoSuchFileException("gone"));
            assertThat(open.close()).isNegative();
            session.retire();

            Allowance next = staging.allowance();
            StagedFile another = new StagedFile(staging, new MemoryStore(new byte[0], false));
            StagedOpen more = another.open(next);
            assertThat(another.renew()).isZero();
            assertThat(another.write(0, memory.with(random(CHUNK)), next)).isEqualTo(CHUNK);
            assertThat(another.write(CHUNK, memory.with(random(CHUNK)), next)).isEqualTo(-Errno.ENOSPC);
            store.failAt(0, null);
            assertThat(staging.writeBack()).isZero();
            assertThat(another.write(CHUNK, memory.with(random(CHUNK)), next)).isEqualTo(CHUNK);
            assertThat(more.close()).isZero();
            assertThat(next.taken()).isZero();
        }
    }

    @Test
    void aFileGrowsByNoMoreThanCanBeStagedUntilItIsWrittenBack() throws LinuxException {
        try (Staging staging = Staging.open(null, 16 * CHUNK, 1)) {
            StagedFile file = new StagedFile(staging, new MemoryStore(new byte[0], false));
            StagedOpen open = open(file);
            assertThat(file.truncate(1L << 50)).isEqualTo(-Errno.EFBIG);
            assertThat(file.write(1L << 50, memory.with(new byte[1]), PAYER)).isEqualTo(-Errno.EFBIG);
            assertThat(file.write(Long.MAX_VALUE, memory.with(new byte[1]), PAYER))
                    .isEqualTo(-Errno.EINVAL);
            assertThat(file.truncate(-1)).isEqualTo(-Errno.EINVAL);
            assertThat(file.zero(5, Long.MAX_VALUE, PAYER)).isEqualTo(-Errno.EINVAL);
            assertThat(file.size()).isZero();
            assertThat(open.close()).isZero();
        }
    }

    @Test
    void whatAnotherChangedIsSeenAtTheNextOpen() throws LinuxException {
        try (Staging staging = Staging.open(null, 4 << 20, 1)) {
            MemoryStore store = new MemoryStore("before".getBytes(UTF_8), false);
            StagedFile file = new StagedFile(staging, store);
            StagedOpen first = open(file);
            assertThat(all(file)).asString(UTF_8).isEqualTo("before");
            store.set("after it".getBytes(UTF_8));
            StagedOpen second = open(file);
            assertThat(all(file)).asString(UTF_8).isEqualTo("after it");
            assertThat(first.close()).isZero();
            assertThat(second.close()).isZero();
        }
    }

    @Test
    void aRemovedFileGoesOnWhileItIsOpen() throws LinuxException {
        try (Staging staging = Staging.open(null, 4 << 20, 1)) {
            byte[] before = random(2 * CHUNK + 5);
            MemoryStore store = new MemoryStore(before, false);
            StagedFile file = new StagedFile(staging, store);
            StagedOpen open = open(file);
            assertThat(file.keep()).isZero();
            store.failAlways(() -> new NoSuchFileException("removed"));
            assertThat(all(file)).isEqualTo(before);
            write(file, 3 * CHUNK, "more");
            assertThat(open.close()).isZero();
            assertThat(staging.taken()).isZero();
        }
    }

    /** Each call of the store fails once, in each way: an errno each, no torn file, nothing left behind. */
    @Test
    void aStoreMayFailAtEveryCall() throws LinuxException {
        List<Supplier<Throwable>> ways = List.of(
                () -> new IOException("broken"),
                () -> new IllegalStateException("broken"),
                () -> new UnsupportedOperationException("broken"),
                () -> new StackOverflowError("broken"));
        for (boolean hasTails : new boolean[] {false, true}) {
            for (Supplier<Throwable> way : ways) {
                int calls = Integer.MAX_VALUE;
                for (int failing = 1; failing <= calls; failing++) {
                    calls = failAt(failing, way, hasTails);
                }
                assertThat(calls).isGreaterThan(5);
            }
        }
    }

    private int failAt(int failing, Supplier<Throwable> way, boolean hasTails) throws LinuxException {
        try (Staging staging = Staging.open(null, 4 << 20, 1)) {
            byte[] before = random(2 * CHUNK + 5);
            MemoryStore store = new MemoryStore(before, hasTails);
            store.failAt(failing, way);
            StagedFile file = new StagedFile(staging, store);
            StagedOpen open = file.open(PAYER);
            for (int tries = 0; file.renew() != 0; tries++) {
                assertThat(tries).isLessThan(2);
            }
            byte[] model = before.clone();
            byte[] news = "news".getBytes(UTF_8);
            for (long offset : new long[] {3, CHUNK + 1, 2 * CHUNK}) {
                long written = file.write(offset, memory.with(news), PAYER);
                if (written < 0) {
                    assertThat(all(file)).isEqualTo(model);
                    written = file.write(offset, memory.with(news), PAYER);
                }
                assertThat(written).isEqualTo(news.length);
                System.arraycopy(news, 0, model, (int) offset, news.length);
            }
            int first = open.writeBack();
            if (first != 0) {
                assertThat(store.content()).isEqualTo(before);
            }
            assertThat(open.writeBack()).isZero();
            assertThat(store.content()).isEqualTo(model);
            assertThat(file.truncate(CHUNK + 3)).isZero();
            int calls = store.calls();
            int closed = open.close();
            calls += store.calls() - calls;
            if (closed != 0) {
                assertThat(store.content()).isEqualTo(model);
                assertThat(staging.writeBack()).isZero();
            }
            assertThat(store.content()).isEqualTo(Arrays.copyOf(model, CHUNK + 3));
            assertThat(staging.taken()).isZero();
            return calls;
        }
    }
}
