package dev.oriel.app.hostile;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.util.Objects.requireNonNull;

import dev.oriel.bus.pci.testing.PciDriver;
import dev.oriel.linux.DescriptorQueue;
import dev.oriel.linux.LinuxException;
import dev.oriel.linux.UnixSocket;
import dev.oriel.virtio.testing.SharedMemory;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Over vfio-user, as QEMU does: commands, and through them the registers of the PCI function. */
final class VfioUserGuest extends RawGuest implements PciDriver.Accesses {
    private static final int VERSION = 1;
    private static final int DMA_MAP = 2;
    private static final int GET_REGION_INFO = 5;
    private static final int SET_IRQS = 8;
    private static final int REGION_READ = 9;
    private static final int REGION_WRITE = 10;

    private static final int HEADER = 16;
    private static final int ERROR = 0x20;

    /** DATA_EVENTFD and ACTION_TRIGGER. */
    private static final int ATTACH = 0x24;

    private static final int MSIX = 2;

    /** The region of the window, and where in the configuration space its 64 bits of address are. */
    private static final int WINDOW = 2;

    private static final int WINDOW_BAR = 0x18;

    /** A server that reads anything reads within this time. */
    private static final int READS_MILLIS = 200;

    private static final int READ_AND_WRITE = 3;
    private static final int SIZE = 64 << 10;
    private static final String CAPABILITIES =
            "{\"capabilities\": {\"max_msg_fds\": 16, \"max_data_xfer_size\": 1048576,"
                    + " \"max_dma_maps\": 65535, \"pgsizes\": 4096, \"write_multiple\": true}}\0";

    private final Arena arena = Arena.ofShared();
    private final MemorySegment buffer = arena.allocate(SIZE, 8);
    private final DescriptorQueue descriptors = new DescriptorQueue(16);
    private @Nullable PciDriver pci;
    private long windowLength;
    private int id;

    VfioUserGuest(Path socket, boolean packed) throws LinuxException {
        super(UnixSocket.connect(socket), packed);
    }

    private static ByteBuffer payload(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.nativeOrder());
    }

    private int put(int command, ByteBuffer payload) {
        int size = HEADER + payload.capacity();
        buffer.set(JAVA_SHORT, 0, (short) ++id);
        buffer.set(JAVA_SHORT, 2, (short) command);
        buffer.set(JAVA_INT, 4, size);
        buffer.set(JAVA_INT, 8, 0);
        buffer.set(JAVA_INT, 12, 0);
        MemorySegment.copy(MemorySegment.ofBuffer(payload.duplicate().clear()), 0, buffer, HEADER, payload.capacity());
        return size;
    }

    private ByteBuffer ask(int command, ByteBuffer payload, int... fds) throws IOException {
        int size = put(command, payload);
        LinuxException.check(connection.send(buffer, 0, size, fds, fds.length), "send a command");
        receive(0, HEADER);
        int length = buffer.get(JAVA_INT, 4) - HEADER;
        receive(HEADER, length);
        if ((buffer.get(JAVA_INT, 8) & ERROR) != 0) {
            throw new IOException("command " + command + " was refused with errno " + buffer.get(JAVA_INT, 12));
        }
        ByteBuffer answer = payload(length);
        MemorySegment.copy(buffer, HEADER, MemorySegment.ofBuffer(answer), 0, length);
        return answer;
    }

    private void receive(int offset, int length) throws IOException {
        for (int done = 0; done < length; ) {
            int count = LinuxException.check(
                    connection.receive(buffer, offset + done, length - done, descriptors), "receive a reply");
            if (count == 0) {
                throw new IOException("the server has ended the connection");
            }
            done += count;
        }
    }

    private void negotiate() throws IOException {
        ByteBuffer version =
                payload(4 + CAPABILITIES.length()).putShort((short) 0).putShort((short) 1);
        ByteBuffer _ = ask(VERSION, version.put(CAPABILITIES.getBytes(US_ASCII)));
    }

    private void mapMemory(long guestAddress, long size, int... fd) throws IOException {
        ByteBuffer map = payload(32)
                .putInt(32)
                .putInt(READ_AND_WRITE)
                .putLong(0)
                .putLong(guestAddress)
                .putLong(size);
        ByteBuffer _ = ask(DMA_MAP, map, fd);
    }

    @Override
    boolean passMemory(int fd, long guestAddress, long size) throws IOException {
        negotiate();
        try {
            mapMemory(guestAddress, size, fd);
            return true;
        } catch (IOException refused) {
            return false;
        }
    }

    @Override
    void start() throws Exception {
        negotiate();
        mapMemory(SharedMemory.GUEST_ADDRESS, memory.size(), memory.fd());
        PciDriver driver = new PciDriver(this);
        pci = driver;
        driver.interrupts(true, false);
        for (int i = 0; i < queues.size(); i++) {
            ByteBuffer irq =
                    payload(20).putInt(20).putInt(ATTACH).putInt(MSIX).putInt(i).putInt(1);
            ByteBuffer _ = ask(SET_IRQS, irq, queues.get(i).callEvent().number());
        }
        driver.negotiate(features);
        for (int i = 0; i < queues.size(); i++) {
            driver.queue(i, queues.get(i).ring(), i);
        }
        driver.ready();
    }

    @Override
    void kick(int queue) throws Exception {
        if (pci != null) {
            pci.notify(queue);
        }
    }

    @Override
    Window openWindow() throws IOException {
        ByteBuffer info = ask(GET_REGION_INFO, payload(32).putInt(0, 32).putInt(8, WINDOW));
        windowLength = info.getLong(16);
        return Window.of(descriptors.take(), windowLength);
    }

    @Override
    void passWindow() throws IOException {
        write(PciDriver.CONFIG, WINDOW_BAR, Long.BYTES, WINDOW_ADDRESS);
        mapMemory(WINDOW_ADDRESS, windowLength);
    }

    @Override
    boolean placeRing(int queue, long guestAddress) throws Exception {
        PciDriver driver = requireNonNull(pci);
        driver.negotiate(features);
        driver.queue(queue, QUEUE_SIZE, guestAddress, guestAddress + RING_PART, guestAddress + 2 * RING_PART, queue);
        driver.ready();
        return !driver.needsReset();
    }

    @Override
    void askAndReadNothing() {
        int length = put(REGION_READ, access(0, PciDriver.CONFIG, 256, 0));
        int sent;
        do {
            sent = connection.send(buffer, 0, length, new int[0], 0, READS_MILLIS);
        } while (sent >= 0);
    }

    private static ByteBuffer access(long offset, int region, int count, int data) {
        return payload(16 + data).putLong(0, offset).putInt(8, region).putInt(12, count);
    }

    @Override
    public long read(int region, long offset, int size) throws IOException {
        ByteBuffer answer = ask(REGION_READ, access(offset, region, size, 0));
        long value = 0;
        for (int i = size - 1; i >= 0; i--) {
            value = value << Byte.SIZE | Byte.toUnsignedLong(answer.get(16 + i));
        }
        return value;
    }

    @Override
    public void write(int region, long offset, int size, long value) throws IOException {
        ByteBuffer message = access(offset, region, size, size);
        for (int i = 0; i < size; i++) {
            message.put(16 + i, (byte) (value >>> (Byte.SIZE * i)));
        }
        ByteBuffer _ = ask(REGION_WRITE, message);
    }

    @Override
    public void close() {
        super.close();
        descriptors.close();
        arena.close();
    }
}
