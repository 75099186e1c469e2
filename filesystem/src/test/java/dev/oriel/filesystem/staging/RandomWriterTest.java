package dev.oriel.filesystem.staging;

import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.filesystem.node.Allowance;
import dev.oriel.linux.LinuxException;
import java.io.IOException;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Random reads, writes, truncations, zeros, syncs and opens, against an array of bytes. The seed decides all. */
class RandomWriterTest {

    private static final int STEPS = 20_000;
    private static final int MOST = 1 << 20;

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void theFileIsWhatAnArrayWouldBe(boolean hasTails) throws LinuxException {
        Random random = new Random(hasTails ? 11 : 7);
        ClientMemory memory = new ClientMemory();
        byte[] model = new byte[300_000];
        random.nextBytes(model);
        // room for fewer chunks than two such files have
        try (Staging staging = Staging.open(null, 16 * Staging.CHUNK, 1);
                Allowance payer = staging.allowance()) {
            MemoryStore store = new MemoryStore(model.clone(), hasTails);
            StagedFile file = new StagedFile(staging, store);
            StagedOpen open = file.open(payer);
            assertThat(file.renew()).isZero();
            byte[] neighbours = new byte[2 * MOST];
            StagedFile neighbour = new StagedFile(staging, new MemoryStore(neighbours, false));
            StagedOpen beside = neighbour.open(payer);
            assertThat(neighbour.renew()).isZero();
            for (int step = 0; step < STEPS; step++) {
                String where = "step " + step;
                int offset = random.nextInt(MOST);
                int length = random.nextInt(1 + random.nextInt(60_000));
                switch (random.nextInt(14)) {
                    case 0, 1, 2, 3 -> {
                        byte[] bytes = new byte[length];
                        random.nextBytes(bytes);
                        assertThat(file.write(offset, memory.with(bytes), payer))
                                .as(where)
                                .isEqualTo(length);
                        if (length > 0) {
                            model = Arrays.copyOf(model, Math.max(model.length, offset + length));
                            System.arraycopy(bytes, 0, model, offset, length);
                        }
                    }
                    case 4, 5, 6, 7, 8 -> {
                        long count = file.read(offset, memory.room(length));
                        int expected = Math.clamp(model.length - (long) offset, 0, length);
                        assertThat(count).as(where).isEqualTo(expected);
                        boolean same = expected == 0
                                || Arrays.equals(
                                        memory.bytes(count), Arrays.copyOfRange(model, offset, offset + expected));
                        assertThat(same).as(where).isTrue();
                    }
                    case 9 -> {
                        assertThat(file.truncate(offset)).as(where).isZero();
                        model = Arrays.copyOf(model, offset);
                    }
                    case 10 -> {
                        assertThat(file.zero(offset, length, payer)).as(where).isZero();
                        int end = Math.min(model.length, offset + length);
                        if (offset < end) {
                            Arrays.fill(model, offset, end, (byte) 0);
                        }
                    }
                    case 11 -> {
                        if (random.nextInt(8) == 0) {
                            store.failAt(1 + random.nextInt(4), () -> new IOException("for once"));
                        }
                        if (open.writeBack() == 0) {
                            assertThat(Arrays.equals(store.content(), model))
                                    .as(where)
                                    .isTrue();
                        }
                        store.failAt(0, null);
                    }
                    case 12 -> {
                        assertThat(open.close()).as(where).isZero();
                        assertThat(Arrays.equals(store.content(), model))
                                .as(where)
                                .isTrue();
                        open = file.open(payer);
                        assertThat(file.renew()).as(where).isZero();
                    }
                    default ->
                        assertThat(neighbour.read(offset, memory.room(length))).isEqualTo(length);
                }
                assertThat(file.size()).as(where).isEqualTo(model.length);
            }
            assertThat(open.close()).isZero();
            assertThat(beside.close()).isZero();
            assertThat(Arrays.equals(store.content(), model)).isTrue();
            assertThat(staging.taken()).isZero();
        }
    }
}
