package dev.oriel.driver;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.oriel.fuse.FuseGetattrIn;
import dev.oriel.fuse.FuseInHeader;
import dev.oriel.fuse.FuseOpcode;
import dev.oriel.fuse.FuseOutHeader;
import dev.oriel.fuse.FuseReadIn;
import dev.oriel.fuse.FuseStruct;
import dev.oriel.fuse.FuseWriteIn;
import dev.oriel.linux.Errno;
import dev.oriel.linux.OpenFlags;
import dev.oriel.virtio.ring.DriverRing;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One FUSE request and its reply, in memory that the device shares. Comes from a {@link ClientQueue}, is used again and
 * again, and allocates nothing.
 *
 * <pre>
 *   control memory, somewhat more than 16 KiB
 *   +-----------+-----------+------+----- ... -----+------------+---------------+
 *   | in_header | arguments | name |               | out_header | reply, fixed  |
 *   +-----------+-----------+------+----- ... -----+------------+---------------+
 *    device reads: this, then the payload           device writes: this, then the room
 * </pre>
 *
 * <p>To be built, submitted, and read by one thread at a time. After the reply came, the device can still change the
 * memory: read each field once.
 */
public final class ClientRequest {
    /**
     * Bytes of control memory. Not a power of two: the requests of a queue lie one behind the other, and at 16 KiB
     * their headers would all fall into the same few sets of the processor's caches.
     */
    static final int CONTROL_SIZE = 16 * 1024 + 5 * 64;

    /** Where the reply begins in the control memory. */
    private static final int REPLY = 10 * 1024;

    /** Most bytes of arguments and names, after the header. */
    public static final int ARGUMENTS_MAX = REPLY - FuseInHeader.SIZE;

    /** Most bytes of a reply that needs no {@link DriverBuffer}. */
    public static final int REPLY_MAX = CONTROL_SIZE - REPLY - FuseOutHeader.SIZE;

    /** Errors go down to this (Linux, fs/fuse/dev.c). */
    private static final int ERROR_MIN = -511;

    /** Who is told when the reply comes. */
    enum Mode {
        /** The thread that waits for this very request. */
        CALL,
        /** Whoever polls the queue. */
        POLL,
        /** Nobody: the request is free again. */
        NOBODY
    }

    final ClientQueue queue;
    final int token;
    Mode mode = Mode.NOBODY;
    volatile boolean done;
    volatile @Nullable Thread waiter;
    boolean inFlight;

    private final MemorySegment control;
    private final long guestAddress;
    private final ByteOrder order;
    private final FuseInHeader header = new FuseInHeader();
    private final FuseOutHeader outHeader = new FuseOutHeader();
    private final FuseReadIn read = new FuseReadIn();
    private final FuseWriteIn write = new FuseWriteIn();
    private final FuseGetattrIn getattr = new FuseGetattrIn();

    private int opcode;
    private long nodeid;
    private long unique;
    private int length;
    private boolean replies;
    private int replyMin;
    private int replyMax;
    private @Nullable DriverBuffer payload;
    private long payloadOffset;
    private int payloadLength;
    private @Nullable DriverBuffer room;
    private long roomOffset;
    private int roomLength;
    private int result;
    private int replyLength;
    private @Nullable Object attachment;

    ClientRequest(ClientQueue queue, int token, MemorySegment control, long guestAddress, ByteOrder order) {
        this.queue = queue;
        this.token = token;
        this.control = control;
        this.guestAddress = guestAddress;
        this.order = order;
        header.at(control, 0, order);
        outHeader.at(control, REPLY, order);
    }

    /**
     * Starts a new request. Its reply is nothing but a header, unless {@link #reply} or {@link #room} say more.
     *
     * @param opcode of {@link FuseOpcode}
     * @param nodeid what it is about; 1 is the root
     */
    public ClientRequest begin(int opcode, long nodeid) {
        this.opcode = opcode;
        this.nodeid = nodeid;
        DriverSession session = queue.session();
        unique = session.nextUnique();
        header.clear();
        header.opcode(opcode)
                .unique(unique)
                .nodeid(nodeid)
                .uid(session.uid())
                .gid(session.gid())
                .pid(session.pid());
        length = FuseInHeader.SIZE;
        replies = true;
        replyMin = 0;
        replyMax = 0;
        payload = null;
        payloadLength = 0;
        room = null;
        roomLength = 0;
        return this;
    }

    /** Says on whose behalf, in place of the user of the client. */
    public ClientRequest caller(int uid, int gid, int pid) {
        header.uid(uid).gid(gid).pid(pid);
        return this;
    }

    /** Adds a structure, all zero, to the arguments: lays it over its place, to be filled in. */
    public <T extends FuseStruct> T argument(T struct) {
        int size = struct.structSize();
        checkRoom(size);
        struct.at(control, length, order);
        struct.clear();
        length += size;
        return struct;
    }

    /** Adds only the first bytes of a structure, as older versions of the protocol have it. */
    <T extends FuseStruct> T argument(T struct, int size) {
        argument(struct);
        length -= struct.structSize() - size;
        return struct;
    }

    /** Adds a name and its NUL to the arguments. */
    public ClientRequest name(byte[] name) {
        bytes(name);
        checkRoom(1);
        control.set(JAVA_BYTE, length, (byte) 0);
        length++;
        return this;
    }

    /** Adds bytes to the arguments. */
    public ClientRequest bytes(byte[] bytes) {
        checkRoom(bytes.length);
        MemorySegment.copy(bytes, 0, control, JAVA_BYTE, length, bytes.length);
        length += bytes.length;
        return this;
    }

    private void checkRoom(int size) {
        if (size > REPLY - length) {
            throw new IllegalArgumentException("the arguments of a request are at most " + ARGUMENTS_MAX + " bytes");
        }
    }

    /** Adds memory that the device reads, after all arguments. */
    public ClientRequest payload(DriverBuffer buffer, long offset, int length) {
        Objects.checkFromIndexSize(offset, length, buffer.size());
        payload = buffer;
        payloadOffset = offset;
        payloadLength = length;
        return this;
    }

    /** Adds memory for a reply of any length up to this, after what {@link #reply} says. */
    public ClientRequest room(DriverBuffer buffer, long offset, int length) {
        Objects.checkFromIndexSize(offset, length, buffer.size());
        room = buffer;
        roomOffset = offset;
        roomLength = length;
        return this;
    }

    /**
     * Says how long a successful reply is.
     *
     * @param min bytes after the header at least
     * @param max bytes at most, to {@link #REPLY_MAX}; where there is also {@link #room}, all of them come before
     */
    public ClientRequest reply(int min, int max) {
        Objects.checkFromToIndex(min, max, REPLY_MAX);
        replyMin = min;
        replyMax = max;
        return this;
    }

    /** Says that there is no reply at all, as FORGET and BATCH_FORGET have none. */
    public ClientRequest noReply() {
        replies = false;
        return this;
    }

    /** READ of an open file into a buffer: all there is to say about it. */
    public ClientRequest read(long nodeid, long fh, long position, DriverBuffer buffer, long offset, int length) {
        begin(FuseOpcode.READ, nodeid);
        argument(read).fh(fh).offset(position).size(length);
        return room(buffer, offset, length);
    }

    /** WRITE to an open file from a buffer: all there is to say about it. The reply is a {@code fuse_write_out}. */
    public ClientRequest write(long nodeid, long fh, long position, DriverBuffer buffer, long offset, int length) {
        begin(FuseOpcode.WRITE, nodeid);
        argument(write).fh(fh).offset(position).size(length);
        return payload(buffer, offset, length).reply(8, 8);
    }

    /** {@link #write} goes to the end of the file, and not where it was told. */
    public ClientRequest atEnd() {
        write.flags(OpenFlags.O_APPEND);
        return this;
    }

    /** GETATTR of a node: all there is to say about it. The reply is a {@code fuse_attr_out}. */
    public ClientRequest getattr(long nodeid) {
        begin(FuseOpcode.GETATTR, nodeid);
        argument(getattr);
        return reply(104, 104);
    }

    /** Keeps an object of the caller with this request; it is forgotten when the request is released. */
    public ClientRequest attach(@Nullable Object object) {
        attachment = object;
        return this;
    }

    /** What was attached. */
    public @Nullable Object attachment() {
        return attachment;
    }

    /** What it asks for, of {@link FuseOpcode}. */
    public int opcode() {
        return opcode;
    }

    /**
     * The number that names it to the device, new with each {@link #begin}. To be asked by whoever builds the request.
     */
    public long unique() {
        return unique;
    }

    /** 0 or -errno, after the reply came. */
    public int result() {
        return result;
    }

    /** Bytes of the reply after the header, those in the room included; 0 after an error. */
    public int replyLength() {
        return replyLength;
    }

    /** Lays a structure over the reply. */
    public <T extends FuseStruct> T reply(T struct) {
        return reply(struct, 0);
    }

    /** Lays a structure over the reply, at an offset from its start. */
    public <T extends FuseStruct> T reply(T struct, int offset) {
        struct.at(control, REPLY + FuseOutHeader.SIZE + offset, order);
        return struct;
    }

    /** Copies out of the reply. */
    public byte[] replyBytes(int offset, int length) {
        return control.asSlice(REPLY + FuseOutHeader.SIZE + offset, length).toArray(JAVA_BYTE);
    }

    /**
     * Gives the request back to its queue; one in flight is used again only after the device gave it back. Not to be
     * touched any more.
     */
    public void release() {
        attachment = null;
        queue.release(this);
    }

    /** "READ of node 7", for messages to people. */
    @Override
    public String toString() {
        return FuseOpcode.name(opcode) + " of node " + Long.toUnsignedString(nodeid);
    }

    /** Puts the pieces into a chain, and holds the buffers until {@link #complete}. */
    void placeInto(DriverRing ring) {
        header.len(length + payloadLength);
        done = false;
        ring.readable(guestAddress, length);
        DriverBuffer sent = payload;
        if (sent != null) {
            sent.retain();
            if (payloadLength > 0) {
                ring.readable(sent.guestAddress() + payloadOffset, payloadLength);
            }
        }
        DriverBuffer filled = room;
        if (filled != null) {
            filled.retain();
        }
        if (replies) {
            ring.writable(guestAddress + REPLY, FuseOutHeader.SIZE + replyMax);
            if (filled != null && roomLength > 0) {
                ring.writable(filled.guestAddress() + roomOffset, roomLength);
            }
        }
    }

    /** The device gave it back and says that it wrote so many bytes: what is wrong with the reply, or null. */
    @Nullable
    String complete(int used) {
        letGo();
        replyLength = 0;
        result = 0;
        // some servers give DESTROY back as if it had no reply
        if (!replies || (used == 0 && opcode == FuseOpcode.DESTROY)) {
            return null;
        }
        if (used < FuseOutHeader.SIZE) {
            return fail("a reply of " + used + " bytes, less than a header");
        }
        int replyBytes = outHeader.len();
        int error = outHeader.error();
        if (replyBytes != used || outHeader.unique() != unique) {
            return fail("a reply of " + used + " bytes whose header says " + replyBytes + " or names another request");
        }
        if (error != 0) {
            if (error > 0 || error < ERROR_MIN || replyBytes != FuseOutHeader.SIZE) {
                return fail("the error " + error + " in a reply of " + replyBytes + " bytes");
            }
            result = error;
            return null;
        }
        int body = replyBytes - FuseOutHeader.SIZE;
        int least = roomLength > 0 ? replyMax : replyMin;
        if (body < least) {
            return fail("a reply of " + body + " bytes instead of " + least);
        }
        replyLength = body;
        return null;
    }

    /** It will never be answered. */
    void fail(int error) {
        result = error;
        replyLength = 0;
    }

    private String fail(String why) {
        result = -Errno.EIO;
        return why;
    }

    private void letGo() {
        DriverBuffer sent = payload;
        if (sent != null) {
            payload = null;
            sent.release();
        }
        DriverBuffer filled = room;
        if (filled != null) {
            room = null;
            filled.release();
        }
    }
}
