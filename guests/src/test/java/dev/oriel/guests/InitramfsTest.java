package dev.oriel.guests;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class InitramfsTest {
    @Test
    void everyEntryIsFoundByTheLengthsOfTheOnesBefore() throws Exception {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        Initramfs initramfs = new Initramfs(out);
        initramfs.folder("oriel");
        initramfs.file("oriel/empty", new byte[0]);
        initramfs.file("oriel/five", "12345".getBytes(UTF_8));
        initramfs.file("init", "run".getBytes(UTF_8));
        initramfs.end();

        assertThat(read(out.toByteArray()))
                .containsExactly(
                        Map.entry("oriel", "40755 "),
                        Map.entry("oriel/empty", "100755 "),
                        Map.entry("oriel/five", "100755 12345"),
                        Map.entry("init", "100755 run"),
                        Map.entry("TRAILER!!!", "0 "));
    }

    /** Name -> mode and content, as Linux reads the format. */
    private static Map<String, String> read(byte[] archive) {
        Map<String, String> entries = new LinkedHashMap<>();
        int at = 0;
        while (at < archive.length) {
            assertThat(new String(archive, at, 6, US_ASCII)).isEqualTo("070701");
            int mode = field(archive, at, 1);
            int size = field(archive, at, 6);
            int nameSize = field(archive, at, 11);
            String name = new String(archive, at + 110, nameSize - 1, UTF_8);
            at = aligned(at + 110 + nameSize);
            entries.put(name, Integer.toOctalString(mode) + " " + new String(archive, at, size, UTF_8));
            at = aligned(at + size);
        }
        return entries;
    }

    private static int field(byte[] archive, int entry, int index) {
        return Integer.parseInt(new String(archive, entry + 6 + 8 * index, 8, US_ASCII), 16);
    }

    private static int aligned(int offset) {
        return (offset + 3) & ~3;
    }
}
