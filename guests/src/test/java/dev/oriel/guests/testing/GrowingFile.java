package dev.oriel.guests.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** One file that two guests of one server append to: no line is lost, and none is torn. */
public final class GrowingFile {
    private static final int LINES = 60;

    /** Long enough to lie across pages. */
    private static final int LENGTH = 3001;

    private GrowingFile() {}

    /**
     * Has two clients append, first in turn, then at once, to a file that is not there yet.
     *
     * @param clients that have mounted one share
     * @return what the file holds then
     */
    public static byte[] grow(List<FileSystem> clients, String name) throws IOException, InterruptedException {
        Files.createFile(clients.getFirst().getPath(name));
        byte[] inTurn = inTurn(clients, name);
        List<Thread> writers = IntStream.range(0, clients.size())
                .mapToObj(client -> Thread.ofPlatform()
                        .start(() -> append(clients.get(client).getPath(name), (byte) ('a' + client))))
                .toList();
        for (Thread writer : writers) {
            writer.join();
        }
        byte[] whole = Files.readAllBytes(clients.getFirst().getPath(name));
        assertThat(whole).hasSize(inTurn.length + clients.size() * LINES * LENGTH);
        assertThat(Arrays.copyOf(whole, inTurn.length)).isEqualTo(inTurn);
        int[] seen = new int[clients.size()];
        for (int at = inTurn.length; at < whole.length; at += LENGTH) {
            int client = whole[at] - 'a';
            assertThat(Arrays.copyOfRange(whole, at, at + LENGTH)).isEqualTo(line(whole[at], seen[client]));
            seen[client]++;
        }
        assertThat(seen).containsOnly(LINES);
        for (FileSystem client : clients) {
            assertThat(Files.size(client.getPath(name))).isEqualTo(whole.length);
            assertThat(Files.readAllBytes(client.getPath(name))).isEqualTo(whole);
        }
        return whole;
    }

    /** Each sees what the other has appended before, in size and bytes, though neither has synced. */
    private static byte[] inTurn(List<FileSystem> clients, String name) throws IOException {
        byte[] model = new byte[0];
        try (FileChannel one = FileChannel.open(clients.get(0).getPath(name), StandardOpenOption.APPEND);
                FileChannel other = FileChannel.open(clients.get(1).getPath(name), StandardOpenOption.APPEND)) {
            for (int i = 0; i < LINES; i++) {
                byte[] line = line((byte) 'A', i);
                write(i % 2 == 0 ? one : other, line);
                int before = model.length;
                model = Arrays.copyOf(model, before + line.length);
                System.arraycopy(line, 0, model, before, line.length);
                Path seen = clients.get((i + 1) % 2).getPath(name);
                assertThat(Files.size(seen)).isEqualTo(model.length);
                assertThat(Files.readAllBytes(seen)).isEqualTo(model);
            }
        }
        return model;
    }

    private static byte[] line(byte letter, int number) {
        byte[] line = new byte[LENGTH];
        Arrays.fill(line, letter);
        ByteBuffer.wrap(line, 1, Integer.BYTES).putInt(number);
        return line;
    }

    private static void append(Path file, byte letter) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.APPEND)) {
            for (int i = 0; i < LINES; i++) {
                write(channel, line(letter, i));
            }
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /** In one request. */
    private static void write(FileChannel channel, byte[] line) throws IOException {
        assertThat(channel.write(ByteBuffer.wrap(line))).isEqualTo(line.length);
    }
}
