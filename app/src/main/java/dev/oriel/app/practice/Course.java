package dev.oriel.app.practice;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.oriel.driver.AttributeChange;
import dev.oriel.driver.ClientLocks.Lock;
import dev.oriel.driver.DriverBuffer;
import dev.oriel.driver.FuseClient;
import dev.oriel.driver.FuseException;
import dev.oriel.driver.FuseFiles;
import dev.oriel.driver.OpenFile;
import dev.oriel.linux.FallocateMode;
import dev.oriel.linux.FileMode;
import dev.oriel.linux.FlockBuffer;
import dev.oriel.linux.OpenFlags;
import dev.oriel.linux.RenameFlags;
import dev.oriel.linux.Seek;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * What is practised: in each round files are made, found, written, read, listed and removed, and where it is asked for
 * every other operation is done once. A round leaves nothing in the folder unless it was ended. For one thread.
 */
final class Course {
    /** Requests that are in flight at most. */
    static final int DEPTH = 128;

    /** Bytes of payloads. */
    static final long BUFFERS = 1L << 20;

    /** A page of the large payload for each. */
    private static final int FILES = 64;

    private static final int SMALL = 4096;

    private static final String[] PATH = {"folder", ".hidden", "deeper"};

    /** As much as two threads read together, if the server has two for it. */
    private static final int LARGE = 256 << 10;

    private static final int MODE = FileMode.S_IRUSR | FileMode.S_IWUSR;
    private static final int FS_IOC_GETFLAGS = 0x8008_6601;
    private static final int STATX_BASIC_STATS = 0x7ff;

    private final FuseClient client;
    private final FuseFiles files;
    private final boolean rare;
    private final BooleanSupplier ended;
    private final byte[][] names = new byte[FILES][];

    /**
     * @param rare whether the rare operations are done too: seldom, as their classes are to be initialized, and their
     *     code is not to be compiled
     * @param ended whether nothing more is to be asked
     */
    Course(FuseClient client, boolean rare, BooleanSupplier ended) {
        this.client = client;
        this.rare = rare;
        this.ended = ended;
        files = client.files();
        for (int i = 0; i < FILES; i++) {
            names[i] = name(i % 8 == 0 ? ".hidden-" + i : "file-" + i + ".txt");
        }
    }

    /** What this host or this file system does not have is no reason to leave out the rest. */
    @FunctionalInterface
    private interface Exercise {
        void run() throws FuseException;
    }

    private void attempt(Exercise exercise) {
        if (ended.getAsBoolean()) {
            return;
        }
        try {
            exercise.run();
        } catch (FuseException refused) {
            // its way to the errno has been gone
        }
    }

    private static byte[] name(String name) {
        return name.getBytes(US_ASCII);
    }

    /** One round, some folders deep, as few files lie at the top. */
    void run() throws FuseException {
        long[] folders = new long[PATH.length];
        long above = FuseClient.ROOT;
        for (int i = 0; i < PATH.length; i++) {
            folders[i] = client.mkdir(above, name(PATH[i]), FileMode.S_IRWXU).nodeid();
            above = folders[i];
        }
        files(above);
        for (int i = PATH.length - 1; i >= 0; i--) {
            long parent = i == 0 ? FuseClient.ROOT : folders[i - 1];
            byte[] name = name(PATH[i]);
            attempt(() -> client.rmdir(parent, name));
            client.forgetAll(List.of(folders[i]));
        }
    }

    private void files(long folder) throws FuseException {
        try (DriverBuffer buffer = client.allocate(LARGE)) {
            ManyAtOnce many = new ManyAtOnce(client, folder, names, name("none"), buffer, ended);
            many.make();
            many.find();
            many.use();
            attempt(() -> list(folder));
            if (rare) {
                long node = many.node(0);
                attempt(() -> large(folder, node, many.node(1), buffer));
                attributes(node);
                otherNames(folder, node);
            }
            many.remove();
            for (int i = 0; i < FILES; i++) {
                client.forget(many.node(i), 3);
            }
        }
    }

    private void list(long folder) throws FuseException {
        OpenFile directory = files.opendir(folder, OpenFlags.O_RDONLY);
        attempt(() -> files.readdir(directory, 0));
        attempt(() -> files.readdirplus(directory, 0).forEach(entry -> {
            var known = entry.entry();
            if (known != null) {
                client.forget(known.nodeid(), 1);
            }
        }));
        attempt(() -> files.fsyncdir(directory, true));
        attempt(() -> client.getattr(directory));
        files.releasedir(directory);
    }

    private void large(long folder, long node, long other, DriverBuffer buffer) throws FuseException {
        OpenFile file = files.open(node, OpenFlags.O_RDWR);
        attempt(() -> files.write(file, 0, buffer, 0, LARGE));
        attempt(() -> files.read(file, 0, buffer, 0, LARGE));
        attempt(() -> files.fallocate(file, FallocateMode.FALLOC_FL_KEEP_SIZE, 0, SMALL));
        attempt(() -> files.lseek(file, 0, Seek.SEEK_HOLE));
        attempt(() -> files.fsync(file, true));
        attempt(() -> client.controls().ioctl(file, 0, FS_IOC_GETFLAGS, new byte[0], Integer.BYTES));
        Lock whole = new Lock(0, Long.MAX_VALUE, FlockBuffer.F_WRLCK, 1);
        Lock none = new Lock(0, Long.MAX_VALUE, FlockBuffer.F_UNLCK, 1);
        attempt(() -> client.locks().get(file, 1, whole));
        for (boolean flock : new boolean[] {false, true}) {
            attempt(() -> client.locks().await(file, 1, whole, flock));
            attempt(() -> client.locks().set(file, 1, none, flock));
        }
        attempt(() -> {
            OpenFile copy = files.open(other, OpenFlags.O_WRONLY);
            attempt(() -> files.copyFileRange(file, 0, copy, 0, SMALL));
            attempt(() -> files.copyFileRange64(file, 0, copy, 0, SMALL));
            files.release(copy);
        });
        attempt(() -> files.release(
                files.tmpfile(folder, OpenFlags.O_RDWR, FileMode.S_IFREG | MODE).file()));
        attempt(() -> client.setattr(node, new AttributeChange().size(SMALL)));
        files.release(file);
    }

    private void attributes(long node) {
        byte[] attribute = name("user.practice");
        attempt(() -> client.extendedAttributes().set(node, attribute, attribute, 0));
        attempt(() -> client.extendedAttributes().get(node, attribute));
        attempt(() -> client.extendedAttributes().list(node));
        attempt(() -> client.extendedAttributes().remove(node, attribute));
        attempt(() -> client.access(node, 0));
        attempt(() -> client.statfs(FuseClient.ROOT));
        attempt(() -> client.statx(node, STATX_BASIC_STATS));
        attempt(() -> client.syncfs(FuseClient.ROOT));
        client.interrupt(0);
    }

    private void otherNames(long folder, long node) {
        attempt(() -> {
            long link = client.symlink(folder, name("link"), name("file-0")).nodeid();
            attempt(() -> client.readlink(link));
            client.forget(link, 1);
        });
        attempt(() -> client.rename(folder, name("link"), folder, name("renamed"), 0));
        attempt(() -> client.unlink(folder, name("renamed")));
        attempt(() -> client.forget(client.link(node, folder, name("hard")).nodeid(), 1));
        attempt(() -> client.rename(folder, name("hard"), folder, name("hard-2"), RenameFlags.RENAME_NOREPLACE));
        attempt(() -> client.unlink(folder, name("hard-2")));
        attempt(() -> client.forget(
                client.mknod(folder, name("pipe"), FileMode.S_IFIFO | MODE, 0).nodeid(), 1));
        attempt(() -> client.unlink(folder, name("pipe")));
    }
}
