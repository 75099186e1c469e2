package dev.oriel.device;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.filesystem.FileSystem;
import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.filesystem.Request;
import dev.oriel.fuse.FuseOpcode;
import dev.oriel.linux.Errno;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Requests that wait: for a disk, in the pool, or for a lock, nowhere; and how sessions and queues end meanwhile. */
@Timeout(60)
class WaitingTest {
    private final RecordingFileSystem fileSystem = new RecordingFileSystem(~0L);

    private static Wire fsync(Client client) {
        return client.request(FuseOpcode.FSYNC, 3).u64(1).u32(0, 0);
    }

    private static Wire lock(Client client, int opcode, int type) {
        return client.request(opcode, 3).u64(1, 66, 0, Long.MAX_VALUE).u32(type, 8, 0, 0);
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void whatWouldBlockDoesNotHoldUpItsQueue() throws Exception {
        CountDownLatch disk = new CountDownLatch(1);
        AtomicLong thread = new AtomicLong();
        fileSystem.on("fsync", arguments -> {
            if (!((Request) arguments[0]).mayBlock()) {
                thread.set(Thread.currentThread().threadId());
                return FileSystemSession.WOULD_BLOCK;
            }
            assertThat(Thread.currentThread().threadId()).isNotEqualTo(thread.get());
            await(disk);
            return -Errno.EDQUOT;
        });
        try (Client client = new Client(fileSystem, LITTLE_ENDIAN).mount()) {
            Guest.Sent slow = client.send(fsync(client), 0);
            long unique = client.lastUnique();
            assertThat(client.call(client.request(FuseOpcode.STATFS, 1)).error())
                    .isZero();
            assertThat(client.guest.isBack(slow)).isFalse();
            disk.countDown();
            assertThat(client.await(slow).isSound(unique).error()).isEqualTo(-Errno.EDQUOT);
        }
    }

    @Test
    void moreThanThePoolHasThreadsForAreServedInTheEnd() throws Exception {
        CountDownLatch disk = new CountDownLatch(1);
        fileSystem.on("fsync", arguments -> {
            if (!((Request) arguments[0]).mayBlock()) {
                return FileSystemSession.WOULD_BLOCK;
            }
            await(disk);
            return 0;
        });
        try (Client client = new Client(fileSystem, LITTLE_ENDIAN).mount()) {
            Guest.Sent[] all = new Guest.Sent[50];
            for (int i = 0; i < all.length; i++) {
                all[i] = client.send(fsync(client), 0);
            }
            disk.countDown();
            for (Guest.Sent sent : all) {
                assertThat(client.await(sent).error()).isZero();
            }
        }
    }

    @Test
    void withoutAPoolTheQueueItselfWaits() throws Exception {
        fileSystem.on("fsync", arguments -> ((Request) arguments[0]).mayBlock() ? 0 : FileSystemSession.WOULD_BLOCK);
        try (Client client = new Client(fileSystem, LITTLE_ENDIAN, 0).mount()) {
            assertThat(client.call(fsync(client)).error()).isZero();
        }
    }

    @Test
    void aSessionEndsWhenTheLastOfItsRequestsHasBeenAnswered() throws Exception {
        CountDownLatch started = new CountDownLatch(1);
        CountDownLatch disk = new CountDownLatch(1);
        AtomicBoolean inside = new AtomicBoolean();
        AtomicBoolean closedInside = new AtomicBoolean();
        fileSystem.on("fsync", arguments -> {
            if (!((Request) arguments[0]).mayBlock()) {
                return FileSystemSession.WOULD_BLOCK;
            }
            inside.set(true);
            started.countDown();
            await(disk);
            inside.set(false);
            return 0;
        });
        fileSystem.on("close", arguments -> {
            closedInside.set(inside.get());
            return 0;
        });
        try (Client client = new Client(fileSystem, LITTLE_ENDIAN).mount()) {
            Guest.Sent slow = client.send(fsync(client), 0);
            await(started);
            Guest.Sent destroy = client.guest.send(
                    Client.OTHER_REQUESTS, client.request(FuseOpcode.DESTROY, 0).done(), 16);
            // What comes while the session ends is refused.
            while (client.call(client.request(FuseOpcode.STATFS, 1)).error() == 0) {
                Thread.onSpinWait();
            }
            assertThat(client.guest.isBack(destroy)).isFalse();
            disk.countDown();
            assertThat(client.await(slow).error()).isZero();
            assertThat(client.await(destroy).error()).isZero();
            assertThat(closedInside).isFalse();
        }
    }

    @Test
    void sessionsThatComeAndGoWhileQueuesWorkNeverMeetAClosedFileSystem() throws Exception {
        AtomicInteger open = new AtomicInteger();
        AtomicInteger wrong = new AtomicInteger();
        fileSystem.on("statfs", arguments -> {
            if (open.get() != 1) {
                wrong.incrementAndGet();
            }
            return 0;
        });
        fileSystem.on("rmdir", arguments -> {
            if (!((Request) arguments[0]).mayBlock()) {
                return FileSystemSession.WOULD_BLOCK;
            }
            if (open.get() != 1) {
                wrong.incrementAndGet();
            }
            return 0;
        });
        fileSystem.on("close", arguments -> {
            open.decrementAndGet();
            return 0;
        });
        FileSystem counting = new FileSystem() {
            @Override
            public FileSystemSession begin(long offered) {
                open.incrementAndGet();
                return fileSystem.begin(offered);
            }

            @Override
            public void close() {}
        };
        try (Client client = new Client(counting, LITTLE_ENDIAN)) {
            for (int round = 0; round < 200; round++) {
                client.mount();
                Guest.Sent[] sent = new Guest.Sent[20];
                for (int i = 0; i < sent.length; i++) {
                    Wire request = i % 3 == 0
                            ? client.request(FuseOpcode.RMDIR, 1).name("d")
                            : client.request(FuseOpcode.STATFS, 1);
                    sent[i] = client.guest.send(1 + i % 2, request.done(), 16 + 80);
                }
                for (Guest.Sent each : sent) {
                    assertThat(client.await(each).error()).isZero();
                }
                Guest.Sent last = client.send(client.request(FuseOpcode.STATFS, 1), 80);
                Guest.Sent end = client.guest.send(
                        Client.OTHER_REQUESTS,
                        client.request(FuseOpcode.DESTROY, 0).done(),
                        16);
                assertThat(client.await(last).error()).isIn(0, -Errno.ENOTCONN);
                assertThat(client.await(end).error()).isZero();
            }
            assertThat(wrong).hasValue(0);
        }
    }

    @Test
    void aLockIsWaitedForWithoutAThread() throws Exception {
        AtomicBoolean held = new AtomicBoolean(true);
        fileSystem.on("setlk", arguments -> held.get() ? -Errno.EAGAIN : 0);
        try (Client client = new Client(fileSystem, LITTLE_ENDIAN).mount()) {
            Guest.Sent[] waiting = new Guest.Sent[20];
            for (int i = 0; i < waiting.length; i++) {
                waiting[i] = client.send(lock(client, FuseOpcode.SETLKW, 1), 0);
            }
            assertThat(client.call(client.request(FuseOpcode.STATFS, 1)).error())
                    .isZero();
            for (Guest.Sent each : waiting) {
                assertThat(client.guest.isBack(each)).isFalse();
            }
            // Dropped by a process of the host, of which nobody tells us.
            held.set(false);
            for (Guest.Sent each : waiting) {
                assertThat(client.await(each).error()).isZero();
            }
        }
    }

    @Test
    void theEndOfTheSessionEndsTheWaitForALock() throws Exception {
        fileSystem.on("setlk", arguments -> -Errno.EAGAIN);
        try (Client client = new Client(fileSystem, LITTLE_ENDIAN).mount()) {
            Guest.Sent waiting = client.send(lock(client, FuseOpcode.SETLKW, 1), 0);
            long unique = client.lastUnique();
            assertThat(client.call(client.request(FuseOpcode.DESTROY, 0)).error())
                    .isZero();
            assertThat(client.await(waiting).isSound(unique).error()).isEqualTo(-Errno.ENOTCONN);
        }
    }

    @Test
    void interruptEndsTheWaitForThatLock() throws Exception {
        AtomicInteger tries = new AtomicInteger();
        fileSystem.on("setlk", arguments -> {
            tries.incrementAndGet();
            return -Errno.EAGAIN;
        });
        try (Client client = new Client(fileSystem, LITTLE_ENDIAN).mount()) {
            Guest.Sent other = client.send(lock(client, FuseOpcode.SETLKW, 0), 0);
            Guest.Sent waiting = client.send(lock(client, FuseOpcode.SETLKW, 1), 0);
            long unique = client.lastUnique();
            // Tried again: so both wait by now.
            while (tries.get() < 5) {
                Thread.onSpinWait();
            }
            Guest.Sent interrupt = client.guest.send(
                    Client.HIPRIO,
                    client.request(FuseOpcode.INTERRUPT, 0).u64(unique).done(),
                    0);
            assertThat(client.guest.await(interrupt)).isEmpty();
            assertThat(client.await(waiting).error()).isEqualTo(-Errno.EINTR);
            assertThat(client.guest.isBack(other)).isFalse();
        }
    }

    @Test
    void aQueueThatStopsEndsTheWaitForLocksAndWorksAgainAfterwards() throws Exception {
        AtomicBoolean held = new AtomicBoolean(true);
        fileSystem.on("setlk", arguments -> held.get() ? -Errno.EAGAIN : 0);
        try (Client client = new Client(fileSystem, LITTLE_ENDIAN).mount()) {
            Guest.Sent waiting = client.send(lock(client, FuseOpcode.SETLKW, 1), 0);
            assertThat(client.call(client.request(FuseOpcode.STATFS, 1)).error())
                    .isZero();
            client.guest.stop(Client.REQUESTS);
            assertThat(client.await(waiting).error()).isEqualTo(-Errno.EINTR);

            client.guest.start(Client.REQUESTS);
            Guest.Sent again = client.send(lock(client, FuseOpcode.SETLKW, 1), 0);
            assertThat(client.call(client.request(FuseOpcode.STATFS, 1)).error())
                    .isZero();
            assertThat(client.guest.isBack(again)).isFalse();
            held.set(false);
            assertThat(client.await(again).error()).isZero();
        }
    }

    @Test
    void threadsEndWithTheirWork() throws Exception {
        Client client = new Client(fileSystem, LITTLE_ENDIAN).mount();
        client.close();
        for (Thread thread : Thread.getAllStackTraces().keySet()) {
            if (thread.getName().startsWith("tag ")) {
                assertThat(thread.join(Duration.ofSeconds(30))).isTrue();
            }
        }
    }
}
