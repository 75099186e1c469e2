package dev.oriel.benchmarks;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.oriel.driver.ClientRequest;
import dev.oriel.driver.FuseClient;
import dev.oriel.fuse.FuseEntryOut;
import dev.oriel.fuse.FuseOpcode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * LOOKUPs in a wide tree: of each name once, in order, or of names by chance. One for all threads of a client.
 *
 * <pre>
 *   d0 .. d999, each with f0 .. f999
 * </pre>
 */
final class LookupSource implements RequestSource {
    static final int FOLDER_FILES = 1000;

    private final int files;
    private final long[] folders;
    private final byte[][] names = new byte[FOLDER_FILES][];
    private final AtomicInteger next = new AtomicInteger();
    private volatile boolean byChance;

    /** Makes a tree of {@code files} empty files or a few more: all folders are full. */
    static void makeTree(Path shared, int files) throws IOException {
        for (int folder = 0; folder < folders(files); folder++) {
            Path path = Files.createDirectory(shared.resolve("d" + folder));
            for (int file = 0; file < FOLDER_FILES; file++) {
                Files.createFile(path.resolve("f" + file));
            }
        }
    }

    private static int folders(int files) {
        return (files + FOLDER_FILES - 1) / FOLDER_FILES;
    }

    /** Looks up the folders of the first {@code files} files. */
    LookupSource(FuseClient client, int files) throws IOException {
        this.files = files;
        folders = new long[folders(files)];
        for (int i = 0; i < folders.length; i++) {
            folders[i] =
                    client.lookup(FuseClient.ROOT, ("d" + i).getBytes(US_ASCII)).nodeid();
        }
        for (int i = 0; i < FOLDER_FILES; i++) {
            names[i] = ("f" + i).getBytes(US_ASCII);
        }
    }

    /** From now on names are chosen by chance. */
    LookupSource byChance() {
        byChance = true;
        return this;
    }

    @Override
    public int steps() {
        return 1;
    }

    @Override
    public void request(RequestSlot slot, ClientRequest request, int step) {
        int file = byChance ? slot.next(files) : next.getAndIncrement() % files;
        request.begin(FuseOpcode.LOOKUP, folders[file / FOLDER_FILES])
                .name(names[file % FOLDER_FILES])
                .reply(FuseEntryOut.SIZE, FuseEntryOut.SIZE);
    }
}
