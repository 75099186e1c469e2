package dev.oriel.driver;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Parts of files as segments of an arena, through the window: the file's own pages for as long as the arena lives. */
@Timeout(60)
class ArenaMapTest {
    private static final int SLOT = (int) DaxDevice.SLOT_SIZE;

    @TempDir
    private Path folder;

    private byte[] make(DaxScript device, long node, int size) throws IOException {
        byte[] content = new byte[size];
        new Random(node).nextBytes(content);
        Files.write(device.file(node), content);
        return content;
    }

    private Path socket() {
        return folder.resolve("socket");
    }

    /** How many mappings of a file this process has. */
    private static long mappings(Path file) throws IOException {
        try (var lines = Files.lines(Path.of("/proc/self/maps"))) {
            return lines.filter(line -> line.endsWith(file.toString())).count();
        }
    }

    @Test
    void aSegmentOfSeveralSlotsIsMappedAndReachesTheFile() throws Exception {
        try (var device = new DaxScript(socket(), 4L * SLOT, folder);
                FuseClient client = FuseClient.connect(socket());
                Arena arena = Arena.ofShared()) {
            byte[] content = make(device, 2, 2 * SLOT + 5000);
            try (DaxDevice.Pin pin = client.dax().orElseThrow().map(2, 100, 2L * SLOT + 4900, true)) {
                MemorySegment segment = pin.show(arena);
                assertThat(segment.isMapped()).isTrue();
                assertThat(segment.isReadOnly()).isFalse();
                segment.load();
                assertThat(segment.isLoaded()).isTrue();
                assertThat(segment.get(JAVA_BYTE, 0)).isEqualTo(content[100]);
                assertThat(segment.get(JAVA_BYTE, segment.byteSize() - 1)).isEqualTo(content[content.length - 1]);
                segment.set(JAVA_BYTE, SLOT, (byte) 42);
                segment.force();
            }
            assertThat(Files.readAllBytes(device.file(2))[100 + SLOT]).isEqualTo((byte) 42);
        }
    }

    @Test
    void aSegmentForReadingIsReadOnlyAndOutlivesTheClient() throws Exception {
        try (var device = new DaxScript(socket(), 4L * SLOT, folder)) {
            byte[] content = make(device, 2, 10_000);
            long inWindow;
            try (Arena arena = Arena.ofShared()) {
                MemorySegment segment;
                try (FuseClient client = FuseClient.connect(socket())) {
                    segment =
                            client.dax().orElseThrow().map(2, 5000, 5000, false).show(arena);
                    inWindow = mappings(device.file(2));
                }
                assertThat(segment.toArray(JAVA_BYTE)).isEqualTo(Arrays.copyOfRange(content, 5000, 10_000));
                assertThatExceptionOfType(IllegalArgumentException.class)
                        .isThrownBy(() -> segment.set(JAVA_BYTE, 0, (byte) 1));
                assertThat(mappings(device.file(2))).isEqualTo(inWindow - 1);
            }
            assertThat(mappings(device.file(2))).as("the arena is closed").isZero();
        }
    }

    /** What the device does to the window later does not change what was shown. */
    @Test
    void whatADeviceMapsThereLaterIsNotSeen() throws Exception {
        try (var device = new DaxScript(socket(), 4L * SLOT, folder);
                FuseClient client = FuseClient.connect(socket());
                Arena arena = Arena.ofShared()) {
            byte[] content = make(device, 2, 4096);
            make(device, 3, 4096);
            MemorySegment segment =
                    client.dax().orElseThrow().map(2, 0, 4096, true).show(arena);
            assertThat(device.setUp(
                            3, 0, 4096, 0, device.mapped.keySet().iterator().next()))
                    .isNotNull();
            assertThat(segment.toArray(JAVA_BYTE)).isEqualTo(content);
            segment.set(JAVA_BYTE, 0, (byte) 42);
        }
    }

    @Test
    void aWindowKeepsOneDescriptorOfAFile() throws Exception {
        try (var device = new DaxScript(socket(), 8L * SLOT, folder);
                FuseClient client = FuseClient.connect(socket())) {
            make(device, 2, 4 * SLOT);
            long before = descriptors(device.file(2));
            client.dax().orElseThrow().map(2, 0, 4L * SLOT, true).close();
            assertThat(descriptors(device.file(2)) - before).isEqualTo(1);
            client.dax().orElseThrow().release(2);
            assertThat(descriptors(device.file(2))).isEqualTo(before);
        }
    }

    private static long descriptors(Path file) throws IOException {
        long count = 0;
        try (var all = Files.list(Path.of("/proc/self/fd"))) {
            for (Path each : all.toList()) {
                if (Files.isSymbolicLink(each) && Files.readSymbolicLink(each).equals(file)) {
                    count++;
                }
            }
        }
        return count;
    }
}
