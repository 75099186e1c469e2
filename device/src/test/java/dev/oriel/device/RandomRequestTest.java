package dev.oriel.device;

import static java.nio.ByteOrder.BIG_ENDIAN;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.fuse.FuseOpcode;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Requests of every kind with random damage: each comes back once and sound, and what reaches the file system is
 * proper.
 */
@Timeout(120)
class RandomRequestTest {
    private static final int REQUESTS = 40_000;
    private static final int ROOM = 1024;

    /** Values that programs get wrong. */
    private static final int[] EDGES = {
        0, 1, -1, 7, 8, 16, 39, 40, 41, 79, 80, 81, 255, 256, 4095, 4096, 0x7fff_ffff, 0x8000_0000, 0xffff_0000
    };

    static ByteOrder[] orders() {
        return new ByteOrder[] {LITTLE_ENDIAN, BIG_ENDIAN};
    }

    private static byte[] damaged(Random random, ByteOrder order, long unique) {
        int opcode = random.nextInt(20) == 0 ? random.nextInt() : random.nextInt(FuseOpcode.COUNT + 2);
        if (opcode == FuseOpcode.INIT
                || opcode == FuseOpcode.DESTROY
                || opcode == Integer.reverseBytes(FuseOpcode.INIT)) {
            opcode = FuseOpcode.LOOKUP;
        }
        Wire wire = Wire.request(order, opcode, unique, random.nextInt(5));
        int words = random.nextInt(24);
        for (int i = 0; i < words; i++) {
            wire.u32(EDGES[random.nextInt(EDGES.length)]);
        }
        String[] texts = {"name", ".", "..", "a/b", "", "user.x", "x".repeat(255), "x".repeat(256), "\n"};
        for (int i = random.nextInt(3); i > 0; i--) {
            wire.name(texts[random.nextInt(texts.length)]);
        }
        if (random.nextInt(4) == 0) {
            wire.padTo8().u32(8 * random.nextInt(6), random.nextInt(34)).u32(random.nextInt(20), random.nextInt(20));
        }
        byte[] bytes = wire.done();
        ByteBuffer view = ByteBuffer.wrap(bytes).order(order);
        if (random.nextInt(4) == 0) {
            view.putInt(
                    0, random.nextBoolean() ? EDGES[random.nextInt(EDGES.length)] : random.nextInt(bytes.length + 9));
        }
        if (random.nextInt(3) == 0) {
            view.putShort(36, (short) random.nextInt(random.nextBoolean() ? 8 : 65536));
        }
        for (int i = random.nextInt(3); i > 0 && bytes.length > Wire.HEADER; i--) {
            bytes[Wire.HEADER + random.nextInt(bytes.length - Wire.HEADER)] = (byte) random.nextInt();
        }
        return bytes;
    }

    @ParameterizedTest
    @MethodSource("orders")
    void everyRequestComesBackSoundAndNothingImproperIsDone(ByteOrder order) throws Exception {
        Random random = new Random(20_261_122);
        SuspiciousFileSystem fileSystem = new SuspiciousFileSystem();
        try (Client client = new Client(fileSystem, order).mount()) {
            for (int i = 0; i < REQUESTS; i++) {
                byte[] request = damaged(random, order, i);
                client.guest.pieceSize = random.nextInt(4) == 0 ? 13 + random.nextInt(100) : 1 << 20;
                int room = random.nextInt(3) == 0 ? random.nextInt(ROOM) : ROOM;
                byte[] written = client.guest.await(client.guest.send(Client.REQUESTS, request, room));
                client.check(request, room, written);
                assertThat(fileSystem.improper()).isEmpty();
            }
        }
    }
}
