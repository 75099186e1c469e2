package dev.oriel.app.hostile;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static java.nio.charset.StandardCharsets.US_ASCII;

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
    private static final int SET_IRQS = 8;
    private static final int REGION_READ = 9;
    private static final int REGION_WRITE = 10;

    private static final int HEADER = 16;
    private static final int ERROR = 0x20;

    /** DATA_EVENTFD and ACTION_TRIGGER. */
    private static final int ATTACH = 0x24;

    private static final int MSIX = 2;
    private static final int READ_AND_WRITE = 3;
    private static final int SIZE = 64 << 10;
    private static final String CAPABILITIES =
            "{\"capabilities\": {\"max_msg_fds\": 16, \"max_data_xfer_size\": 1048576,"
                    + " \"max_dma_maps\": 65535, \"pgsizes\": 4096, \"write_multiple\": true}}\0";

    private final Arena arena = Arena.ofShared();
    private final MemorySegment buffer = arena.allocate(SIZE, 8);
    private final DescriptorQueue descriptors = new DescriptorQueue(16);
    private @Nullable PciDriver pci;
    private int id;

    VfioUserGuest(Path socket) throws LinuxException {
        super(UnixSocket.connect(socket));
    }

    private static ByteBuffer payload(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.nativeOrder());
    }

    private ByteBuffer ask(int command, ByteBuffer payload, int... fds) throws IOException {
        int size = HEADER + payload.capacity();
        buffer.set(JAVA_SHORT, 0, (short) ++id);
        buffer.set(JAVA_SHORT, 2, (short) command);
        buffer.set(JAVA_INT, 4, size);
        buffer.set(JAVA_INT, 8, 0);
        buffer.set(JAVA_INT, 12, 0);
        MemorySegment.copy(MemorySegment.ofBuffer(payload.duplicate().clear()), 0, buffer, HEADER, payload.capacity());
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

    private void map(int fd, long guestAddress, long size) throws IOException {
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
            map(fd, guestAddress, size);
            return true;
        } catch (IOException refused) {
            return false;
        }
    }

    @Override
    void start() throws Exception {
        negotiate();
        map(memory.fd(), SharedMemory.GUEST_ADDRESS, memory.size());
        PciDriver driver = new PciDriver(this);
        pci = driver;
        driver.interrupts(true, false);
        for (int i = 0; i < queues.size(); i++) {
            ByteBuffer irq =
                    payload(20).putInt(20).putInt(ATTACH).putInt(MSIX).putInt(i).putInt(1);
            ByteBuffer _ = ask(SET_IRQS, irq, queues.get(i).callEvent().number());
        }
        driver.negotiate(FEATURES);
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
