package dev.oriel.filesystem.local;

import static dev.oriel.filesystem.FileSystemSession.ROOT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.linux.Errno;
import dev.oriel.linux.IoVector;
import dev.oriel.linux.OpenFlags;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HandleTableTest {
    private static final int ROUNDS = 30_000;

    @TempDir
    Path directory;

    /** The kernel gives out a closed descriptor's number again at once, so a late read would read the next file. */
    @Test
    void aReadThatRacesWithReleaseGetsItsOwnFileOrEBADF() throws Exception {
        Files.writeString(directory.resolve("a"), "a");
        Files.writeString(directory.resolve("b"), "b");
        try (Client client = Client.of(directory);
                ExecutorService pool = Executors.newSingleThreadExecutor()) {
            long[] nodes = {client.walk("a"), client.walk("b")};
            AtomicLong open = new AtomicLong();
            AtomicLong which = new AtomicLong();
            Future<?> opener = pool.submit(() -> {
                for (int i = 0; i < ROUNDS; i++) {
                    int file = i & 1;
                    assertThat(client.open(nodes[file], OpenFlags.O_RDONLY)).isZero();
                    which.set(nodes[file]);
                    open.set(client.opened.fh);
                    assertThat(client.release(nodes[file], client.opened.fh)).isZero();
                }
            });
            MemorySegment memory = Arena.ofAuto().allocate(1);
            IoVector vector = new IoVector(1);
            vector.add(memory.address(), 1);
            while (!opener.isDone()) {
                long fh = open.get();
                long node = which.get();
                long read = client.session.read(Caller.root(), node, fh, 0, 0, vector);
                if (read == 1) {
                    byte expected = (byte) (node == nodes[0] ? 'a' : 'b');
                    assertThat(memory.get(ValueLayout.JAVA_BYTE, 0)).isEqualTo(expected);
                } else {
                    assertThat(read).isEqualTo(-Errno.EBADF);
                }
            }
            opener.get();
        }
    }

    @Test
    void aHandleIsReleasedOnce() throws IOException {
        Files.writeString(directory.resolve("a"), "a");
        try (Client client = Client.of(directory)) {
            long node = client.walk("a");
            client.open(node, OpenFlags.O_RDONLY);
            long fh = client.opened.fh;
            assertThat(client.release(ROOT, fh)).isEqualTo(-Errno.EBADF);
            assertThat(client.release(node, fh)).isZero();
            assertThat(client.release(node, fh)).isEqualTo(-Errno.EBADF);
            client.open(node, OpenFlags.O_RDONLY);
            assertThat(client.opened.fh).isNotEqualTo(fh);
        }
    }
}
