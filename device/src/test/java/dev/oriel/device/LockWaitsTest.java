package dev.oriel.device;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.filesystem.FileSystem;
import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.fuse.FuseOpcode;
import dev.oriel.linux.Errno;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a client can make a device remember of waits for locks. */
@Timeout(60)
class LockWaitsTest {
    private static LockWaits waits() {
        return new LockWaits(new Operations(
                new SessionThread(new RecordingFileSystem(0), new SessionGate(1), () -> null, Thread::new)));
    }

    private static FuseRequest request() {
        SessionGate gate = new SessionGate(1);
        SessionThread sessions = new SessionThread(new RecordingFileSystem(0), gate, () -> null, Thread::new);
        LongHeads longHeads = new LongHeads();
        RequestQueue queue =
                new RequestQueue(0, false, gate, sessions, new RequestPool(0, sessions, Thread::new), longHeads);
        return new FuseRequest(queue, longHeads);
    }

    @Test
    void asManyWaitAsThereIsRoomFor() {
        LockWaits waits = waits();
        FuseRequest first = request();
        assertThat(waits.add(first)).isTrue();
        for (int i = 1; i < LockWaits.MOST; i++) {
            assertThat(waits.add(new FuseRequest(first.queue, new LongHeads()))).isTrue();
        }
        FuseRequest more = new FuseRequest(first.queue, new LongHeads());
        assertThat(waits.add(more)).isFalse();
        assertThat(waits.takeBack(first)).isTrue();
        assertThat(waits.add(more)).isTrue();
    }

    @Test
    void onlyTheFirstInterruptOfAWaitIsNews() {
        LockWaits waits = waits();
        FuseRequest waiting = request();
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
            // the last ones are answered while the first still waits
            for (int i = 20; i < all.length; i++) {
                assertThat(client.await(all[i]).error()).isEqualTo(-Errno.EAGAIN);
            }
            assertThat(client.guest.isBack(all[0])).isFalse();
            disk.countDown();
            for (int i = 0; i < 20; i++) {
                assertThat(client.await(all[i]).error()).isIn(0, -Errno.EAGAIN);
            }
            assertThat(client.call(client.request(FuseOpcode.STATFS, 1)).error())
                    .isZero();
        }
    }
}
