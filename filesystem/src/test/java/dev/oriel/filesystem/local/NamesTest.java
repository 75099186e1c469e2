package dev.oriel.filesystem.local;

import static dev.oriel.filesystem.FileSystemSession.ROOT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.filesystem.Name;
import dev.oriel.linux.OpenFlags;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whatever bytes a name consists of, it names an entry of its directory or nothing. */
class NamesTest {
    private static final int ROUNDS = 5_000;

    /** What names are broken with, and what they are made of. */
    private static final byte[] ALPHABET = "../..//\0ab\\ \n*%".getBytes(StandardCharsets.ISO_8859_1);

    @TempDir
    Path directory;

    @Test
    void noNameReachesOutOfItsDirectory() throws IOException {
        Path shared = Files.createDirectories(directory.resolve("outer/shared"));
        Files.writeString(directory.resolve("outer/a"), "untouched");
        Files.createSymbolicLink(shared.resolve("ab"), Path.of(".."));
        SplittableRandom random = new SplittableRandom(7);
        Name name = new Name(Arena.ofAuto().allocate(512));
        try (Client client = Client.of(shared)) {
            for (int round = 0; round < ROUNDS; round++) {
                byte[] bytes = bytes(random);
                assertThat(name.set(MemorySegment.ofArray(bytes), 0, bytes.length))
                        .isTrue();
                boolean acceptable = isOneName(bytes);
                client.entry.clear();
                int made = random.nextBoolean()
                        ? client.session.create(
                                client.caller(), ROOT, name, OpenFlags.O_RDWR, 0600, 0, 0, client.entry, client.opened)
                        : client.session.mkdir(client.caller(), ROOT, name, 0700, 0, client.entry);
                int found = client.session.lookup(client.caller(), ROOT, name, client.entry);
                if (acceptable) {
                    assertThat(found).isZero();
                } else {
                    assertThat(made).isNegative();
                    assertThat(found).isNegative();
                }
                if (made == 0 && client.session.unlink(client.caller(), ROOT, name) != 0) {
                    assertThat(client.session.rmdir(client.caller(), ROOT, name))
                            .isZero();
                }
                if (client.opened.fh != 0) {
                    client.release(client.entry.nodeid, client.opened.fh);
                    client.opened.clear();
                }
            }
        }
        assertThat(shared.toFile().list()).containsExactly("ab");
        assertThat(directory.resolve("outer").toFile().list()).containsExactlyInAnyOrder("shared", "a");
        assertThat(directory.toFile().list()).containsExactly("outer");
        assertThat(directory.resolve("outer/a")).hasContent("untouched");
    }

    private static byte[] bytes(SplittableRandom random) {
        int length = random.nextInt(10) == 0 ? random.nextInt(300) : random.nextInt(5);
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = random.nextInt(4) == 0 ? (byte) random.nextInt(256) : ALPHABET[random.nextInt(ALPHABET.length)];
        }
        return bytes;
    }

    private static boolean isOneName(byte[] bytes) {
        if (bytes.length == 0 || bytes.length > 255) {
            return false;
        }
        boolean dots = true;
        for (byte each : bytes) {
            if (each == 0 || each == '/') {
                return false;
            }
            dots &= each == '.';
        }
        return !dots || bytes.length > 2;
    }
}
