package dev.oriel.bustests;

import static dev.oriel.bustests.Share.name;
import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.driver.FuseClient;
import dev.oriel.driver.OpenFile;
import dev.oriel.linux.OpenFlags;
import dev.oriel.virtio.VirtioTransport;
import dev.oriel.virtio.memory.SharedMemoryWindow;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Drivers come and go: each finds the device as on the first day. */
@Timeout(120)
class LifeTest {
    @TempDir
    Path folder;

    @OverEveryTransport
    void theDeviceIsFoundAndUsedAgainAfterAReset(Case given) throws IOException {
        try (Share share = Share.open(given, folder, Share.Window.DIRECT)) {
            for (int i = 0; i < 20; i++) {
                Files.writeString(share.directory.resolve("file"), "round " + i);
                try (FuseClient client = share.mount()) {
                    long node = client.lookup(FuseClient.ROOT, name("file")).nodeid();
                    byte[] text = ("round " + i).getBytes(StandardCharsets.UTF_8);
                    assertThat(new FileBytes(client).read(node, 0, text.length)).isEqualTo(text);
                    // left open, and mapped: the reset takes it away
                    OpenFile _ = client.files().open(node, OpenFlags.O_RDWR);
                }
            }
        }
    }

    @OverEveryTransport
    void eachDriverChoosesItsByteOrder(Case given) throws IOException {
        try (Share share = Share.open(given, folder, Share.Window.NONE)) {
            Files.write(share.directory.resolve("file"), new byte[1234]);
            for (int i = 0; i < 4; i++) {
                ByteOrder order = i % 2 == 0 ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
                try (FuseClient client = share.mount(Share.options(order))) {
                    assertThat(client.lookup(FuseClient.ROOT, name("file"))
                                    .attributes()
                                    .size())
                            .isEqualTo(1234);
                }
            }
        }
    }

    /** A guest that crashes says nothing: no DESTROY, no unmount. */
    @OverEveryTransport
    void aDriverThatVanishesLeavesNothingInTheWindow(Case given) throws IOException {
        try (Share share = Share.open(given, folder, Share.Window.DIRECT)) {
            Files.write(share.directory.resolve("file"), new byte[4 << 20]);
            try (RawDriver driver = new RawDriver(share.joint, given.order())) {
                driver.init();
                long node = driver.lookup("file");
                int mapped = driver.setupMapping(node, 0, 0);
                Optional<SharedMemoryWindow> window = driver.transport().sharedMemoryRegion(0);
                assertThat(window.isPresent()).isEqualTo(given.transport().hasRegions);
                if (window.isPresent()) {
                    assertThat(mapped).isZero();
                    assertThat(window.get().isMapped(0, 2 << 20)).isTrue();
                }
            }
            try (VirtioTransport again = share.joint.probe(0)) {
                Optional<SharedMemoryWindow> window = again.sharedMemoryRegion(0);
                window.ifPresent(found -> assertThat(found.mappedBytes()).isZero());
            }
        }
    }

    /** A lock that is waited for would hold up a reset for ever, if it were not given up. */
    @OverEveryTransport
    void aResetEndsWhatWaits(Case given) throws Exception {
        try (Share share = Share.open(given, folder, Share.Window.NONE)) {
            Files.createFile(share.directory.resolve("file"));
            try (RawDriver driver = new RawDriver(share.joint, given.order())) {
                driver.init();
                long node = driver.lookup("file");
                long first = driver.open(node);
                long second = driver.open(node);
                assertThat(driver.lock(node, first, 1)).isZero();
                driver.lockAndDoNotWait(node, second, 2);
            }
            share.mount().close();
        }
    }

    @OverEveryTransport
    void whatWasWrittenIsThereAfterTheDriverIsGone(Case given) throws IOException {
        for (Share.Window window : List.of(Share.Window.DIRECT, Share.Window.STAGED)) {
            Path own = Files.createDirectory(folder.resolve(window.toString()));
            try (Share share = Share.open(given, own, window)) {
                Path file = Files.write(share.directory.resolve("file"), new byte[10_000]);
                try (FuseClient client = share.mount()) {
                    long node = client.lookup(FuseClient.ROOT, name("file")).nodeid();
                    new FileBytes(client).write(node, 5_000, new byte[] {1, 2, 3});
                }
                assertThat(Arrays.copyOfRange(Files.readAllBytes(file), 5_000, 5_003))
                        .containsExactly(1, 2, 3);
            }
        }
    }

    /** Memory that a driver gave back is zero for the next, and what was its is not written to any more. */
    @OverEveryTransport
    void memoryIsZeroForTheNextDriver(Case given) throws IOException {
        try (Share share = Share.open(given, folder, Share.Window.NONE)) {
            Files.write(share.directory.resolve("file"), new byte[100]);
            for (int i = 0; i < 5; i++) {
                try (FuseClient client = share.mount()) {
                    assertThat(client.getattr(FuseClient.ROOT).size()).isPositive();
                }
            }
            try (VirtioTransport transport = share.joint.probe(0);
                    var memory = transport.allocate(1 << 20)) {
                MemorySegment zeros = MemorySegment.ofArray(new byte[1 << 20]);
                assertThat(memory.segment().mismatch(zeros)).isEqualTo(-1);
            }
        }
    }
}
