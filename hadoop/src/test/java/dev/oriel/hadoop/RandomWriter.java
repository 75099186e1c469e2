package dev.oriel.hadoop;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Random;
import org.apache.hadoop.fs.FileSystem;

/**
 * Writes, cuts, maps, syncs and opens one file again at random, and holds what is read, here and by Hadoop's own
 * client, against a model. The seed decides all. More steps: {@code -Doriel.writer.steps=20000 -Doriel.writer.seed=7}.
 */
final class RandomWriter {
    /** The size of the window through which it maps, bytes. */
    static final long WINDOW = 8 << 20;

    private static final int STEPS = Integer.getInteger("oriel.writer.steps", 600);
    private static final long SEED = Long.getLong("oriel.writer.seed", 1);
    private static final int MOST_BYTES = 700_000;

    private final Path file;
    private final FileSystem hadoop;
    private final org.apache.hadoop.fs.Path there;
    private final Random random = new Random(SEED);
    private byte[] model = new byte[0];
    private FileChannel channel;
    private String last = "";

    private RandomWriter(Path file, FileSystem hadoop, org.apache.hadoop.fs.Path there) throws IOException {
        this.file = file;
        this.hadoop = hadoop;
        this.there = there;
        channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    }

    /**
     * Writes to a file that is not there yet.
     *
     * @param there where Hadoop's client has it
     */
    static void run(Path file, FileSystem hadoop, org.apache.hadoop.fs.Path there) throws IOException {
        RandomWriter writer = new RandomWriter(file, hadoop, there);
        for (int i = 0; i < STEPS; i++) {
            try {
                writer.step();
            } catch (IOException | AssertionError failed) {
                throw new AssertionError("step " + i + ", seed " + SEED + ": " + writer.last, failed);
            }
        }
        writer.channel.close();
        assertThat(writer.there()).isEqualTo(writer.model);
    }

    private void open() throws IOException {
        channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
    }

    private byte[] there() throws IOException {
        try (InputStream in = hadoop.open(there)) {
            return in.readAllBytes();
        }
    }

    private void step() throws IOException {
        switch (random.nextInt(20)) {
            case 0, 1, 2, 3, 4, 5 -> write(random.nextInt(model.length + 1));
            case 6, 7, 8 -> write(model.length);
            case 9 -> write(random.nextInt(MOST_BYTES));
            case 10, 11, 12, 13 -> read();
            case 14 -> cut();
            case 15 -> {
                last = "fsync";
                channel.force(true);
                assertThat(there()).as("what Hadoop's client reads").isEqualTo(model);
            }
            case 16 -> {
                last = "open again";
                channel.close();
                open();
                assertThat(channel.size()).isEqualTo(model.length);
            }
            case 17 -> append();
            case 18 -> storeByMemory();
            default -> {
                last = "fstat";
                assertThat(channel.size()).isEqualTo(model.length);
            }
        }
    }

    private byte[] bytes() {
        byte[] bytes = new byte[1 + random.nextInt(random.nextInt(8) == 0 ? 200_000 : 3000)];
        random.nextBytes(bytes);
        return bytes;
    }

    private void put(int offset, byte[] bytes) {
        model = Arrays.copyOf(model, Math.max(model.length, offset + bytes.length));
        System.arraycopy(bytes, 0, model, offset, bytes.length);
    }

    private void write(int offset) throws IOException {
        byte[] bytes = bytes();
        if (offset + bytes.length > MOST_BYTES) {
            return;
        }
        last = "write " + bytes.length + " at " + offset + " of " + model.length;
        assertThat(channel.write(ByteBuffer.wrap(bytes), offset)).isEqualTo(bytes.length);
        put(offset, bytes);
    }

    private void append() throws IOException {
        byte[] bytes = bytes();
        if (model.length + bytes.length > MOST_BYTES) {
            return;
        }
        last = "append " + bytes.length + " to " + model.length;
        channel.close();
        try (FileChannel appending = FileChannel.open(file, StandardOpenOption.APPEND)) {
            appending.write(ByteBuffer.wrap(bytes));
        }
        put(model.length, bytes);
        open();
    }

    private void cut() throws IOException {
        int size = random.nextInt(4) == 0 ? 0 : random.nextInt(model.length + 1);
        last = "truncate " + model.length + " to " + size;
        channel.truncate(size);
        model = Arrays.copyOf(model, size);
    }

    private void read() throws IOException {
        if (model.length == 0) {
            return;
        }
        int offset = random.nextInt(model.length);
        int length = 1 + random.nextInt(Math.min(100_000, model.length - offset));
        last = "read " + length + " at " + offset + " of " + model.length;
        ByteBuffer read = ByteBuffer.allocate(length);
        while (read.hasRemaining() && channel.read(read, offset + read.position()) > 0) {}
        assertThat(read.array()).isEqualTo(Arrays.copyOfRange(model, offset, offset + length));
    }

    private void storeByMemory() throws IOException {
        if (model.length == 0) {
            return;
        }
        last = "store by memory in " + model.length;
        MappedByteBuffer mapped = channel.map(FileChannel.MapMode.READ_WRITE, 0, model.length);
        int offset = random.nextInt(model.length);
        byte value = (byte) random.nextInt();
        byte[] seen = new byte[Math.min(1000, model.length - offset)];
        mapped.get(offset, seen);
        assertThat(seen).as("what memory shows").isEqualTo(Arrays.copyOfRange(model, offset, offset + seen.length));
        mapped.put(offset, value);
        mapped.force();
        model[offset] = value;
    }
}
