package dev.oriel.filesystem.local;

import static dev.oriel.filesystem.FileSystemSession.ROOT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.fuse.FuseFlags;
import dev.oriel.linux.Errno;
import dev.oriel.linux.FlockBuffer;
import dev.oriel.linux.OpenFlags;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocksTest {
    private static final int READ = FlockBuffer.F_RDLCK;
    private static final int WRITE = FlockBuffer.F_WRLCK;
    private static final int UNLOCK = FlockBuffer.F_UNLCK;
    private static final long END = Long.MAX_VALUE;
    private static final long ALICE = 0xa11ce;
    private static final long BOB = 0xb0b;

    @TempDir
    Path directory;

    private Client client;
    private long node;
    private long fh;
    private long otherFh;

    @BeforeEach
    void open() {
        client = Client.of(directory);
        assertThat(client.create(ROOT, "file", OpenFlags.O_RDWR, 0600)).isZero();
        node = client.entry.nodeid;
        fh = client.opened.fh;
        assertThat(client.open(node, OpenFlags.O_RDWR)).isZero();
        otherFh = client.opened.fh;
    }

    @AfterEach
    void unmount() {
        client.close();
    }

    private int blocker(long owner, int type, long start, long end) {
        client.lock.clear();
        client.conflict.clear();
        client.lock.type = type;
        client.lock.start = start;
        client.lock.end = end;
        assertThat(client.session.getlk(client.caller(), node, fh, owner, client.lock, client.conflict))
                .isZero();
        return client.conflict.type == UNLOCK ? -1 : client.conflict.pid;
    }

    @Test
    void ownersExcludeEachOtherByRange() {
        assertThat(client.setlk(node, fh, ALICE, WRITE, 0, 9, 100)).isZero();
        assertThat(client.setlk(node, otherFh, BOB, WRITE, 5, 5, 200)).isEqualTo(-Errno.EAGAIN);
        assertThat(client.setlk(node, otherFh, BOB, READ, 9, END, 200)).isEqualTo(-Errno.EAGAIN);
        assertThat(client.setlk(node, otherFh, BOB, WRITE, 10, END, 200)).isZero();
        assertThat(client.setlk(node, fh, ALICE, READ, 0, 9, 100)).isZero();
        assertThat(client.setlk(node, otherFh, BOB, READ, 0, 3, 200)).isZero();
        assertThat(client.setlk(node, fh, ALICE, UNLOCK, 0, END, 100)).isZero();
        assertThat(client.setlk(node, otherFh, BOB, WRITE, 0, END, 200)).isZero();
    }

    @Test
    void theOneWhoStandsInTheWayIsNamed() {
        assertThat(blocker(BOB, WRITE, 0, END)).isEqualTo(-1);
        client.setlk(node, fh, ALICE, WRITE, 10, 19, 100);
        client.setlk(node, fh, BOB, WRITE, 30, 39, 200);
        assertThat(blocker(BOB, READ, 0, 25)).isEqualTo(100);
        assertThat(client.conflict.start).isEqualTo(10);
        assertThat(client.conflict.end).isEqualTo(19);
        assertThat(blocker(ALICE, READ, 39, END)).isEqualTo(200);
        assertThat(blocker(ALICE, READ, 40, END)).isEqualTo(-1);
        assertThat(blocker(ALICE, WRITE, 10, 19)).isEqualTo(-1);
    }

    @Test
    void aProcessLosesItsLocksWhenItClosesAnyDescriptorOfTheFile() {
        client.setlk(node, fh, ALICE, WRITE, 0, END, 100);
        client.session.flush(client.caller(), node, otherFh, BOB);
        assertThat(client.setlk(node, otherFh, BOB, READ, 0, 0, 200)).isEqualTo(-Errno.EAGAIN);
        client.session.flush(client.caller(), node, otherFh, ALICE);
        assertThat(client.setlk(node, otherFh, BOB, READ, 0, 0, 200)).isZero();
    }

    @Test
    void aDescriptionLosesItsLocksWhenItIsReleased() {
        client.setlk(node, fh, ALICE, WRITE, 0, END, 100);
        assertThat(client.release(node, otherFh)).isZero();
        client.open(node, OpenFlags.O_RDWR);
        otherFh = client.opened.fh;
        assertThat(client.setlk(node, otherFh, BOB, WRITE, 0, END, 200)).isEqualTo(-Errno.EAGAIN);
        assertThat(client.release(node, fh)).isZero();
        assertThat(client.setlk(node, otherFh, BOB, WRITE, 0, END, 200)).isZero();
    }

    @Test
    void theHostSeesLocksAndTheClientSeesTheHosts() throws IOException {
        assertThat(client.setlk(node, fh, ALICE, WRITE, 0, 9, 100)).isZero();
        try (FileChannel host =
                FileChannel.open(directory.resolve("file"), StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            assertThat(host.tryLock(5, 1, false)).isNull();
            try (FileLock taken = host.tryLock(50, 10, false)) {
                assertThat(taken).isNotNull();
                assertThat(client.setlk(node, fh, ALICE, WRITE, 55, 55, 100)).isEqualTo(-Errno.EAGAIN);
                assertThat(blocker(ALICE, WRITE, 55, 55))
                        .isEqualTo((int) ProcessHandle.current().pid());
            }
        }
    }

    @Test
    void locksOfWholeFilesBelongToTheHandle() {
        assertThat(flock(fh, WRITE)).isZero();
        assertThat(flock(otherFh, READ)).isEqualTo(-Errno.EAGAIN);
        assertThat(flock(fh, UNLOCK)).isZero();
        assertThat(flock(otherFh, WRITE)).isZero();
        assertThat(client.release(node, otherFh)).isZero();
        assertThat(flock(fh, WRITE)).isZero();
        assertThat(flock(fh, 9)).isEqualTo(-Errno.EINVAL);
    }

    private int flock(long handle, int type) {
        client.lock.clear();
        client.lock.type = type;
        return client.session.setlk(client.caller(), node, handle, ALICE, client.lock, FuseFlags.LK_FLOCK);
    }

    @Test
    void rangesThatMakeNoSenseAreRefused() {
        assertThat(client.setlk(node, fh, ALICE, WRITE, -1, 5, 1)).isEqualTo(-Errno.EINVAL);
        assertThat(client.setlk(node, fh, ALICE, WRITE, 6, 5, 1)).isEqualTo(-Errno.EINVAL);
        assertThat(client.setlk(node, fh, ALICE, WRITE, 0, -1, 1)).isEqualTo(-Errno.EINVAL);
        assertThat(client.setlk(node, fh, ALICE, 17, 0, 1, 1)).isEqualTo(-Errno.EINVAL);
    }

    @Test
    void aClientHoldsOnlySoManyRangesAndGetsRoomByUnlocking() {
        int held = 0;
        int result = 0;
        while (result == 0 && held <= PosixLocks.MOST_RANGES) {
            result = client.setlk(node, fh, ALICE, WRITE, 2L * held, 2L * held, 100);
            held += result == 0 ? 1 : 0;
        }
        assertThat(result).isEqualTo(-Errno.ENOLCK);
        assertThat(held).isBetween(PosixLocks.MOST_RANGES - 2, PosixLocks.MOST_RANGES);
        assertThat(client.setlk(node, otherFh, BOB, WRITE, 1, 1, 200)).isEqualTo(-Errno.ENOLCK);
        try (Client neighbour = client.neighbour()) {
            assertThat(neighbour.lookup(ROOT, "file")).isZero();
            long known = neighbour.entry.nodeid;
            assertThat(neighbour.open(known, OpenFlags.O_RDWR)).isZero();
            assertThat(neighbour.setlk(known, neighbour.opened.fh, ALICE, WRITE, 1, 1, 100))
                    .isZero();
        }
        assertThat(client.setlk(node, fh, ALICE, UNLOCK, 0, 100, 100)).isZero();
        assertThat(client.setlk(node, otherFh, BOB, WRITE, 1, 1, 200)).isZero();
        client.session.flush(client.caller(), node, fh, ALICE);
        for (int i = 0; i < PosixLocks.MOST_RANGES - 2; i++) {
            assertThat(client.setlk(node, otherFh, BOB, WRITE, 4L * i, 4L * i, 200))
                    .isZero();
        }
    }

    @Test
    void neighbouringRangesAreCountedAsTheOneThatTheyAre() {
        for (int i = 0; i < 2 * PosixLocks.MOST_RANGES; i++) {
            assertThat(client.setlk(node, fh, ALICE, WRITE, i, i, 100)).isZero();
        }
        assertThat(client.setlk(node, fh, ALICE, UNLOCK, 10, 10, 100)).isZero();
        assertThat(client.setlk(node, fh, ALICE, READ, 20, 29, 100)).isZero();
        assertThat(client.setlk(node, otherFh, BOB, WRITE, 10, 10, 200)).isZero();
        assertThat(client.setlk(node, otherFh, BOB, READ, 20, 29, 200)).isZero();
        assertThat(client.setlk(node, otherFh, BOB, READ, 29, 30, 200)).isEqualTo(-Errno.EAGAIN);
        assertThat(blocker(BOB, READ, 0, END)).isEqualTo(100);
    }

    private static int await(Client client, long unique, long node, long fh, long owner, int type, long at) {
        client.lock.clear();
        client.lock.type = type;
        client.lock.start = at;
        client.lock.end = at;
        client.lock.pid = 1;
        Caller caller = Caller.root().request(unique);
        return client.session.awaitLock(caller, node, fh, owner, client.lock, 0);
    }

    @Test
    void ownersWhoWouldWaitForEachOtherAreTold() {
        long carol = 0xca401;
        client.setlk(node, fh, ALICE, WRITE, 1, 1, 100);
        client.setlk(node, fh, BOB, READ, 2, 2, 200);
        client.setlk(node, fh, carol, WRITE, 3, 3, 300);
        assertThat(await(client, 1, node, fh, ALICE, WRITE, 2)).isZero();
        assertThat(await(client, 2, node, fh, BOB, WRITE, 3)).isZero();
        assertThat(await(client, 3, node, fh, carol, WRITE, 1)).isEqualTo(-Errno.EDEADLK);
        assertThat(await(client, 3, node, fh, carol, READ, 2))
                .as("a reader waits for no reader")
                .isZero();
        client.session.endLockWait(3);
        client.session.endLockWait(1);
        assertThat(await(client, 3, node, fh, carol, WRITE, 1))
                .as("who does not wait any more is in no circle")
                .isZero();
        assertThat(client.setlk(node, fh, ALICE, UNLOCK, 1, 1, 100)).isZero();
        assertThat(await(client, 1, node, fh, ALICE, WRITE, 3))
                .as("who has unlocked is in no circle")
                .isZero();
    }

    @Test
    void clientsWhoWouldWaitForEachOtherAreTold() {
        try (Client neighbour = client.neighbour()) {
            assertThat(neighbour.lookup(ROOT, "file")).isZero();
            long known = neighbour.entry.nodeid;
            neighbour.open(known, OpenFlags.O_RDWR);
            long opened = neighbour.opened.fh;
            client.setlk(node, fh, ALICE, WRITE, 1, 1, 100);
            neighbour.setlk(known, opened, ALICE, WRITE, 2, 2, 100);
            assertThat(await(client, 1, node, fh, ALICE, WRITE, 2)).isZero();
            assertThat(await(neighbour, 1, known, opened, ALICE, WRITE, 1)).isEqualTo(-Errno.EDEADLK);
        }
        assertThat(client.setlk(node, fh, ALICE, WRITE, 2, 2, 100)).isZero();
    }
}
