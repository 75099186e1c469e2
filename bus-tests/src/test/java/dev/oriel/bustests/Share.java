package dev.oriel.bustests;

import dev.oriel.device.DaxOptions;
import dev.oriel.device.VirtioFsDevice;
import dev.oriel.driver.FuseClient;
import dev.oriel.driver.FuseClientOptions;
import dev.oriel.filesystem.local.LocalFileSystem;
import dev.oriel.filesystem.local.LocalOptions;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/** A directory of this host, the device that serves it, and the joint to it. */
final class Share implements AutoCloseable {
    static final String TAG = "suite";
    static final int REQUEST_QUEUES = 2;
    static final long WINDOW = 8 << 20;

    /** How the window of the device is filled. */
    enum Window {
        NONE,
        DIRECT,
        STAGED
    }

    final Path directory;
    final Joint joint;
    private final Case given;
    private final LocalFileSystem fileSystem;

    private Share(Case given, Path directory, LocalFileSystem fileSystem, Joint joint) {
        this.given = given;
        this.directory = directory;
        this.fileSystem = fileSystem;
        this.joint = joint;
    }

    /** @param folder empty */
    static Share open(Case given, Path folder, Window window) throws IOException {
        Path directory = Files.createDirectory(folder.resolve("share"));
        LocalFileSystem fileSystem =
                LocalFileSystem.open(LocalOptions.of(directory).xattr(true).build());
        DaxOptions dax = window == Window.NONE ? null : new DaxOptions(WINDOW, window == Window.DIRECT);
        VirtioFsDevice device = new VirtioFsDevice(fileSystem, TAG, REQUEST_QUEUES, 2, dax);
        return new Share(given, directory, fileSystem, given.transport().open(folder, device));
    }

    static FuseClientOptions options(ByteOrder order) {
        return FuseClientOptions.DEFAULTS
                .withOrder(order)
                .withQueues(REQUEST_QUEUES)
                .withBufferMemory(16 << 20)
                .withTimeLimit(Duration.ofSeconds(30));
    }

    /** A client in the byte order of the case. */
    FuseClient mount() throws IOException {
        return mount(options(given.order()));
    }

    FuseClient mount(FuseClientOptions options) throws IOException {
        return FuseClient.connect(joint.probe(options.wantedFeatures()), options);
    }

    static byte[] name(String name) {
        return name.getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public void close() {
        joint.close();
        fileSystem.close();
    }
}
