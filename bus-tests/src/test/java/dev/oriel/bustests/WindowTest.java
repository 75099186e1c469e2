package dev.oriel.bustests;

import static dev.oriel.bustests.Share.name;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.oriel.driver.AttributeChange;
import dev.oriel.driver.DaxDevice;
import dev.oriel.driver.FuseClient;
import dev.oriel.driver.FuseException;
import dev.oriel.linux.Errno;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Files through the window, whichever way it is filled; where a transport has no regions, the same by request. */
@Timeout(120)
class WindowTest {
    private static final int[] SIZES = {1, 4095, 4096, 5000, 2 << 20, (2 << 20) + 1, (5 << 20) + 123};

    @TempDir
    Path folder;

    private static byte[] content(int size, long seed) {
        byte[] content = new byte[size];
        new Random(seed).nextBytes(content);
        return content;
    }

    private static void readEverySize(Share share, FuseClient client) throws IOException {
        FileBytes bytes = new FileBytes(client);
        for (int size : SIZES) {
            byte[] content = content(size, size);
            Files.write(share.directory.resolve("of " + size), content);
            long node = client.lookup(FuseClient.ROOT, name("of " + size)).nodeid();
            assertThat(bytes.read(node, 0, size)).as("%d bytes", size).isEqualTo(content);
            assertThat(bytes.read(node, size / 2, size - size / 2))
                    .isEqualTo(Arrays.copyOfRange(content, size / 2, size));
        }
    }

    @OverEveryTransport
    void filesAreReadThroughTheirOwnPages(Case given) throws IOException {
        try (Share share = Share.open(given, folder, Share.Window.DIRECT);
                FuseClient client = share.mount()) {
            readEverySize(share, client);
        }
    }

    @OverEveryTransport
    void filesAreReadThroughCopies(Case given) throws IOException {
        try (Share share = Share.open(given, folder, Share.Window.STAGED);
                FuseClient client = share.mount()) {
            readEverySize(share, client);
        }
    }

    private static void writeEverySize(Share share, FuseClient client) throws IOException {
        FileBytes bytes = new FileBytes(client);
        for (int size : SIZES) {
            byte[] content = content(size, size);
            Path file = Files.write(share.directory.resolve("of " + size), content);
            long node = client.lookup(FuseClient.ROOT, name("of " + size)).nodeid();
            byte[] change = content(Math.min(size, 3000), -size);
            int position = (size - change.length) / 2;
            bytes.write(node, position, change);
            System.arraycopy(change, 0, content, position, change.length);
            assertThat(bytes.read(node, 0, size)).as("%d bytes", size).isEqualTo(content);
            bytes.sync(node);
            assertThat(Files.readAllBytes(file)).as("%d bytes", size).isEqualTo(content);
        }
    }

    @OverEveryTransport
    void whatIsWrittenIntoPagesIsInTheFile(Case given) throws IOException {
        try (Share share = Share.open(given, folder, Share.Window.DIRECT);
                FuseClient client = share.mount()) {
            writeEverySize(share, client);
        }
    }

    @OverEveryTransport
    void whatIsWrittenIntoCopiesIsInTheFileAfterFsync(Case given) throws IOException {
        try (Share share = Share.open(given, folder, Share.Window.STAGED);
                FuseClient client = share.mount()) {
            writeEverySize(share, client);
        }
    }

    /** Ten times as much as the window has room for. */
    @OverEveryTransport
    void rangesAreReclaimedWhenTheWindowIsFull(Case given) throws IOException {
        int part = 2 << 20;
        int parts = (int) (10 * Share.WINDOW / part);
        for (Share.Window window : new Share.Window[] {Share.Window.DIRECT, Share.Window.STAGED}) {
            Path own = Files.createDirectory(folder.resolve(window.toString()));
            try (Share share = Share.open(given, own, window);
                    FuseClient client = share.mount()) {
                Path file = share.directory.resolve("large");
                Files.write(file, new byte[parts * part]);
                long node = client.lookup(FuseClient.ROOT, name("large")).nodeid();
                FileBytes bytes = new FileBytes(client);
                for (int i = 0; i < parts; i++) {
                    bytes.write(node, (long) i * part + i, content(100, i));
                }
                for (int i = parts - 1; i >= 0; i--) {
                    assertThat(bytes.read(node, (long) i * part + i, 100)).isEqualTo(content(100, i));
                }
                bytes.sync(node);
                byte[] all = Files.readAllBytes(file);
                for (int i = 0; i < parts; i++) {
                    assertThat(Arrays.copyOfRange(all, i * part + i, i * part + i + 100))
                            .isEqualTo(content(100, i));
                }
                client.dax().ifPresent(dax -> assertThat(dax.slotsInUse()).isLessThanOrEqualTo(dax.slotCount()));
            }
        }
    }

    @OverEveryTransport
    void aRangeThatIsPinnedStaysWhileOthersCome(Case given) throws IOException {
        try (Share share = Share.open(given, folder, Share.Window.DIRECT);
                FuseClient client = share.mount()) {
            int size = 32 << 20;
            Files.write(share.directory.resolve("large"), content(size, 1));
            Files.write(share.directory.resolve("pinned"), content(5000, 2));
            long large = client.lookup(FuseClient.ROOT, name("large")).nodeid();
            long pinned = client.lookup(FuseClient.ROOT, name("pinned")).nodeid();
            FileBytes bytes = new FileBytes(client);
            DaxDevice dax = client.dax().orElse(null);
            if (dax == null) {
                assertThat(bytes.read(pinned, 0, 5000)).isEqualTo(content(5000, 2));
                assertThat(bytes.read(large, 0, size)).isEqualTo(content(size, 1));
                return;
            }
            try (DaxDevice.Pin pin = dax.map(pinned, 0, 5000, false)) {
                assertThat(bytes.read(large, 0, size)).isEqualTo(content(size, 1));
                assertThat(pin.segment().toArray(ValueLayout.JAVA_BYTE)).isEqualTo(content(5000, 2));
            }
        }
    }

    @OverEveryTransport
    void requestsAndTheWindowShowTheSameBytes(Case given) throws IOException {
        for (Share.Window window : new Share.Window[] {Share.Window.DIRECT, Share.Window.STAGED}) {
            Path own = Files.createDirectory(folder.resolve(window.toString()));
            try (Share share = Share.open(given, own, window);
                    FuseClient client = share.mount()) {
                Files.write(share.directory.resolve("file"), content(10_000, 1));
                long node = client.lookup(FuseClient.ROOT, name("file")).nodeid();
                FileBytes bytes = new FileBytes(client);
                assertThat(bytes.read(node, 0, 10_000)).isEqualTo(content(10_000, 1));
                client.setattr(node, new AttributeChange().size(20_000));
                byte[] grown = Arrays.copyOf(content(10_000, 1), 20_000);
                assertThat(bytes.read(node, 0, 20_000)).isEqualTo(grown);
                bytes.write(node, 15_000, content(1000, 3));
                System.arraycopy(content(1000, 3), 0, grown, 15_000, 1000);
                bytes.sync(node);
                assertThat(Files.readAllBytes(share.directory.resolve("file"))).isEqualTo(grown);
            }
        }
    }

    @OverEveryTransport
    void rangesBehindTheFileAreRefused(Case given) throws IOException {
        try (Share share = Share.open(given, folder, Share.Window.DIRECT);
                FuseClient client = share.mount()) {
            Files.write(share.directory.resolve("file"), content(10_000, 1));
            long node = client.lookup(FuseClient.ROOT, name("file")).nodeid();
            if (client.dax().isPresent()) {
                DaxDevice dax = client.dax().get();
                assertThatExceptionOfType(FuseException.class)
                        .isThrownBy(() -> dax.map(node, 9_999, 2, false))
                        .satisfies(
                                failed -> assertThat(Errno.name(failed.errno())).isEqualTo("EINVAL"));
            } else {
                assertThat(new FileBytes(client).read(node, 9_999, 2)).endsWith(0);
            }
        }
    }
}
