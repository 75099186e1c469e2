package dev.oriel.virtio.testing;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The driver's end of a packed ring (virtio 1.4, section 2.8). */
public final class DriverPackedRing extends DriverRing {
    private static final VarHandle SHORT =
            JAVA_SHORT.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();
    private static final VarHandle INT =
            JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();
    private static final VarHandle LONG =
            JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();

    private static final int NEXT = 1;
    private static final int WRITE = 2;
    private static final int INDIRECT = 4;
    private static final int AVAIL = 0x80;
    private static final int USED = 0x8000;

    private final int[] chainLength;
    private final int[] freeIds;
    private int freeIdCount;
    private int freeSlots;
    private int availSlot;
    private boolean availWrap = true;
    private int usedSlot;
    private boolean usedWrap = true;
    private int untold;

    DriverPackedRing(SharedMemory shared, Areas areas, int size, boolean indirect, boolean eventIndex) {
        super(shared, areas, size, indirect, eventIndex);
        chainLength = new int[size];
        freeIds = new int[size];
        for (int i = 0; i < size; i++) {
            freeIds[i] = size - 1 - i;
        }
        freeIdCount = size;
        freeSlots = size;
    }

    /** Writes one descriptor, or nonsense, at the place where the next available one belongs; AVAIL and USED are added. */
    public void offerDescriptor(long address, int length, int id, int flags) {
        write(areas.descriptors() + 16L * availSlot, address, length, id, flags | marks());
        advance();
    }

    private int marks() {
        return availWrap ? AVAIL : USED;
    }

    private void advance() {
        availSlot++;
        if (availSlot == size) {
            availSlot = 0;
            availWrap = !availWrap;
        }
    }

    private void write(long at, long address, int length, int id, int flags) {
        LONG.set(memory, at, address);
        INT.set(memory, at + 8, length);
        SHORT.set(memory, at + 12, (short) id);
        SHORT.setRelease(memory, at + 14, (short) flags);
    }

    @Override
    public int offer(List<Buffer> buffers) {
        int needed = indirect ? 1 : buffers.size();
        if (needed > freeSlots || freeIdCount == 0) {
            return -1;
        }
        int id = freeIds[--freeIdCount];
        chainLength[id] = needed;
        freeSlots -= needed;
        untold += needed;
        if (indirect) {
            long table = table(id);
            for (int i = 0; i < buffers.size(); i++) {
                Buffer buffer = buffers.get(i);
                write(table + 16L * i, buffer.address(), buffer.length(), 0, buffer.writable() ? WRITE : 0);
            }
            offerDescriptor(SharedMemory.guestAddress(table), 16 * buffers.size(), id, INDIRECT);
            return id;
        }
        // the flags of the first descriptor come last: they make the chain available (2.8.21.1)
        long head = areas.descriptors() + 16L * availSlot;
        int headFlags = 0;
        for (int i = 0; i < buffers.size(); i++) {
            Buffer buffer = buffers.get(i);
            int flags = (buffer.writable() ? WRITE : 0) | (i + 1 < buffers.size() ? NEXT : 0) | marks();
            if (i == 0) {
                headFlags = flags;
                // as the device left it a lap ago: used, that is both marks alike
                flags = (flags & ~(AVAIL | USED)) | (availWrap ? 0 : AVAIL | USED);
            }
            write(areas.descriptors() + 16L * availSlot, buffer.address(), buffer.length(), id, flags);
            advance();
        }
        SHORT.setRelease(memory, head + 14, (short) headFlags);
        return id;
    }

    @Override
    public boolean kickWanted() {
        int offered = untold;
        untold = 0;
        VarHandle.fullFence();
        int flags = (short) SHORT.getAcquire(memory, areas.device() + 2) & 3;
        if (flags != 2) {
            return flags == 0;
        }
        int event = (short) SHORT.getOpaque(memory, areas.device()) & 0xffff;
        boolean wrap = (event & 0x8000) != 0;
        int ago = availSlot - 1 - (event & 0x7fff) + (wrap == availWrap ? 0 : size);
        return ago >= 0 && ago < offered;
    }

    @Override
    public @Nullable Used poll() {
        if (!ready()) {
            return null;
        }
        long at = areas.descriptors() + 16L * usedSlot;
        int id = (short) SHORT.get(memory, at + 12) & 0xffff;
        int written = (int) INT.get(memory, at + 8);
        usedSlot += chainLength[id];
        if (usedSlot >= size) {
            usedSlot -= size;
            usedWrap = !usedWrap;
        }
        freeIds[freeIdCount++] = id;
        freeSlots += chainLength[id];
        return new Used(id, written);
    }

    private boolean ready() {
        int flags = (short) SHORT.getAcquire(memory, areas.descriptors() + 16L * usedSlot + 14) & 0xffff;
        boolean avail = (flags & AVAIL) != 0;
        boolean used = (flags & USED) != 0;
        return avail == used && used == usedWrap;
    }

    @Override
    public boolean enableInterrupts() {
        if (eventIndex) {
            SHORT.setOpaque(memory, areas.driver(), (short) (usedSlot | (usedWrap ? 0x8000 : 0)));
            SHORT.setRelease(memory, areas.driver() + 2, (short) 2);
        } else {
            SHORT.setRelease(memory, areas.driver() + 2, (short) 0);
        }
        VarHandle.fullFence();
        return ready();
    }

    @Override
    public void disableInterrupts() {
        SHORT.setOpaque(memory, areas.driver() + 2, (short) 1);
    }

    @Override
    public int initialBase() {
        return 0x8000_8000;
    }
}
