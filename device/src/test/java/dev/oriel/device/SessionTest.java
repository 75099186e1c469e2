package dev.oriel.device;

import static java.nio.ByteOrder.BIG_ENDIAN;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.filesystem.FileSystem;
import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.fuse.FuseInitFlags;
import dev.oriel.fuse.FuseOpcode;
import dev.oriel.linux.Errno;
import java.nio.ByteOrder;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** How sessions begin and end. */
class SessionTest {
    private static final long ACCEPTED = FuseInitFlags.ASYNC_READ | FuseInitFlags.SECURITY_CTX;

    private final RecordingFileSystem fileSystem = new RecordingFileSystem(ACCEPTED);

    static ByteOrder[] orders() {
        return new ByteOrder[] {LITTLE_ENDIAN, BIG_ENDIAN};
    }

    @ParameterizedTest
    @MethodSource("orders")
    void initIsAnsweredInTheOrderOfTheClient(ByteOrder order) throws Exception {
        try (Client client = new Client(fileSystem, order)) {
            Answer answer = client.call(client.init(7, 41, Client.LINUX_FLAGS), 64);

            assertThat(answer.error()).isZero();
            assertThat(answer.bodyLength()).isEqualTo(64);
            assertThat(answer.u32(0)).as("major").isEqualTo(7);
            assertThat(answer.u32(4)).as("minor").isEqualTo(46);
            assertThat(answer.u32(8)).as("max_readahead").isEqualTo(128 << 10);
            assertThat(answer.u32(12)).as("flags").isEqualTo((int)
                    (FuseInitFlags.ASYNC_READ | FuseInitFlags.MAX_PAGES | FuseInitFlags.INIT_EXT));
            assertThat(answer.u16(16)).as("max_background").isEqualTo(65535);
            assertThat(answer.u32(20)).as("max_write").isEqualTo(1 << 20);
            assertThat(answer.u32(24)).as("time_gran").isEqualTo(1);
            assertThat(answer.u16(28)).as("max_pages").isEqualTo(256);
            assertThat(answer.u32(32)).as("flags2").isEqualTo((int) (FuseInitFlags.SECURITY_CTX >>> 32));
            for (int i = 36; i < 64; i += 4) {
                assertThat(answer.u32(i)).as("unused").isZero();
            }
        }
    }

    @Test
    void flagsBeyondTheFirst32AreNotReadFromAClientThatDoesNotKnowThem() throws Exception {
        try (Client client = new Client(fileSystem, LITTLE_ENDIAN)) {
            Answer answer = client.call(client.init(7, 34, Client.LINUX_FLAGS & ~FuseInitFlags.INIT_EXT), 64);
            assertThat(answer.u32(32)).isZero();
            Answer old = client.call(client.request(FuseOpcode.INIT, 0).u32(7, 31, 0, (int) Client.LINUX_FLAGS), 64);
            assertThat(old.error()).isZero();
            assertThat(old.u32(32)).isZero();
        }
    }

    @Test
    void aClientThatIsTooOldIsRefused() throws Exception {
        try (Client client = new Client(fileSystem, LITTLE_ENDIAN)) {
            assertThat(client.call(client.init(7, 26, 0), 64).error()).isEqualTo(-Errno.EPROTO);
            assertThat(client.call(client.init(6, 46, 0), 64).error()).isEqualTo(-Errno.EPROTO);
            assertThat(fileSystem.calls()).isEmpty();
        }
    }

    @Test
    void aClientOfALaterMajorVersionLearnsOursAndAsksAgain() throws Exception {
        try (Client client = new Client(fileSystem, LITTLE_ENDIAN)) {
            Answer first = client.call(client.init(8, 0, 0), 64);
            assertThat(first.error()).isZero();
            assertThat(first.u32(0)).isEqualTo(7);
            assertThat(fileSystem.calls()).isEmpty();
            client.mount();
            assertThat(fileSystem.calls()).containsExactly("begin");
        }
    }

    @Test
    void anInitWithoutRoomForItsReplyBeginsNothing() throws Exception {
        try (Client client = new Client(fileSystem, LITTLE_ENDIAN)) {
            assertThat(client.call(client.init(7, 46, 0), 63).error()).isEqualTo(-Errno.EINVAL);
            assertThat(client.call(client.request(FuseOpcode.INIT, 0).u32(7, 46), 64)
                            .error())
                    .isEqualTo(-Errno.EINVAL);
            assertThat(fileSystem.calls()).isEmpty();
        }
    }

    @Test
    void requestsBeforeInitAreRefused() throws Exception {
        for (ByteOrder order : orders()) {
            try (Client client = new Client(fileSystem, order)) {
                assertThat(client.call(client.request(FuseOpcode.STATFS, 1)).error())
                        .isEqualTo(-Errno.ENOTCONN);
                Guest.Sent forget = client.guest.send(
                        Client.HIPRIO,
                        client.request(FuseOpcode.FORGET, 5).u64(1).done(),
                        0);
                assertThat(client.guest.await(forget)).isEmpty();
                assertThat(fileSystem.calls()).isEmpty();
            }
        }
    }

    @Test
    void initEndsTheSessionBeforeAndMayChangeTheByteOrder() throws Exception {
        try (Client client = new Client(fileSystem, LITTLE_ENDIAN).mount()) {
            byte[] other = Wire.request(BIG_ENDIAN, FuseOpcode.INIT, 7, 0)
                    .u32(7, 46, 0, (int) Client.LINUX_FLAGS)
                    .u32(new int[12])
                    .done();
            Answer answer =
                    client.guest.call(Client.REQUESTS, BIG_ENDIAN, other, 80).isSound(7);
            assertThat(answer.error()).isZero();
            assertThat(fileSystem.calls()).containsExactly("begin", "close", "begin");

            byte[] rmdir =
                    Wire.request(BIG_ENDIAN, FuseOpcode.RMDIR, 9, 1).name("d").done();
            assertThat(client.guest
                            .call(Client.REQUESTS, BIG_ENDIAN, rmdir, 16)
                            .isSound(9)
                            .error())
                    .isZero();
            assertThat(fileSystem.calls()).containsExactly("rmdir 1 'd'");
        }
    }

    /** Bytes 4 to 7 of a session's first request are FUSE_INIT in one of two orders, or no session begins. */
    @Test
    void whatIsInitInNeitherOrderBeginsNothing() throws Exception {
        try (Client client = new Client(fileSystem, LITTLE_ENDIAN)) {
            for (int opcode : new int[] {0, 26 << 8, 26 << 16, 4096, 1 << 20, -1, Integer.MIN_VALUE}) {
                for (ByteOrder order : orders()) {
                    byte[] request = Wire.request(order, opcode, 0x0102_0304_0403_0201L, 0)
                            .u32(7, 46, 0, (int) Client.LINUX_FLAGS)
                            .u32(new int[12])
                            .done();
                    byte[] reply = client.guest.await(client.guest.send(Client.REQUESTS, request, 80));
                    // Nobody can know in which order it is to be.
                    assertThat(reply).hasSize(16);
                    assertThat(List.of(new Answer(reply, LITTLE_ENDIAN).error(), new Answer(reply, BIG_ENDIAN).error()))
                            .as("opcode %x, %s", opcode, order)
                            .containsAnyOf(-Errno.ENOTCONN, -Errno.EINVAL);
                }
            }
            assertThat(fileSystem.calls()).isEmpty();
            client.mount();
        }
    }

    @Test
    void whatIsSaidInTheOtherOrderIsRefusedAndTheSessionGoesOn() throws Exception {
        for (ByteOrder order : orders()) {
            ByteOrder other = order == LITTLE_ENDIAN ? BIG_ENDIAN : LITTLE_ENDIAN;
            try (Client client = new Client(fileSystem, order).mount()) {
                fileSystem.calls();
                byte[] statfs =
                        Wire.request(other, FuseOpcode.STATFS, 7L << 32 | 7, 1).done();
                Answer answer = client.guest.call(Client.REQUESTS, order, statfs, 512);
                assertThat(answer.error()).isEqualTo(-Errno.EINVAL);
                byte[] forget =
                        Wire.request(other, FuseOpcode.FORGET, 0, 1).u64(1).done();
                assertThat(client.guest.await(client.guest.send(Client.HIPRIO, forget, 0)))
                        .isEmpty();
                assertThat(fileSystem.calls()).isEmpty();
                assertThat(client.call(client.request(FuseOpcode.STATFS, 1)).error())
                        .isZero();
            }
        }
    }

    /** It is answered in the order in which it was asked. */
    @Test
    void whatWaitsWhenTheOrderChangesIsAnsweredInItsOwn() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        fileSystem.on("setlk", arguments -> {
            asked.countDown();
            return -Errno.EAGAIN;
        });
        try (Client client = new Client(fileSystem, BIG_ENDIAN).mount()) {
            Guest.Sent waiting = client.send(
                    client.request(FuseOpcode.SETLKW, 3)
                            .u64(1, 66, 0, Long.MAX_VALUE)
                            .u32(1, 8, 0, 0),
                    0);
            long unique = client.lastUnique();
            asked.await(); // on another queue INIT would be quicker
            byte[] init = Wire.request(LITTLE_ENDIAN, FuseOpcode.INIT, 9, 0)
                    .u32(7, 46, 0, (int) Client.LINUX_FLAGS)
                    .u32(new int[12])
                    .done();
            assertThat(client.guest
                            .call(Client.OTHER_REQUESTS, LITTLE_ENDIAN, init, 80)
                            .isSound(9)
                            .error())
                    .isZero();
            Answer late = client.await(waiting).isSound(unique);
            assertThat(late.error()).isEqualTo(-Errno.ENOTCONN);
        }
    }

    @Test
    void theHiprioQueueBeforeInitIsEmptiedAndBeginsNothing() throws Exception {
        for (ByteOrder order : orders()) {
            try (Client client = new Client(fileSystem, order)) {
                List<byte[]> early = List.of(
                        client.request(FuseOpcode.FORGET, 1).u64(1).done(),
                        client.request(FuseOpcode.BATCH_FORGET, 0)
                                .u32(1, 0)
                                .u64(1, 1)
                                .done(),
                        client.request(FuseOpcode.INTERRUPT, 0).u64(5).done(),
                        client.request(FuseOpcode.STATFS, 1).done(),
                        new byte[3]);
                for (byte[] request : early) {
                    assertThat(client.guest.await(client.guest.send(Client.HIPRIO, request, 0)))
                            .isEmpty();
                }
                byte[] init = client.init(7, 46, Client.LINUX_FLAGS).done();
                assertThat(client.guest
                                .call(Client.HIPRIO, order, init, 80)
                                .isSound(client.lastUnique())
                                .error())
                        .isEqualTo(-Errno.EINVAL);
                assertThat(fileSystem.calls()).isEmpty();
                client.mount();
                assertThat(fileSystem.calls()).containsExactly("begin");
            }
            fileSystem.calls();
        }
    }

    @Test
    void destroyEndsTheSession() throws Exception {
        try (Client client = new Client(fileSystem, LITTLE_ENDIAN).mount()) {
            assertThat(client.call(client.request(FuseOpcode.DESTROY, 0)).error())
                    .isZero();
            assertThat(fileSystem.calls()).containsExactly("begin", "close");
            assertThat(client.call(client.request(FuseOpcode.STATFS, 1)).error())
                    .isEqualTo(-Errno.ENOTCONN);
            client.mount();
            assertThat(client.call(client.request(FuseOpcode.STATFS, 1)).error())
                    .isZero();
        }
    }

    @Test
    void resetEndsTheSession() throws Exception {
        Client client = new Client(fileSystem, LITTLE_ENDIAN).mount();
        client.close();
        assertThat(fileSystem.calls()).containsExactly("begin", "close");
        client.device.reset();
        assertThat(fileSystem.calls()).isEmpty();
    }

    @Test
    void aFileSystemThatCannotBeginASessionFailsTheMountAndNothingElse() throws Exception {
        try (Client client = new Client(
                new FileSystem() {
                    @Override
                    public FileSystemSession begin(long offered) {
                        throw new IllegalStateException("no disk");
                    }

                    @Override
                    public void close() {}
                },
                LITTLE_ENDIAN)) {
            assertThat(client.call(client.init(7, 46, 0), 64).error()).isEqualTo(-Errno.EIO);
            assertThat(client.call(client.init(7, 46, 0), 64).error()).isEqualTo(-Errno.EIO);
        }
    }
}
