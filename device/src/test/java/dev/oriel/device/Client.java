package dev.oriel.device;

import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.filesystem.FileSystem;
import dev.oriel.fuse.FuseInitFlags;
import dev.oriel.fuse.FuseOpcode;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.ThreadFactory;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A FUSE client in a {@link Guest}: one hiprio queue, two request queues. */
final class Client implements AutoCloseable {
    static final int HIPRIO = 0;
    static final int REQUESTS = 1;
    static final int OTHER_REQUESTS = 2;

    /** What Linux 7.3 offers, without a window. */
    static final long LINUX_FLAGS = 0x5ff_7bff_fffbL;

    static final int MINOR = 46;

    final VirtioFsDevice device;
    final Guest guest;
    final ByteOrder order;
    private long unique = 100;

    Client(FileSystem fileSystem, ByteOrder order) throws Exception {
        this(fileSystem, order, 2);
    }

    Client(FileSystem fileSystem, ByteOrder order, int poolThreads) throws Exception {
        this(fileSystem, order, poolThreads, null);
    }

    Client(FileSystem fileSystem, ByteOrder order, int poolThreads, @Nullable DaxOptions dax) throws Exception {
        device = new VirtioFsDevice(fileSystem, "tag", 2, poolThreads, dax);
        guest = new Guest(device);
        this.order = order;
    }

    /** A client of a device whose threads are made so. */
    Client(FileSystem fileSystem, ByteOrder order, Function<String, ThreadFactory> threads) throws Exception {
        device = new VirtioFsDevice(fileSystem, "tag", 2, 2, null, threads);
        guest = new Guest(device);
        this.order = order;
    }

    Wire request(int opcode, long nodeid) {
        unique += 2;
        return Wire.request(order, opcode, unique, nodeid);
    }

    long lastUnique() {
        return unique;
    }

    Wire init(int major, int minor, long flags) {
        return request(FuseOpcode.INIT, 0)
                .u32(major, minor, 128 << 10)
                .u32((int) flags, (int) (flags >>> 32))
                .u32(new int[11]);
    }

    /** Begins a session as Linux does. */
    Client mount() {
        return mount(MINOR, LINUX_FLAGS);
    }

    Client mount(int minor, long flags) {
        Answer answer = call(init(7, minor, flags), 64);
        assertThat(answer.error()).isZero();
        assertThat(answer.u32(12) & FuseInitFlags.MAX_PAGES).isEqualTo(flags & FuseInitFlags.MAX_PAGES);
        return this;
    }

    /** Sends a request, with room for {@code bodyRoom} bytes beside the header, and waits for the reply. */
    Answer call(Wire request, int bodyRoom) {
        return guest.call(REQUESTS, order, request.done(), 16 + bodyRoom).isSound(unique);
    }

    Guest.Sent send(Wire request, int bodyRoom) {
        return guest.send(REQUESTS, request.done(), 16 + bodyRoom);
    }

    Answer await(Guest.Sent sent) {
        return new Answer(guest.await(sent), order);
    }

    /** What fits all replies of fixed size. */
    Answer call(Wire request) {
        return call(request, 512);
    }

    /** What must be true of the reply to any bytes that were sent as a request. */
    void check(byte[] request, int room, byte[] written) {
        ByteBuffer sent = ByteBuffer.wrap(request).order(order);
        boolean whole = request.length >= Wire.HEADER;
        int opcode = whole ? sent.getInt(4) : 0;
        boolean wordless = opcode == FuseOpcode.FORGET
                || opcode == FuseOpcode.BATCH_FORGET
                || opcode == FuseOpcode.INTERRUPT
                || opcode == FuseOpcode.NOTIFY_REPLY;
        if (wordless || room < 16) {
            assertThat(written).isEmpty();
        } else {
            new Answer(written, order).isSound(whole ? sent.getLong(8) : 0);
        }
    }

    @Override
    public void close() {
        guest.close();
    }
}
