package dev.oriel.app.practice;

import dev.oriel.driver.ClientQueue;
import dev.oriel.driver.ClientRequest;
import dev.oriel.driver.DriverBuffer;
import dev.oriel.driver.FuseClient;
import dev.oriel.driver.FuseException;
import dev.oriel.fuse.FuseAttrOut;
import dev.oriel.fuse.FuseCreateIn;
import dev.oriel.fuse.FuseEntryOut;
import dev.oriel.fuse.FuseFlags;
import dev.oriel.fuse.FuseFlushIn;
import dev.oriel.fuse.FuseOpcode;
import dev.oriel.fuse.FuseOpenIn;
import dev.oriel.fuse.FuseOpenOut;
import dev.oriel.fuse.FuseReleaseIn;
import dev.oriel.fuse.FuseSetattrIn;
import dev.oriel.linux.Errno;
import dev.oriel.linux.FileMode;
import dev.oriel.linux.OpenFlags;
import java.util.function.BooleanSupplier;

/**
 * What guests ask for most, for a folder of files, each request for all of them at once: so the two threads wake each
 * other once for many. For one thread.
 */
final class ManyAtOnce {
    private static final int MODE = FileMode.S_IFREG | FileMode.S_IRUSR | FileMode.S_IWUSR;
    private static final int PIECE = 4096;
    private static final long TIME_LIMIT_NANOS = 2_000_000_000;

    private final ClientQueue queue;
    private final BooleanSupplier ended;
    private final byte[][] names;
    private final byte[] absent;
    private final DriverBuffer buffer;
    private final long folder;
    private final long[] nodes;
    private final long[] handles;

    /**
     * @param names of the files; there are at most as many as the queue is deep
     * @param absent a name that none has
     * @param buffer has a page for each
     * @param ended whether nothing more is to be asked
     */
    ManyAtOnce(
            FuseClient client, long folder, byte[][] names, byte[] absent, DriverBuffer buffer, BooleanSupplier ended) {
        queue = client.queue(0);
        this.folder = folder;
        this.names = names;
        this.absent = absent;
        this.buffer = buffer;
        this.ended = ended;
        nodes = new long[names.length];
        handles = new long[names.length];
    }

    /** A file's node, once {@link #make} has made it. */
    long node(int index) {
        return nodes[index];
    }

    /** Fills in what is asked about a file. */
    @FunctionalInterface
    private interface Question {
        ClientRequest of(ClientRequest request, int index);
    }

    /** Takes what was answered, if it is no error. */
    @FunctionalInterface
    private interface Answer {
        void take(ClientRequest request, int index);
    }

    private static void ignore(ClientRequest request, int index) {}

    /** Asks it about all files, and takes the answers. */
    private void ask(Question question, Answer answer) throws FuseException {
        if (ended.getAsBoolean()) {
            return;
        }
        for (int i = 0; i < names.length; i++) {
            ClientRequest request = queue.acquire();
            int sent = queue.enqueue(question.of(request, i).attach(i));
            if (sent < 0) {
                throw new FuseException(request.toString(), -sent);
            }
        }
        queue.flush();
        for (int answers = 0; answers < names.length; answers++) {
            ClientRequest request = queue.poll();
            while (request == null) {
                if (!queue.await(TIME_LIMIT_NANOS)) {
                    throw new FuseException("practise", Errno.ETIMEDOUT);
                }
                request = queue.poll();
            }
            if (request.result() >= 0 && request.attachment() instanceof Integer index) {
                answer.take(request, index);
            }
            request.release();
        }
    }

    /** Makes the files, writes and closes them. */
    void make() throws FuseException {
        int size = FuseEntryOut.SIZE + FuseOpenOut.SIZE;
        ask(
                (request, index) -> {
                    request.begin(FuseOpcode.CREATE, folder)
                            .argument(new FuseCreateIn())
                            .flags(OpenFlags.O_RDWR | OpenFlags.O_EXCL)
                            .mode(MODE);
                    return request.name(names[index]).reply(size, size);
                },
                (request, index) -> {
                    nodes[index] = request.reply(new FuseEntryOut()).nodeid();
                    handles[index] =
                            request.reply(new FuseOpenOut(), FuseEntryOut.SIZE).fh();
                });
        write();
        close();
    }

    /** Finds them, asks for their attributes, and sets some. */
    void find() throws FuseException {
        lookUp();
        attributes();
        ask(
                (request, _) -> request.begin(FuseOpcode.LOOKUP, folder)
                        .name(absent)
                        .reply(FuseEntryOut.SIZE, FuseEntryOut.SIZE),
                ManyAtOnce::ignore);
        ask(
                (request, index) -> {
                    request.begin(FuseOpcode.SETATTR, nodes[index])
                            .argument(new FuseSetattrIn())
                            .valid(FuseFlags.FATTR_MODE | FuseFlags.FATTR_MTIME)
                            .mode(MODE);
                    return request.reply(FuseAttrOut.SIZE, FuseAttrOut.SIZE);
                },
                ManyAtOnce::ignore);
        lookUp();
        attributes();
    }

    private void lookUp() throws FuseException {
        ask(
                (request, index) -> request.begin(FuseOpcode.LOOKUP, folder)
                        .name(names[index])
                        .reply(FuseEntryOut.SIZE, FuseEntryOut.SIZE),
                ManyAtOnce::ignore);
    }

    private void attributes() throws FuseException {
        ask((request, index) -> request.getattr(nodes[index]), ManyAtOnce::ignore);
    }

    /** Opens, reads and writes them. */
    void use() throws FuseException {
        ask(
                (request, index) -> {
                    request.begin(FuseOpcode.OPEN, nodes[index])
                            .argument(new FuseOpenIn())
                            .flags(OpenFlags.O_RDWR);
                    return request.reply(FuseOpenOut.SIZE, FuseOpenOut.SIZE);
                },
                (request, index) ->
                        handles[index] = request.reply(new FuseOpenOut()).fh());
        for (int i = 0; i < 2; i++) {
            ask(
                    (request, index) ->
                            request.read(nodes[index], handles[index], 0, buffer, (long) index * PIECE, PIECE),
                    ManyAtOnce::ignore);
            write();
        }
        close();
    }

    private void write() throws FuseException {
        ask(
                (request, index) -> request.write(nodes[index], handles[index], 0, buffer, (long) index * PIECE, PIECE),
                ManyAtOnce::ignore);
    }

    private void close() throws FuseException {
        ask(
                (request, index) -> {
                    request.begin(FuseOpcode.FLUSH, nodes[index])
                            .argument(new FuseFlushIn())
                            .fh(handles[index])
                            .lockOwner(1);
                    return request;
                },
                ManyAtOnce::ignore);
        ask(
                (request, index) -> {
                    request.begin(FuseOpcode.RELEASE, nodes[index])
                            .argument(new FuseReleaseIn())
                            .fh(handles[index]);
                    return request;
                },
                ManyAtOnce::ignore);
    }

    /** Removes them. */
    void remove() throws FuseException {
        ask((request, index) -> request.begin(FuseOpcode.UNLINK, folder).name(names[index]), ManyAtOnce::ignore);
    }
}
