package dev.oriel.benchmarks;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.oriel.driver.FuseClient;
import dev.oriel.driver.OpenFile;
import dev.oriel.linux.OpenFlags;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;

/**
 * What the requests of {@link DriverBenchmark} are about: a folder of small files, and a large one, looked up and
 * opened.
 */
final class DriverFiles {
    static final int FILES = 1000;
    static final int LARGE_BYTES = 64 << 20;

    final byte[][] names = new byte[FILES][];
    final long[] nodeids = new long[FILES];
    final FuseClient client;
    final long folder;
    final OpenFile listed;
    final OpenFile large;

    /** Makes it on the host. */
    static void make(Path shared) throws IOException {
        Path folder = Files.createDirectory(shared.resolve("folder"));
        for (int i = 0; i < FILES; i++) {
            Files.write(folder.resolve(name(i)), new byte[0]);
        }
        byte[] content = new byte[LARGE_BYTES];
        new Random(1).nextBytes(content);
        Files.write(shared.resolve("large"), content);
    }

    /** Looks it up. */
    DriverFiles(FuseClient client) throws IOException {
        this.client = client;
        folder = client.lookup(FuseClient.ROOT, "folder".getBytes(US_ASCII)).nodeid();
        for (int i = 0; i < FILES; i++) {
            names[i] = name(i).getBytes(US_ASCII);
            nodeids[i] = client.lookup(folder, names[i]).nodeid();
        }
        listed = client.files().opendir(folder, OpenFlags.O_RDONLY);
        long node = client.lookup(FuseClient.ROOT, "large".getBytes(US_ASCII)).nodeid();
        large = client.files().open(node, OpenFlags.O_RDWR);
    }

    private static String name(int i) {
        return "file-%04d".formatted(i);
    }
}
