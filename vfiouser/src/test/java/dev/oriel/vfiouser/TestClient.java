package dev.oriel.vfiouser;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;
import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.oriel.bus.pci.testing.PciDriver;
import dev.oriel.linux.Connection;
import dev.oriel.linux.DescriptorQueue;
import dev.oriel.linux.Errno;
import dev.oriel.linux.LinuxException;
import dev.oriel.linux.Poll;
import dev.oriel.virtio.testing.ScriptedQueue;
import dev.oriel.virtio.testing.SharedMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** A client for tests: says what QEMU says, or what it is told, byte by byte. */
final class TestClient implements AutoCloseable, PciDriver.Accesses {
    static final int VERSION = 1;
    static final int DMA_MAP = 2;
    static final int DMA_UNMAP = 3;
    static final int GET_INFO = 4;
    static final int GET_REGION_INFO = 5;
    static final int GET_IRQ_INFO = 7;
    static final int SET_IRQS = 8;
    static final int REGION_READ = 9;
    static final int REGION_WRITE = 10;
    static final int RESET = 13;

    static final int NO_REPLY = 0x10;
    static final int ERROR = 0x20;

    static final int ATTACH = 0x24;
    static final int MSIX = 2;

    /** What QEMU 11.1 sends. */
    private static final String QEMU = "{\"capabilities\": {\"migration\": {\"pgsize\": 4096}, \"max_msg_fds\": 16,"
            + " \"max_data_xfer_size\": 1048576, \"max_dma_maps\": 65535, \"pgsizes\": 4096, \"write_multiple\": true}}\0";

    private static final int SIZE = 1 << 17;

    private final Connection connection;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment buffer = arena.allocate(SIZE, 8);
    private final DescriptorQueue descriptors = new DescriptorQueue(16);
    private int id;

    TestClient(Connection connection) {
        this.connection = connection;
    }

    /** An answer: its errno, and its payload. */
    record Reply(int errno, ByteBuffer payload) {}

    static ByteBuffer payload(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.nativeOrder());
    }

    /** Sends bytes as they are. */
    void raw(byte[] bytes, int... fds) throws LinuxException {
        MemorySegment.copy(MemorySegment.ofArray(bytes), 0, buffer, 0, bytes.length);
        LinuxException.check(connection.send(buffer, 0, bytes.length, fds, fds.length), "send");
    }

    /** Sends a message with any header. */
    void message(int command, int size, int flags, ByteBuffer payload, int... fds) throws LinuxException {
        buffer.set(JAVA_SHORT_UNALIGNED, 0, (short) ++id);
        buffer.set(JAVA_SHORT_UNALIGNED, 2, (short) command);
        buffer.set(JAVA_INT_UNALIGNED, 4, size);
        buffer.set(JAVA_INT_UNALIGNED, 8, flags);
        buffer.set(JAVA_INT_UNALIGNED, 12, 0);
        MemorySegment.copy(MemorySegment.ofBuffer(payload.duplicate().clear()), 0, buffer, 16, payload.capacity());
        LinuxException.check(connection.send(buffer, 0, 16 + payload.capacity(), fds, fds.length), "send");
    }

    void send(int command, ByteBuffer payload, int... fds) throws LinuxException {
        message(command, 16 + payload.capacity(), 0, payload, fds);
    }

    /** Sends a command and receives its reply. */
    Reply ask(int command, ByteBuffer payload, int... fds) throws LinuxException {
        send(command, payload, fds);
        return receive();
    }

    Reply receive() throws LinuxException {
        receive(0, 16);
        int size = buffer.get(JAVA_INT_UNALIGNED, 4);
        int flags = buffer.get(JAVA_INT_UNALIGNED, 8);
        if (buffer.get(JAVA_SHORT_UNALIGNED, 0) != (short) id || (flags & 0xf) != 1) {
            throw new AssertionError("not the reply to message " + id);
        }
        receive(16, size - 16);
        ByteBuffer payload = payload(size - 16);
        MemorySegment.copy(buffer, 16, MemorySegment.ofBuffer(payload), 0, size - 16);
        return new Reply((flags & ERROR) != 0 ? buffer.get(JAVA_INT_UNALIGNED, 12) : 0, payload);
    }

    private void receive(int offset, int length) throws LinuxException {
        int done = 0;
        while (done < length) {
            int count = LinuxException.check(
                    connection.receive(buffer, offset + done, length - done, descriptors), "receive");
            if (count == 0) {
                throw new LinuxException("receive", Errno.EPIPE);
            }
            done += count;
        }
    }

    /** Receives so many bytes of answers, and does not look at them. */
    void skip(int length) throws LinuxException {
        receive(0, length);
    }

    /**
     * How the server ended the connection: 0, or -ECONNRESET if it left something unread, which is what QEMU aborts at.
     */
    int end() {
        int count;
        do {
            count = connection.receive(buffer, 0, SIZE, descriptors);
        } while (count > 0);
        return count;
    }

    /** Whether the server has said something, or ended the connection. */
    boolean hears(int millis) {
        Poll poll = new Poll(1);
        poll.set(0, connection.number(), Poll.POLLIN);
        return poll.await(millis) > 0;
    }

    /** The descriptors that came with replies. */
    DescriptorQueue descriptors() {
        return descriptors;
    }

    Reply negotiate() throws LinuxException {
        return ask(VERSION, version(0, QEMU));
    }

    static ByteBuffer version(int major, String text) {
        ByteBuffer version = payload(4 + text.length()).putShort((short) major).putShort((short) 1);
        return version.put(text.getBytes(US_ASCII));
    }

    static ByteBuffer dma(int flags, long offset, long address, long size) {
        return payload(32)
                .putInt(32)
                .putInt(flags)
                .putLong(offset)
                .putLong(address)
                .putLong(size);
    }

    static ByteBuffer unmap(int flags, long address, long size) {
        return payload(24).putInt(24).putInt(flags).putLong(address).putLong(size);
    }

    static ByteBuffer irqs(int flags, int index, int start, int count) {
        return payload(20).putInt(20).putInt(flags).putInt(index).putInt(start).putInt(count);
    }

    static ByteBuffer access(long offset, int region, int count, int data) {
        return payload(16 + data).putLong(0, offset).putInt(8, region).putInt(12, count);
    }

    static ByteBuffer regionInfo(int index, int argsz) {
        return payload(32).putInt(0, argsz).putInt(8, index);
    }

    /** Lets the device reach all of a memory, at its guest address. */
    void map(SharedMemory memory) throws LinuxException {
        check(ask(DMA_MAP, dma(3, 0, SharedMemory.GUEST_ADDRESS, memory.size()), memory.fd()));
    }

    static Reply check(Reply reply) {
        if (reply.errno() != 0) {
            throw new AssertionError("refused with errno " + reply.errno());
        }
        return reply;
    }

    @Override
    public long read(int region, long offset, int size) throws LinuxException {
        ByteBuffer answer =
                check(ask(REGION_READ, access(offset, region, size, 0))).payload();
        long value = 0;
        for (int i = size - 1; i >= 0; i--) {
            value = value << 8 | Byte.toUnsignedLong(answer.get(16 + i));
        }
        return value;
    }

    @Override
    public void write(int region, long offset, int size, long value) throws LinuxException {
        ByteBuffer message = access(offset, region, size, size);
        for (int i = 0; i < size; i++) {
            message.put(16 + i, (byte) (value >>> (8 * i)));
        }
        check(ask(REGION_WRITE, message));
    }

    /** Has queue 1 of an echo device run, as Linux starts it. */
    PciDriver start(SharedMemory memory, ScriptedQueue driver, long features) throws Exception {
        negotiate();
        map(memory);
        return restart(driver, features);
    }

    PciDriver restart(ScriptedQueue driver, long features) throws Exception {
        PciDriver pci = new PciDriver(this);
        pci.interrupts(true, false);
        check(ask(SET_IRQS, irqs(ATTACH, MSIX, 1, 1), driver.callEvent().number()));
        pci.negotiate(features);
        pci.queue(1, driver.ring(), 1);
        pci.ready();
        return pci;
    }

    void shutdown() {
        connection.shutdown();
    }

    @Override
    public void close() {
        connection.close();
        descriptors.close();
        arena.close();
    }
}
