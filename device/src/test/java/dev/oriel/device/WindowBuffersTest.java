package dev.oriel.device;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.fuse.FuseOpcode;
import dev.oriel.linux.Errno;
import dev.oriel.linux.IoVector;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Buffers that a client has in the window: data may be there, the rest is not even looked at. */
class WindowBuffersTest {
    private static final int OUT_HEADER = 16;
    private static final int WRITE_HEAD = Wire.HEADER + 40;
    private static final byte UNTOUCHED = 0x77;

    private final RecordingFileSystem fileSystem = new RecordingFileSystem(~0L);
    private Client client;
    private Guest guest;

    @BeforeEach
    void mount() throws Exception {
        client = new Client(fileSystem, LITTLE_ENDIAN).mount();
        guest = client.guest;
        fileSystem.calls();
        guest.windowMemory().fill(UNTOUCHED);
    }

    @AfterEach
    void close() {
        client.close();
    }

    private long placed(byte[] bytes) {
        long buffer = guest.buffer(bytes.length);
        MemorySegment.copy(bytes, 0, guest.memory(), ValueLayout.JAVA_BYTE, buffer, bytes.length);
        return buffer;
    }

    private Answer answerTo(byte[] request) {
        MemorySegment.copy(request, 0, guest.windowMemory(), ValueLayout.JAVA_BYTE, 0, request.length);
        Guest.Sent sent = guest.send(Client.REQUESTS, Guest.window(0), request.length, guest.buffer(512), 512);
        return client.await(sent);
    }

    @Test
    void aRequestInTheWindowIsAnsweredWithAnError() {
        List<Wire> requests = List.of(
                client.request(FuseOpcode.GETATTR, 1).u32(0, 0).u64(0),
                client.request(FuseOpcode.LOOKUP, 1).name("name"),
                client.request(FuseOpcode.STATFS, 1),
                client.init(7, 46, Client.LINUX_FLAGS),
                client.request(FuseOpcode.DESTROY, 0),
                client.request(FuseOpcode.SETXATTR, 1)
                        .u32(3, 0, 0, 0)
                        .name("user.x")
                        .raw("abc"),
                client.request(FuseOpcode.WRITE, 1)
                        .u64(1, 0)
                        .u32(4, 0)
                        .u64(0)
                        .u32(0, 0)
                        .raw("data"));
        for (Wire request : requests) {
            assertThat(answerTo(request.done()).error()).isEqualTo(-Errno.EFAULT);
        }
        assertThat(fileSystem.calls()).isEmpty();
    }

    @Test
    void anArgumentInTheWindowIsAnsweredWithAnError() {
        byte[] request = client.request(FuseOpcode.SYMLINK, 1)
                .name("n".repeat(100))
                .name("target")
                .done();
        long first = placed(request);
        Answer answer = client.await(guest.sendInTwo(
                Client.REQUESTS, first, 120, Guest.window(0), request.length - 120, guest.buffer(512), 512));
        assertThat(answer.error()).isEqualTo(-Errno.EFAULT);
        assertThat(fileSystem.calls()).isEmpty();
    }

    @Test
    void dataOfAWriteMayBeThere() {
        byte[] data = "from a mapping of another file".getBytes(java.nio.charset.StandardCharsets.UTF_8);
        byte[] written = new byte[data.length];
        fileSystem.on("write", arguments -> {
            IoVector from = (IoVector) arguments[6];
            MemorySegment source = MemorySegment.ofAddress(from.address(0)).reinterpret(from.length(0));
            MemorySegment.copy(source, ValueLayout.JAVA_BYTE, 0, written, 0, written.length);
            return from.bytes();
        });
        byte[] head = client.request(FuseOpcode.WRITE, 1)
                .u64(1, 0)
                .u32(data.length, 0)
                .u64(0)
                .u32(0, 0)
                .raw(data)
                .done();
        MemorySegment.copy(data, 0, guest.windowMemory(), ValueLayout.JAVA_BYTE, 64, data.length);
        long first = placed(head);
        Answer answer = client.await(guest.sendInTwo(
                Client.REQUESTS, first, WRITE_HEAD, Guest.window(64), data.length, guest.buffer(512), 512));
        assertThat(answer.error()).isZero();
        assertThat(written).isEqualTo(data);
    }

    @Test
    void dataOfAReadMayGoThere() {
        fileSystem.on("read", arguments -> {
            IoVector to = (IoVector) arguments[5];
            MemorySegment.ofAddress(to.address(0)).reinterpret(to.length(0)).fill((byte) 'r');
            return to.bytes();
        });
        byte[] request = client.request(FuseOpcode.READ, 1)
                .u64(1, 0)
                .u32(4096, 0)
                .u64(0)
                .u32(0, 0)
                .done();
        Guest.Sent sent = guest.send(
                Client.REQUESTS,
                placed(request),
                request.length,
                guest.buffer(OUT_HEADER),
                OUT_HEADER,
                Guest.window(4096),
                4096);
        assertThat(guest.awaitLength(sent)).isEqualTo(OUT_HEADER + 4096);
        assertThat(guest.windowMemory().get(ValueLayout.JAVA_BYTE, 8191)).isEqualTo((byte) 'r');
    }

    @Test
    void anyOtherReplyDoesNotGoThere() {
        byte[] request = client.request(FuseOpcode.GETATTR, 1).u32(0, 0).u64(0).done();
        long header = guest.buffer(OUT_HEADER);
        Guest.Sent sent =
                guest.send(Client.REQUESTS, placed(request), request.length, header, OUT_HEADER, Guest.window(0), 512);
        assertThat(guest.awaitLength(sent)).isEqualTo(OUT_HEADER);
        assertThat(guest.memory().get(ValueLayout.JAVA_INT_UNALIGNED, header + 4))
                .isEqualTo(-Errno.EFAULT);
        assertWindowUntouched();
    }

    @Test
    void aReplyWhoseHeaderWouldGoThereIsNone() {
        byte[] request = client.request(FuseOpcode.READ, 1)
                .u64(1, 0)
                .u32(400, 0)
                .u64(0)
                .u32(0, 0)
                .done();
        Guest.Sent sent =
                guest.send(Client.REQUESTS, placed(request), request.length, Guest.window(0), OUT_HEADER + 400);
        assertThat(guest.awaitLength(sent)).isZero();
        assertThat(fileSystem.calls()).isEmpty();
        assertWindowUntouched();
    }

    private void assertWindowUntouched() {
        assertThat(guest.windowMemory().toArray(ValueLayout.JAVA_BYTE)).containsOnly(UNTOUCHED);
    }
}
