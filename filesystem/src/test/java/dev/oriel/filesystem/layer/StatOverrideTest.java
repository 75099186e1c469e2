package dev.oriel.filesystem.layer;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.linux.FileMode;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StatOverrideTest {
    private final StatOverride stat = new StatOverride();

    private boolean read(String text, int hostType) {
        byte[] bytes = text.getBytes(UTF_8);
        return stat.read(MemorySegment.ofArray(bytes), bytes.length, hostType);
    }

    private String seen() {
        return Integer.toUnsignedString(stat.uid) + " " + Integer.toUnsignedString(stat.gid) + " "
                + Integer.toOctalString(stat.mode) + " " + Integer.toUnsignedString(stat.rdevMajor) + ":"
                + Integer.toUnsignedString(stat.rdevMinor);
    }

    private String written() {
        MemorySegment text = MemorySegment.ofArray(new byte[StatOverride.MOST_BYTES]);
        int length = stat.write(text);
        return new String(text.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE), UTF_8);
    }

    @ParameterizedTest
    @CsvSource({
        "0:0:0644:file, 0 0 100644 0:0",
        "1000:100:04755:file, 1000 100 104755 0:0",
        "4294967294:4294967294:07777:file, 4294967294 4294967294 107777 0:0",
        "1:2:0777:symlink, 1 2 120777 0:0",
        "1:2:0600:pipe, 1 2 10600 0:0",
        "1:2:0600:socket, 1 2 140600 0:0",
        "0:6:0660:block-8-1, 0 6 60660 8:1",
        "0:0:0666:char-4095-1048575, 0 0 20666 4095:1048575",
        "0:0:00:char-0-0, 0 0 20000 0:0"
    })
    void aRegularFileOfTheHostMayBeAnyFile(String text, String seen) {
        assertThat(read(text, FileMode.S_IFREG)).isTrue();
        assertThat(seen()).isEqualTo(seen);
        assertThat(written()).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource({
        "0:0:0755, 0 0 40755 0:0", // of libkrun, and of containers/storage before it wrote types
        "0:0:040755, 0 0 40755 0:0",
        "7:8:1777:dir, 7 8 41777 0:0" // of containers/storage, in four digits
    })
    void whatOthersWriteIsRead(String text, String seen) {
        assertThat(read(text, FileMode.S_IFDIR)).isTrue();
        assertThat(seen()).isEqualTo(seen);
    }

    @ParameterizedTest
    @CsvSource({"0:0:0120777, 0 0 120777 0:0", "5:6:0100600, 5 6 100600 0:0", "5:6:0600, 5 6 100600 0:0"})
    void aTypeMayBeInTheMode(String text, String seen) {
        assertThat(read(text, FileMode.S_IFREG)).isTrue();
        assertThat(seen()).isEqualTo(seen);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "0",
                "0:0",
                "0:0:",
                ":0:0644",
                "0:0:0644:",
                "0:0:0644:door",
                "0:0:0644:filed",
                "0:0:0644:file:",
                "0:0:0844:file",
                "0:0:0200000:file",
                "-1:0:0644:file",
                "4294967296:0:0644:file",
                "0:0:0644:dir",
                "0:0:040755",
                "0:0:0644:block",
                "0:0:0644:block-8",
                "0:0:0644:block-8-",
                "0:0:0644:char-8-1-1",
                " 0:0:0644:file"
            })
    void whatIsNoValueOfAFileIsNone(String text) {
        assertThat(read(text, FileMode.S_IFREG)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"0:0:0755:file", "0:0:0755:symlink", "0:0:0100755"})
    void aDirectoryOfTheHostIsADirectory(String text) {
        assertThat(read(text, FileMode.S_IFDIR)).isFalse();
    }
}
