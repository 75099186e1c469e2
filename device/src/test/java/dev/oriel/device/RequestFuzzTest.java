package dev.oriel.device;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.oriel.fuse.FuseOpcode;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/**
 * Fuzzes the way of a request: the seeds alone in a usual build, for a while with JAZZER_FUZZ=1.
 *
 * <pre>
 *   input   0              1              2
 *           | flags        | room / 4     | request
 *           | 1 big endian |
 *           | 2 cut small  |
 *           | 4 true len   |
 * </pre>
 */
class RequestFuzzTest {
    private static final int BIG_ENDIAN = 1;
    private static final int CUT = 2;
    private static final int TRUE_LENGTH = 4;

    private static final SuspiciousFileSystem FILE_SYSTEM = new SuspiciousFileSystem();
    private static Client[] clients = {};

    @BeforeAll
    static void mount() throws Exception {
        clients = new Client[] {
            new Client(FILE_SYSTEM, ByteOrder.LITTLE_ENDIAN).mount(),
            new Client(FILE_SYSTEM, ByteOrder.BIG_ENDIAN).mount(),
        };
    }

    @AfterAll
    static void unmount() {
        for (Client client : clients) {
            client.close();
        }
    }

    @FuzzTest(maxDuration = "10s")
    void anyBytesAreAnsweredOnceAndSoundly(byte[] input) {
        if (input.length < 3 || input.length > 4096) {
            return;
        }
        int flags = input[0];
        int room = 4 * Byte.toUnsignedInt(input[1]);
        Client client = clients[flags & BIG_ENDIAN];
        byte[] request = Arrays.copyOfRange(input, 2, input.length);
        ByteBuffer view = ByteBuffer.wrap(request).order(client.order);
        if (request.length >= Wire.HEADER) {
            if ((flags & TRUE_LENGTH) != 0) {
                view.putInt(0, request.length);
            }
            int opcode = view.getInt(4);
            if (opcode == FuseOpcode.INIT
                    || opcode == FuseOpcode.DESTROY
                    || opcode == Integer.reverseBytes(FuseOpcode.INIT)) {
                // These end the session that all inputs share.
                view.putInt(4, FuseOpcode.STATFS);
            }
        }
        client.guest.pieceSize = (flags & CUT) != 0 ? 61 : 1 << 20;
        byte[] written = client.guest.await(client.guest.send(Client.REQUESTS, request, room));
        client.check(request, room, written);
        assertThat(FILE_SYSTEM.improper()).isEmpty();
    }
}
