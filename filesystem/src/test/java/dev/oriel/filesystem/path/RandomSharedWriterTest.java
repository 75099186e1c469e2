package dev.oriel.filesystem.path;

import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.filesystem.local.Client;
import dev.oriel.fuse.FuseFlags;
import dev.oriel.linux.OpenFlags;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Random reads, writes, truncations, renames, syncs and opens by a client, against an array. The seed decides all. */
class RandomSharedWriterTest {
    private static final int STEPS = 20_000;
    private static final int MOST = 400_000;
    private static final long ROOT = FileSystemSession.ROOT;

    private final Random random = new Random(3);
    private byte[] model = new byte[0];
    private String name = "file0";

    @TempDir
    Path folder;

    @ParameterizedTest
    @EnumSource(names = {"JIMFS", "STREAMS"})
    void theFileIsWhatAnArrayWouldBe(Kind kind) throws IOException {
        try (Kind.Provided provided = kind.open(folder);
                Client client = Client.of(provided.serve())) {
            assertThat(client.create(ROOT, name, OpenFlags.O_RDWR, 0644)).isZero();
            long node = client.entry.nodeid;
            long fh = client.opened.fh;
            for (int step = 0; step < STEPS; step++) {
                String where = "step " + step;
                switch (random.nextInt(32)) {
                    case 0 -> {
                        assertThat(client.session.fsync(client.caller(), node, fh, false))
                                .isZero();
                        holds(provided.root(), where);
                    }
                    case 1 -> {
                        assertThat(client.release(node, fh)).isZero();
                        holds(provided.root(), where);
                        assertThat(client.open(node, OpenFlags.O_RDWR)).isZero();
                        fh = client.opened.fh;
                    }
                    case 2 -> {
                        String next = "file" + step;
                        assertThat(client.rename(ROOT, name, ROOT, next, 0)).isZero();
                        name = next;
                    }
                    case 3, 4 -> truncate(client, node, random.nextBoolean() ? fh : 0);
                    case 5, 6, 7, 8, 9, 10, 11, 12, 13 -> write(client, node, fh);
                    default -> read(client, node, fh, where);
                }
            }
            assertThat(client.release(node, fh)).isZero();
            holds(provided.root(), "at the end");
        }
    }

    private void holds(Path root, String where) throws IOException {
        assertThat(Arrays.equals(Files.readAllBytes(root.resolve(name)), model))
                .as(where)
                .isTrue();
    }

    private void truncate(Client client, long node, long fh) {
        int size = random.nextInt(MOST);
        client.change.valid = FuseFlags.FATTR_SIZE | (fh == 0 ? 0 : FuseFlags.FATTR_FH);
        client.change.fh = fh;
        client.change.size = size;
        assertThat(client.setattr(node)).isZero();
        assertThat(client.attr.size).isEqualTo(size);
        model = Arrays.copyOf(model, size);
    }

    private void write(Client client, long node, long fh) {
        byte[] bytes = new byte[1 + random.nextInt(20_000)];
        random.nextBytes(bytes);
        int offset = random.nextInt(MOST);
        MemorySegment.copy(bytes, 0, client.room(bytes.length), ValueLayout.JAVA_BYTE, 0, bytes.length);
        assertThat(client.session.write(client.caller(), node, fh, offset, 0, 0, client.vector))
                .isEqualTo(bytes.length);
        model = Arrays.copyOf(model, Math.max(model.length, offset + bytes.length));
        System.arraycopy(bytes, 0, model, offset, bytes.length);
    }

    private void read(Client client, long node, long fh, String where) {
        int offset = random.nextInt(MOST);
        int length = random.nextInt(20_000);
        MemorySegment memory = client.room(length);
        int expected = Math.clamp(model.length - (long) offset, 0, length);
        assertThat(client.session.read(client.caller(), node, fh, offset, 0, client.vector))
                .as(where)
                .isEqualTo(expected);
        boolean same = expected == 0
                || Arrays.equals(
                        memory.asSlice(0, expected).toArray(ValueLayout.JAVA_BYTE),
                        Arrays.copyOfRange(model, offset, offset + expected));
        assertThat(same).as(where).isTrue();
    }
}
