package dev.oriel.device;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.device.operation.LongHeads;
import dev.oriel.device.operation.Operations;
import dev.oriel.device.operation.ReceivedRequest;
import dev.oriel.device.statistics.RequestCounters;
import dev.oriel.device.statistics.RequestSums;
import dev.oriel.filesystem.FileSystem;
import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.fuse.FuseOpcode;
import dev.oriel.linux.Errno;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a client can make a device remember of waits for locks. */
@Timeout(60)
class LockWaitsTest {
    /** So many that their rings hold all the requests. */
    private static final int QUEUES = 5;

    private static final RequestCounters COUNTERS = new RequestCounters(false);

    private static LockWaits waits() {
        return new LockWaits(new Operations(
                new SessionThread(
                        new RecordingFileSystem(0), new SessionGate(1), () -> null, new RequestSums(), Thread::new),
                COUNTERS));
    }

    private static ReceivedRequest request() {
        SessionGate gate = new SessionGate(1);
        SessionThread sessions =
                new SessionThread(new RecordingFileSystem(0), gate, () -> null, new RequestSums(), Thread::new);
        LongHeads longHeads = new LongHeads();
        RequestPool pool = new RequestPool(0, () -> new Operations(sessions, COUNTERS), Thread::new);
        QueueServer queue = new QueueServer(0, false, gate, sessions, pool, longHeads, COUNTERS);
        return new ReceivedRequest(queue, longHeads);
    }

    private static Guest.Sent wait(Guest guest, int i) {
        byte[] lock = Wire.request(LITTLE_ENDIAN, FuseOpcode.SETLKW, 100 + 2L * i, 3)
                .u64(1, 66, 0, Long.MAX_VALUE)
                .u32(1, 8, 0, 0)
                .done();
        return guest.send(1 + i % QUEUES, lock, 16);
    }

    @Test
    void asManyWaitAsThereIsRoomForAndOneMoreGetsEnolck() throws Exception {
        RecordingFileSystem fileSystem = new RecordingFileSystem(~0L).on("setlk", arguments -> -Errno.EAGAIN);
        VirtioFsDevice device = new VirtioFsDevice(fileSystem, "tag", QUEUES, 2, null);
        try (Guest guest = new Guest(device)) {
            byte[] init = Wire.request(LITTLE_ENDIAN, FuseOpcode.INIT, 2, 0)
                    .u32(7, Client.MINOR, 128 << 10)
                    .u32((int) Client.LINUX_FLAGS, (int) (Client.LINUX_FLAGS >>> 32))
                    .u32(new int[11])
                    .done();
            assertThat(guest.call(1, LITTLE_ENDIAN, init, 80).error()).isZero();
            List<Guest.Sent> all = new ArrayList<>();
            for (int i = 0; i < LockWaits.MOST + 1; i++) {
                all.add(wait(guest, i));
            }
            List<Guest.Sent> back = new ArrayList<>();
            while (back.isEmpty()) {
                all.stream().filter(guest::isBack).forEach(back::add);
            }
            assertThat(back).hasSize(1);
            assertThat(new Answer(guest.await(back.getFirst()), LITTLE_ENDIAN).error())
                    .isEqualTo(-Errno.ENOLCK);
            // all others go on waiting, until the session ends
            all.removeAll(back);
            assertThat(all).noneMatch(guest::isBack);
            byte[] destroy =
                    Wire.request(LITTLE_ENDIAN, FuseOpcode.DESTROY, 4, 0).done();
            assertThat(guest.call(1, LITTLE_ENDIAN, destroy, 16).error()).isZero();
            for (Guest.Sent each : all) {
                assertThat(new Answer(guest.await(each), LITTLE_ENDIAN).error()).isEqualTo(-Errno.ENOTCONN);
            }
        }
    }

    @Test
    void onlyTheFirstInterruptOfAWaitIsNews() {
        LockWaits waits = waits();
        ReceivedRequest waiting = request();
        assertThat(waits.interrupt(0)).isFalse();
        assertThat(waits.add(waiting)).isTrue();
        assertThat(waits.interrupt(7)).as("nobody's").isFalse();
        assertThat(waits.interrupt(waiting.unique())).isTrue();
        assertThat(waits.interrupt(waiting.unique())).as("again").isFalse();
        assertThat(waits.lockDropped()).isTrue();
        assertThat(waits.lockDropped()).as("again").isFalse();
    }

    /** Some wait for the one that goes on; what is sent beside them is refused, not remembered. */
    @Test
    void aFloodOfSessionsIsRefusedBeyondABound() throws Exception {
        CountDownLatch disk = new CountDownLatch(1);
        RecordingFileSystem recording = new RecordingFileSystem(~0L);
        FileSystem slow = new FileSystem() {
            @Override
            public FileSystemSession begin(long offered) {
                try {
                    disk.await();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
                return recording.begin(offered);
            }

            @Override
            public void close() {}
        };
        try (Client client = new Client(slow, LITTLE_ENDIAN)) {
            Guest.Sent[] all = new Guest.Sent[50];
            for (int i = 0; i < all.length; i++) {
                all[i] = client.send(client.init(7, Client.MINOR, Client.LINUX_FLAGS), 64);
            }
            // all but 17 at most are answered while the first still waits
            List<Guest.Sent> refused = new ArrayList<>();
            while (refused.size() < all.length - 17) {
                refused = Arrays.stream(all).filter(client.guest::isBack).toList();
            }
            disk.countDown();
            for (Guest.Sent each : refused) {
                assertThat(client.await(each).error()).isEqualTo(-Errno.EAGAIN);
            }
            for (Guest.Sent each : all) {
                assertThat(client.await(each).error()).isIn(0, -Errno.EAGAIN);
            }
            assertThat(client.call(client.request(FuseOpcode.STATFS, 1)).error())
                    .isZero();
        }
    }
}
