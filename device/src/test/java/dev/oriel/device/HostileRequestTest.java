package dev.oriel.device;

import static java.nio.ByteOrder.BIG_ENDIAN;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.device.operation.RequestLengths;
import dev.oriel.fuse.FuseOpcode;
import dev.oriel.linux.Errno;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What a client can get wrong in a request: each is answered once, with an errno, and the file system never hears of
 * it.
 */
class HostileRequestTest {
    private final RecordingFileSystem fileSystem = new RecordingFileSystem(~0L);

    static ByteOrder[] orders() {
        return new ByteOrder[] {LITTLE_ENDIAN, BIG_ENDIAN};
    }

    /** One good request of each operation that has arguments. */
    static List<Wire> goodRequests(Client client) {
        List<Wire> all = new ArrayList<>();
        all.add(client.request(FuseOpcode.LOOKUP, 1).name("name"));
        all.add(client.request(FuseOpcode.GETATTR, 1).u32(0, 0).u64(0));
        all.add(client.request(FuseOpcode.SETATTR, 1).raw(new byte[88]));
        all.add(client.request(FuseOpcode.SYMLINK, 1).name("name").name("target"));
        all.add(client.request(FuseOpcode.MKNOD, 1).u32(0, 0, 0, 0).name("name"));
        all.add(client.request(FuseOpcode.MKDIR, 1).u32(0, 0).name("name"));
        all.add(client.request(FuseOpcode.UNLINK, 1).name("name"));
        all.add(client.request(FuseOpcode.RMDIR, 1).name("name"));
        all.add(client.request(FuseOpcode.RENAME, 1).u64(1).name("old").name("new"));
        all.add(client.request(FuseOpcode.RENAME2, 1)
                .u64(1)
                .u32(0, 0)
                .name("old")
                .name("new"));
        all.add(client.request(FuseOpcode.LINK, 1).u64(2).name("name"));
        all.add(client.request(FuseOpcode.OPEN, 1).u32(0, 0));
        all.add(client.request(FuseOpcode.OPENDIR, 1).u32(0, 0));
        all.add(client.request(FuseOpcode.READ, 1).u64(1, 0).u32(100, 0).u64(0).u32(0, 0));
        all.add(client.request(FuseOpcode.READDIR, 1)
                .u64(1, 0)
                .u32(100, 0)
                .u64(0)
                .u32(0, 0));
        all.add(client.request(FuseOpcode.READDIRPLUS, 1)
                .u64(1, 0)
                .u32(100, 0)
                .u64(0)
                .u32(0, 0));
        all.add(client.request(FuseOpcode.WRITE, 1)
                .u64(1, 0)
                .u32(4, 0)
                .u64(0)
                .u32(0, 0)
                .raw("data"));
        all.add(client.request(FuseOpcode.RELEASE, 1).raw(new byte[24]));
        all.add(client.request(FuseOpcode.RELEASEDIR, 1).raw(new byte[24]));
        all.add(client.request(FuseOpcode.FLUSH, 1).raw(new byte[24]));
        all.add(client.request(FuseOpcode.FSYNC, 1).raw(new byte[16]));
        all.add(client.request(FuseOpcode.FSYNCDIR, 1).raw(new byte[16]));
        all.add(client.request(FuseOpcode.SETXATTR, 1)
                .u32(3, 0, 0, 0)
                .name("user.x")
                .raw("abc"));
        all.add(client.request(FuseOpcode.GETXATTR, 1).u32(10, 0).name("user.x"));
        all.add(client.request(FuseOpcode.LISTXATTR, 1).u32(10, 0));
        all.add(client.request(FuseOpcode.REMOVEXATTR, 1).name("user.x"));
        all.add(client.request(FuseOpcode.GETLK, 1).raw(new byte[48]));
        all.add(client.request(FuseOpcode.SETLK, 1).raw(new byte[48]));
        all.add(client.request(FuseOpcode.SETLKW, 1).raw(new byte[48]));
        all.add(client.request(FuseOpcode.ACCESS, 1).u32(0, 0));
        all.add(client.request(FuseOpcode.CREATE, 1).u32(0, 0, 0, 0).name("name"));
        all.add(client.request(FuseOpcode.TMPFILE, 1).u32(0, 0, 0, 0).name("name"));
        all.add(client.request(FuseOpcode.IOCTL, 1)
                .u64(1)
                .u32(0, 0x4008_6602)
                .u64(0)
                .u32(4, 0)
                .u32(1));
        all.add(client.request(FuseOpcode.FALLOCATE, 1).raw(new byte[32]));
        all.add(client.request(FuseOpcode.LSEEK, 1).raw(new byte[24]));
        all.add(client.request(FuseOpcode.COPY_FILE_RANGE, 1).raw(new byte[56]));
        all.add(client.request(FuseOpcode.COPY_FILE_RANGE_64, 1).raw(new byte[56]));
        all.add(client.request(FuseOpcode.STATX, 1).raw(new byte[24]));
        return all;
    }

    static int opcode(byte[] request, ByteOrder order) {
        return ByteBuffer.wrap(request).order(order).getInt(4);
    }

    private static long unique(byte[] request, ByteOrder order) {
        return ByteBuffer.wrap(request).order(order).getLong(8);
    }

    /** Sends bytes of which those from {@link Wire#HEADER} on are wrong, and expects an error. */
    private void assertRefused(Client client, byte[] request, String what) {
        Answer answer =
                client.guest.call(Client.REQUESTS, client.order, request, 8192).isSound(unique(request, client.order));
        assertThat(answer.error())
                .as("%s of %s", what, FuseOpcode.name(opcode(request, client.order)))
                .isNegative();
        assertThat(fileSystem.calls()).as(what).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("orders")
    void theSamplesAreGood(ByteOrder order) throws Exception {
        try (Client client = new Client(fileSystem, order).mount()) {
            for (Wire wire : goodRequests(client)) {
                fileSystem.calls();
                byte[] request = wire.done();
                Answer answer =
                        client.guest.call(Client.REQUESTS, order, request, 8192).isSound(unique(request, order));
                assertThat(answer.error())
                        .as(FuseOpcode.name(opcode(request, order)))
                        .isZero();
                assertThat(fileSystem.calls())
                        .as(FuseOpcode.name(opcode(request, order)))
                        .hasSize(1);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("orders")
    void aRequestThatEndsTooEarlyIsRefusedAtEveryLength(ByteOrder order) throws Exception {
        try (Client client = new Client(fileSystem, order).mount()) {
            fileSystem.calls();
            for (Wire wire : goodRequests(client)) {
                byte[] good = wire.done();
                for (int length = Wire.HEADER; length < good.length; length++) {
                    // The header knows that it is short.
                    byte[] honest = Arrays.copyOf(good, length);
                    ByteBuffer.wrap(honest).order(order).putInt(0, length);
                    assertRefused(client, honest, "honest " + length);
                    // The header says that all is there.
                    assertRefused(client, Arrays.copyOf(good, length), "lying " + length);
                    // All is there, and the header says that it is not.
                    byte[] modest = good.clone();
                    ByteBuffer.wrap(modest).order(order).putInt(0, length);
                    assertRefused(client, modest, "modest " + length);
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("orders")
    void aHeaderThatIsNotWholeIsAnsweredAsFarAsItCanBe(ByteOrder order) throws Exception {
        try (Client client = new Client(fileSystem, order).mount()) {
            fileSystem.calls();
            byte[] good = client.request(FuseOpcode.STATFS, 1).done();
            for (int length = 1; length < Wire.HEADER; length++) {
                Answer answer = client.guest
                        .call(Client.REQUESTS, order, Arrays.copyOf(good, length), 100)
                        .isSound(0);
                assertThat(answer.error()).isEqualTo(-Errno.EINVAL);
            }
            assertThat(client.guest.await(client.guest.send(Client.REQUESTS, new byte[0], 16)))
                    .hasSize(16);
            assertThat(fileSystem.calls()).isEmpty();
        }
    }

    @ParameterizedTest
    @MethodSource("orders")
    void lengthsThatLieAreRefused(ByteOrder order) throws Exception {
        try (Client client = new Client(fileSystem, order).mount()) {
            fileSystem.calls();
            for (Wire wire : goodRequests(client)) {
                byte[] good = wire.done();
                for (int length : new int[] {0, 39, good.length + 1, Integer.MAX_VALUE, Integer.MIN_VALUE, -1}) {
                    byte[] request = good.clone();
                    ByteBuffer.wrap(request).order(order).putInt(0, length);
                    assertRefused(client, request, "length " + length);
                }
                if (opcode(good, order) != FuseOpcode.WRITE) {
                    byte[] request = good.clone();
                    ByteBuffer.wrap(request).order(order).putShort(36, (short) 0xffff);
                    assertRefused(client, request, "extensions");
                }
            }
        }
    }

    @Test
    void namesThatAreNoneAreRefused() throws Exception {
        try (Client client = new Client(fileSystem, LITTLE_ENDIAN).mount()) {
            fileSystem.calls();
            for (String name : new String[] {"", ".", "..", "/", "a/b", "/etc/passwd", "../x", "x".repeat(256)}) {
                int expected = name.length() > 255 ? -Errno.ENAMETOOLONG : -Errno.EINVAL;
                Wire[] requests = {
                    client.request(FuseOpcode.LOOKUP, 1).name(name),
                    client.request(FuseOpcode.SYMLINK, 1).name(name).name("t"),
                    client.request(FuseOpcode.MKNOD, 1).u32(0, 0, 0, 0).name(name),
                    client.request(FuseOpcode.MKDIR, 1).u32(0, 0).name(name),
                    client.request(FuseOpcode.UNLINK, 1).name(name),
                    client.request(FuseOpcode.RMDIR, 1).name(name),
                    client.request(FuseOpcode.RENAME, 1).u64(1).name(name).name("b"),
                    client.request(FuseOpcode.RENAME, 1).u64(1).name("a").name(name),
                    client.request(FuseOpcode.RENAME2, 1)
                            .u64(1)
                            .u32(0, 0)
                            .name("a")
                            .name(name),
                    client.request(FuseOpcode.LINK, 1).u64(2).name(name),
                    client.request(FuseOpcode.CREATE, 1).u32(0, 0, 0, 0).name(name),
                };
                for (Wire wire : requests) {
                    byte[] request = wire.done();
                    Answer answer = client.guest.call(Client.REQUESTS, LITTLE_ENDIAN, request, 8192);
                    assertThat(answer.error())
                            .as("%s '%s'", FuseOpcode.name(opcode(request, LITTLE_ENDIAN)), name)
                            .isEqualTo(expected);
                }
            }
            assertThat(fileSystem.calls()).isEmpty();
            assertThat(client.call(client.request(FuseOpcode.LOOKUP, 1).name("x".repeat(255)))
                            .error())
                    .isZero();
            assertThat(client.call(client.request(FuseOpcode.LOOKUP, 1).name("..."))
                            .error())
                    .isZero();
            fileSystem.calls();
            assertThat(client.call(client.request(FuseOpcode.SYMLINK, 1)
                                    .name("l")
                                    .name("t".repeat(4096)))
                            .error())
                    .isEqualTo(-Errno.ENAMETOOLONG);
            assertThat(client.call(client.request(FuseOpcode.SYMLINK, 1)
                                    .name("l")
                                    .name(""))
                            .error())
                    .isEqualTo(-Errno.EINVAL);
            assertThat(client.call(client.request(FuseOpcode.GETXATTR, 1)
                                    .u32(0, 0)
                                    .name("user." + "x".repeat(251)))
                            .error())
                    .isEqualTo(-Errno.ERANGE);
            assertThat(fileSystem.calls()).isEmpty();
        }
    }

    @Test
    void sizesAndCountsThatLieAreRefused() throws Exception {
        try (Client client = new Client(fileSystem, LITTLE_ENDIAN).mount()) {
            fileSystem.calls();
            for (int size : new int[] {5, 0x7fff_ffff, 0x8000_0000, -1}) {
                assertRefused(
                        client,
                        client.request(FuseOpcode.WRITE, 1)
                                .u64(1, 0)
                                .u32(size, 0)
                                .u64(0)
                                .u32(0, 0)
                                .raw("data")
                                .done(),
                        "size");
                assertRefused(
                        client,
                        client.request(FuseOpcode.SETXATTR, 1)
                                .u32(size, 0, 0, 0)
                                .name("user.x")
                                .raw("data")
                                .done(),
                        "size");
            }
            for (int size : new int[] {8193 - 16, 0x7fff_ffff, 0x8000_0000, -1}) {
                assertRefused(
                        client,
                        client.request(FuseOpcode.READ, 1)
                                .u64(1, 0)
                                .u32(size, 0)
                                .u64(0)
                                .u32(0, 0)
                                .done(),
                        "size");
                assertRefused(
                        client,
                        client.request(FuseOpcode.READDIR, 1)
                                .u64(1, 0)
                                .u32(size, 0)
                                .u64(0)
                                .u32(0, 0)
                                .done(),
                        "size");
            }
            assertRefused(
                    client,
                    client.request(FuseOpcode.READ, 1)
                            .u64(1, -1)
                            .u32(10, 0)
                            .u64(0)
                            .u32(0, 0)
                            .done(),
                    "offset");
            for (int count : new int[] {2, 0x1000_0000, 0x7fff_ffff, 0x8000_0001, -1}) {
                byte[] forget = client.request(FuseOpcode.BATCH_FORGET, 0)
                        .u32(count, 0)
                        .u64(1, 1)
                        .done();
                assertThat(client.guest.await(client.guest.send(Client.HIPRIO, forget, 16)))
                        .isEmpty();
                assertThat(fileSystem.calls()).isEmpty();
            }
        }
    }

    @ParameterizedTest
    @MethodSource("orders")
    void aReplyThatDoesNotFitIsAnErrorAndNothingIsDone(ByteOrder order) throws Exception {
        try (Client client = new Client(fileSystem, order).mount()) {
            for (Wire wire : goodRequests(client)) {
                byte[] request = wire.done();
                int whole =
                        client.guest.call(Client.REQUESTS, order, request, 8192).bodyLength();
                fileSystem.calls();
                for (int room = 0; room < 16; room++) {
                    assertThat(client.guest.await(client.guest.send(Client.REQUESTS, request, room)))
                            .isEmpty();
                }
                assertThat(fileSystem.calls()).isEmpty();
                for (int room = 16; room < 16 + whole; room++) {
                    Answer answer = client.guest
                            .call(Client.REQUESTS, order, request, room)
                            .isSound(unique(request, order));
                    assertThat(answer.error())
                            .as("%s with room for %d", FuseOpcode.name(opcode(request, order)), room)
                            .isEqualTo(-Errno.EINVAL);
                }
                assertThat(fileSystem.calls()).isEmpty();
            }
        }
    }

    @Test
    void buffersOutsideMemoryAreAnErrorOfTheRequestOnly() throws Exception {
        try (Client client = new Client(fileSystem, LITTLE_ENDIAN).mount()) {
            fileSystem.calls();
            byte[] read = client.request(FuseOpcode.READ, 1)
                    .u64(1, 0)
                    .u32(100, 0)
                    .u64(0)
                    .u32(0, 0)
                    .done();
            // The header of the reply lies in memory, the buffer behind it does not.
            long end = client.guest.memory().byteSize();
            long at = client.guest.buffer(read.length);
            client.guest.memory().asSlice(at, read.length).copyFrom(MemorySegment.ofArray(read));
            client.guest.pieceSize = 80;
            Guest.Sent sent = client.guest.send(Client.REQUESTS, at, read.length, end - 80, 160);
            assertThat(client.guest.awaitLength(sent)).isEqualTo(16);
            client.guest.pieceSize = 1 << 20;
            sent = client.guest.send(Client.REQUESTS, end - 8, read.length, client.guest.buffer(16), 16);
            client.guest.awaitLength(sent);
            assertThat(fileSystem.calls()).isEmpty();
            assertThat(client.call(client.request(FuseOpcode.STATFS, 1)).error())
                    .isZero();
        }
    }

    /** What waits keeps its arguments: so they are as long as the longest of their kind, and no longer. */
    @ParameterizedTest
    @MethodSource("orders")
    void aRequestThatIsLongerThanItsKindCanBeIsRefused(ByteOrder order) throws Exception {
        try (Client client = new Client(fileSystem, order).mount()) {
            for (Wire wire : goodRequests(client)) {
                byte[] request = wire.done();
                int opcode = opcode(request, order);
                int length = RequestLengths.longest(opcode) + 1;
                if (length == RequestLengths.BEGINNING_ONLY + 1) {
                    continue;
                }
                byte[] longer = Arrays.copyOf(request, length);
                ByteBuffer.wrap(longer).order(order).putInt(0, length);
                fileSystem.calls();
                assertRefused(client, longer, "one byte too many");
                boolean mayBeLong = switch (opcode) {
                    case FuseOpcode.SETXATTR,
                            FuseOpcode.SYMLINK,
                            FuseOpcode.MKNOD,
                            FuseOpcode.MKDIR,
                            FuseOpcode.CREATE,
                            FuseOpcode.TMPFILE -> true;
                    default -> false;
                };
                assertThat(length > 2048).as(FuseOpcode.name(opcode)).isEqualTo(mayBeLong);
            }
        }
    }

    @Test
    void onlyForgetAndInterruptPassTheHiprioQueue() throws Exception {
        try (Client client = new Client(fileSystem, LITTLE_ENDIAN).mount()) {
            fileSystem.calls();
            byte[] request = client.request(FuseOpcode.RMDIR, 1).name("d").done();
            assertThat(client.guest
                            .call(Client.HIPRIO, LITTLE_ENDIAN, request, 16)
                            .error())
                    .isEqualTo(-Errno.EINVAL);
            byte[] destroy = client.request(FuseOpcode.DESTROY, 1).done();
            assertThat(client.guest
                            .call(Client.HIPRIO, LITTLE_ENDIAN, destroy, 16)
                            .error())
                    .isEqualTo(-Errno.EINVAL);
            byte[] init = client.init(7, 46, 0).done();
            assertThat(client.guest.call(Client.HIPRIO, LITTLE_ENDIAN, init, 80).error())
                    .isEqualTo(-Errno.EINVAL);
            assertThat(fileSystem.calls()).isEmpty();
        }
    }
}
