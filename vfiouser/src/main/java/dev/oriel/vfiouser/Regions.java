package dev.oriel.vfiouser;

import dev.oriel.bus.pci.PciFunction;
import dev.oriel.linux.Errno;
import dev.oriel.linux.LinuxException;
import dev.oriel.socket.ProtocolViolation;
import dev.oriel.virtio.memory.RegionMemory;
import java.lang.foreign.MemorySegment;

/**
 * The regions of the function, numbered as VFIO does for PCI: BARs 0 to 5, ROM 6, configuration space 7, VGA 8. One
 * that does not exist has the size 0.
 *
 * <pre>
 *   GET_REGION_INFO    0        4        8        12          16          24          32
 *                      +--------+--------+--------+-----------+-----------+-----------+
 *                      | argsz  | flags  | index  | cap offset| size      | offset    |  and a descriptor if it can be mapped
 *                      +--------+--------+--------+-----------+-----------+-----------+
 *   REGION_READ/WRITE  | offset          | region | count     | count bytes of data
 *                      +-----------------+--------+-----------+-----------
 * </pre>
 */
final class Regions {
    /** How many there are. */
    static final int COUNT = 9;

    private static final int CONFIG = 7;
    private static final int INFO_SIZE = 32;
    private static final int ACCESS_HEADER = 16;

    private static final int READ = 1;
    private static final int WRITE = 2;
    private static final int MMAP = 4;

    private final PciFunction function;

    Regions(PciFunction function) {
        this.function = function;
    }

    /** Answers a DEVICE_GET_REGION_INFO. The window's memory goes along with each answer about it. */
    void info(Message message) throws Refusal, LinuxException, ProtocolViolation {
        int index = message.getInt(8);
        if (index < 0 || index >= COUNT || message.getInt(0) < INFO_SIZE) {
            throw new Refusal(
                    Errno.EINVAL,
                    "DEVICE_GET_REGION_INFO of region %s with room for %s bytes: there are %d, of %d"
                            .formatted(
                                    Integer.toUnsignedString(index),
                                    Integer.toUnsignedString(message.getInt(0)),
                                    COUNT,
                                    INFO_SIZE));
        }
        RegionMemory memory = index < PciFunction.BARS ? function.memory(index) : null;
        long size = size(index);
        message.setInt(0, INFO_SIZE);
        message.setInt(4, size == 0 ? 0 : READ | WRITE | (memory == null ? 0 : MMAP));
        message.setInt(12, 0);
        message.setLong(16, size);
        message.setLong(24, 0);
        if (memory == null) {
            message.reply(INFO_SIZE);
        } else {
            message.reply(INFO_SIZE, memory.fd());
        }
    }

    private long size(int index) {
        return index == CONFIG ? PciFunction.CONFIG_SIZE : index < PciFunction.BARS ? function.barLength(index) : 0;
    }

    /** Answers a REGION_READ. */
    void read(Message message) throws Refusal, LinuxException, ProtocolViolation {
        int count = checked("REGION_READ", message);
        MemorySegment data = message.payload(ACCESS_HEADER, count);
        int region = message.getInt(8);
        if (region == CONFIG) {
            function.readConfig((int) message.getLong(0), data);
        } else {
            function.readBar(region, message.getLong(0), data);
        }
        message.reply(ACCESS_HEADER + count);
    }

    /**
     * Answers a REGION_WRITE. A notification is answered before it is passed on: until then the processor of the guest
     * stands still, and holds QEMU's big lock.
     */
    void write(Message message) throws Refusal, LinuxException, ProtocolViolation {
        int count = checked("REGION_WRITE", message);
        if (message.size() < ACCESS_HEADER + count) {
            throw new ProtocolViolation(
                    "REGION_WRITE of %d bytes with %d bytes of data".formatted(count, message.size() - ACCESS_HEADER));
        }
        int region = message.getInt(8);
        long offset = message.getLong(0);
        MemorySegment data = message.payload(ACCESS_HEADER, count);
        int queue = region == CONFIG ? PciFunction.NOTIFIES_NONE : function.notifiedQueue(region, offset, count);
        if (queue == PciFunction.NOTIFIES_NONE) {
            write(region, offset, data);
        }
        message.reply(ACCESS_HEADER);
        if (queue != PciFunction.NOTIFIES_NONE) {
            function.notify(queue);
        }
    }

    private void write(int region, long offset, MemorySegment data) {
        if (region == CONFIG) {
            function.writeConfig((int) offset, data);
        } else {
            function.writeBar(region, offset, data);
        }
    }

    /** The number of bytes of an access, all of which lie in one region. */
    private int checked(String command, Message message) throws Refusal {
        long offset = message.getLong(0);
        int region = message.getInt(8);
        int count = message.getInt(12);
        if (!exists(region, offset, count) || count > Message.MAX_DATA) {
            throw new Refusal(Errno.EINVAL, what(command, region, offset, count));
        }
        return count;
    }

    private boolean exists(int region, long offset, int count) {
        return region >= 0
                && region < COUNT
                && count >= 0
                && offset >= 0
                && offset <= size(region)
                && count <= size(region) - offset;
    }

    private static String what(String command, int region, long offset, int count) {
        return "%s of %s bytes at 0x%x of region %s: there is no such place"
                .formatted(command, Integer.toUnsignedString(count), offset, Integer.toUnsignedString(region));
    }
}
