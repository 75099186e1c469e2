package dev.oriel.bustests;

import static dev.oriel.bustests.Share.name;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.oriel.driver.DaxDevice;
import dev.oriel.driver.DirectoryEntry;
import dev.oriel.driver.FuseClient;
import dev.oriel.driver.NodeEntry;
import dev.oriel.driver.OpenFile;
import dev.oriel.linux.FileMode;
import dev.oriel.linux.OpenFlags;
import dev.oriel.virtio.VirtioTransport;
import dev.oriel.virtio.ring.RingFeatures;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A session begins, and the whole tree is there. */
@Timeout(60)
class MountTest {
    @TempDir
    Path folder;

    @OverEveryTransport
    void theDriverLearnsWhatTheDeviceIs(Case given) throws IOException {
        try (Share share = Share.open(given, folder, Share.Window.DIRECT);
                FuseClient client = share.mount()) {
            assertThat(client.tag()).isEqualTo(Share.TAG);
            assertThat(client.queueCount()).isEqualTo(Share.REQUEST_QUEUES);
            assertThat(client.dax().isPresent()).isEqualTo(given.transport().hasRegions);
            client.dax()
                    .ifPresent(dax ->
                            assertThat(dax.slotCount() * DaxDevice.SLOT_SIZE).isEqualTo(Share.WINDOW));
        }
    }

    @OverEveryTransport
    void aRegionThatTheDeviceDoesNotHaveIsAbsent(Case given) throws IOException {
        try (Share share = Share.open(given, folder, Share.Window.NONE);
                VirtioTransport transport = share.joint.probe(RingFeatures.INDIRECT_DESC)) {
            assertThat(transport.sharedMemoryRegion(0)).isEmpty();
            assertThat(transport.sharedMemoryRegion(1)).isEmpty();
        }
    }

    @OverEveryTransport
    void packedRingsCarryTheSameSession(Case given) throws IOException {
        try (Share share = Share.open(given, folder, Share.Window.NONE)) {
            Files.writeString(share.directory.resolve("file"), "text");
            try (FuseClient client = share.mount(Share.options(given.order()).withPacked(true))) {
                assertThat(client.lookup(FuseClient.ROOT, name("file"))
                                .attributes()
                                .size())
                        .isEqualTo(4);
            }
        }
    }

    @OverEveryTransport
    void aTreeIsWalkedToItsLeaves(Case given) throws IOException {
        try (Share share = Share.open(given, folder, Share.Window.NONE)) {
            for (int i = 0; i < 10; i++) {
                Path inner = Files.createDirectories(
                        share.directory.resolve("folder " + i).resolve("inner"));
                for (int j = 0; j < 20; j++) {
                    Files.write(inner.resolve("file " + j), new byte[i * 1000 + j]);
                }
                Files.createSymbolicLink(inner.resolve("link"), Path.of("file 0"));
            }
            try (FuseClient client = share.mount()) {
                Map<String, Long> seen = new TreeMap<>();
                walk(client, FuseClient.ROOT, "", seen);
                assertThat(seen).hasSize(10 + 10 + 10 * 21);
                assertThat(seen).containsEntry("/folder 7/inner/file 3", 7003L);
                assertThat(seen).containsEntry("/folder 9/inner/link", 6L);
            }
        }
    }

    private static void walk(FuseClient client, long node, String path, Map<String, Long> seen) throws IOException {
        OpenFile directory = client.files().opendir(node, OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY);
        long offset = 0;
        for (List<DirectoryEntry> part = client.files().readdir(directory, offset);
                !part.isEmpty();
                part = client.files().readdir(directory, offset)) {
            for (DirectoryEntry entry : part) {
                offset = entry.offset();
                String child = new String(entry.name(), StandardCharsets.UTF_8);
                if (!child.equals(".") && !child.equals("..")) {
                    NodeEntry found = client.lookup(node, entry.name());
                    seen.put(path + "/" + child, size(found));
                    if ((found.attributes().mode() & FileMode.S_IFMT) == FileMode.S_IFDIR) {
                        walk(client, found.nodeid(), path + "/" + child, seen);
                    }
                    client.forget(found.nodeid(), 1);
                }
            }
        }
        client.files().releasedir(directory);
    }

    private static long size(NodeEntry entry) {
        return (entry.attributes().mode() & FileMode.S_IFMT) == FileMode.S_IFDIR
                ? -1
                : entry.attributes().size();
    }

    @OverEveryTransport
    void aDriverForAnotherKindOfDeviceFindsNone(Case given) throws IOException {
        // over vhost-user no one tells the kind
        try (Share share = Share.open(given, folder, Share.Window.NONE);
                HostileDevice other = new HostileDevice().withDeviceId(4)) {
            Path second = Files.createDirectory(folder.resolve("second"));
            try (Joint joint = given.transport().open(second, other)) {
                if (given.transport() != Transport.VHOST_USER) {
                    assertThatExceptionOfType(IOException.class).isThrownBy(() -> joint.probe(0));
                }
            }
            share.mount().close();
        }
    }
}
