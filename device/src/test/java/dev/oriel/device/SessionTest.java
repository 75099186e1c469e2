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
