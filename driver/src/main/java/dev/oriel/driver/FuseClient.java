package dev.oriel.driver;

import dev.oriel.fuse.FuseAccessIn;
import dev.oriel.fuse.FuseAttrOut;
import dev.oriel.fuse.FuseEntryOut;
import dev.oriel.fuse.FuseFlags;
import dev.oriel.fuse.FuseGetattrIn;
import dev.oriel.fuse.FuseInterruptIn;
import dev.oriel.fuse.FuseKstatfs;
import dev.oriel.fuse.FuseLinkIn;
import dev.oriel.fuse.FuseMkdirIn;
import dev.oriel.fuse.FuseMknodIn;
import dev.oriel.fuse.FuseOpcode;
import dev.oriel.fuse.FuseRename2In;
import dev.oriel.fuse.FuseRenameIn;
import dev.oriel.fuse.FuseStatx;
import dev.oriel.fuse.FuseStatxIn;
import dev.oriel.fuse.FuseStatxOut;
import dev.oriel.vhostuser.VhostUserFrontend;
import dev.oriel.virtio.VirtioTransport;
import dev.oriel.virtio.memory.SharedMemoryWindow;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A client of a virtio-fs device: every FUSE operation on nodes and open files as a method. Any number of threads; each
 * uses the request queue that its number chooses.
 *
 * <p>Methods that throw {@link FuseException} are for convenience. {@link FuseFiles#read} and {@link FuseFiles#write}
 * into and from a {@link DriverBuffer} answer -errno and allocate nothing; what is to keep many requests in flight
 * works on a {@link ClientQueue} itself.
 *
 * <p>Names are bytes, without NUL and "/"; what no request can carry is refused here (ENAMETOOLONG, EINVAL). Nodes that
 * were looked up or created stay known to the device until {@link #forget}.
 */
public final class FuseClient implements AutoCloseable {
    /** The node that every session begins with. */
    public static final long ROOT = 1;

    /** Where a request names a node and no open file. */
    public static final long NO_HANDLE = -1;

    private final DriverSession session;
    private final FuseFiles files;
    private final ExtendedAttributes extendedAttributes;
    private final ClientLocks locks;
    private final FileControls controls;
    private final Forgets forgets;
    private final @Nullable DaxDevice dax;

    private FuseClient(DriverSession session) throws IOException {
        this.session = session;
        SharedMemoryWindow window = session.window().orElse(null);
        dax = window == null ? null : new DaxDevice(this, window);
        files = new FuseFiles(session);
        extendedAttributes = new ExtendedAttributes(session);
        locks = new ClientLocks(session);
        controls = new FileControls(session);
        forgets = new Forgets(session.priorityQueue());
    }

    /** Connects with {@link FuseClientOptions#DEFAULTS}. */
    public static FuseClient connect(Path socket) throws IOException {
        return connect(socket, FuseClientOptions.DEFAULTS);
    }

    /**
     * Connects to a vhost-user-fs device and starts a session.
     *
     * @param socket where the device listens
     * @throws IOException if there is no device or it cannot be used; the message says why
     */
    public static FuseClient connect(Path socket, FuseClientOptions options) throws IOException {
        return connect(VhostUserFrontend.connect(socket, options.wantedFeatures(), options.timeLimit()), options);
    }

    /**
     * Starts a session with a virtio-fs device, whatever it is joined by.
     *
     * @param transport owned by the client from now on, and closed if this fails
     * @throws IOException if the device cannot be used; the message says why
     */
    public static FuseClient connect(VirtioTransport transport, FuseClientOptions options) throws IOException {
        DriverSession session = DriverSession.open(transport, options);
        try {
            return new FuseClient(session);
        } catch (IOException | RuntimeException failed) {
            session.close();
            throw failed;
        }
    }

    /** What people call the device in messages. */
    public String name() {
        return session.name();
    }

    /** The mount tag; empty if the device does not tell. */
    public String tag() {
        return session.tag();
    }

    /** The minor version of FUSE 7 that both sides speak. */
    public int minor() {
        return session.minor();
    }

    /** What both sides agreed on, of {@link dev.oriel.fuse.FuseInitFlags}. */
    public long flags() {
        return session.flags();
    }

    /** The byte order of the session. */
    public ByteOrder order() {
        return session.options().order();
    }

    /** Most bytes of one READ or WRITE. */
    public int maxTransfer() {
        return session.maxTransfer();
    }

    /** How many request queues are used. */
    public int queueCount() {
        return session.queueCount();
    }

    /** A request queue, from 0. */
    public ClientQueue queue(int index) {
        return session.queue(index);
    }

    /** Operations on open files and directories. */
    public FuseFiles files() {
        return files;
    }

    /** Operations on extended attributes. */
    public ExtendedAttributes extendedAttributes() {
        return extendedAttributes;
    }

    /** Operations on locks. */
    public ClientLocks locks() {
        return locks;
    }

    /** The DAX window; empty if the device has none. */
    public Optional<DaxDevice> dax() {
        return Optional.ofNullable(dax);
    }

    /** Rare operations: ioctl. */
    public FileControls controls() {
        return controls;
    }

    /**
     * Memory for payloads; waits for some if all is in use.
     *
     * @param bytes at least so many; it is rounded up to a power of two
     * @throws FuseException ENOBUFS if none became free in time
     */
    public DriverBuffer allocate(long bytes) throws FuseException {
        return session.allocate(bytes);
    }

    /** Bytes of payload memory that nobody uses now. */
    public long freeBufferBytes() {
        return session.freeBufferBytes();
    }

    private ClientRequest begin(int opcode, long nodeid) throws FuseException {
        return session.queue().acquire().begin(opcode, nodeid);
    }

    /** As {@link #begin(int, long)}, with a name as its only argument. */
    private ClientRequest begin(int opcode, long parent, byte[] name) throws FuseException {
        Names.name(name);
        return begin(opcode, parent).name(name);
    }

    /** Calls, and releases the request if it failed. */
    static ClientRequest call(ClientRequest request) throws FuseException {
        int result = request.queue.call(request);
        if (result < 0) {
            String what = request.toString();
            request.release();
            throw new FuseException(what, -result);
        }
        return request;
    }

    private static void callVoid(ClientRequest request) throws FuseException {
        call(request).release();
    }

    private static NodeEntry callEntry(ClientRequest request) throws FuseException {
        call(request.reply(FuseEntryOut.SIZE, FuseEntryOut.SIZE));
        NodeEntry entry = NodeEntry.of(request.reply(new FuseEntryOut()));
        request.release();
        return entry;
    }

    private static Stat callAttributes(ClientRequest request) throws FuseException {
        call(request.reply(FuseAttrOut.SIZE, FuseAttrOut.SIZE));
        Stat attributes = Stat.of(request.reply(new FuseAttrOut()).attr());
        request.release();
        return attributes;
    }

    /**
     * LOOKUP. The entry of a name that does not exist has nodeid 0, or the call fails with ENOENT, as the device likes.
     */
    public NodeEntry lookup(long parent, byte[] name) throws FuseException {
        return callEntry(begin(FuseOpcode.LOOKUP, parent, name));
    }

    /** FORGET: the device may forget so many lookups of a node. Never fails and never waits. */
    public void forget(long nodeid, long lookups) {
        forgets.add(nodeid, lookups);
    }

    /** BATCH_FORGET: one lookup of each of these nodes. Never fails and never waits. */
    public void forgetAll(List<Long> nodeids) {
        forgets.addAll(nodeids);
    }

    /**
     * INTERRUPT: asks the device to end a request that waits, on another thread or enqueued, as SETLKW does; it then
     * fails with EINTR. Has no effect on a request that is over, or that the device does not wait in, or while the
     * queue for it is full.
     *
     * @param unique of the request ({@link ClientRequest#unique}), as it was when the request began
     */
    public void interrupt(long unique) {
        ClientQueue queue = session.priorityQueue();
        ClientRequest request = queue.tryAcquire();
        if (request != null) {
            request.begin(FuseOpcode.INTERRUPT, 0)
                    .noReply()
                    .argument(new FuseInterruptIn())
                    .unique(unique);
            if (queue.send(request) < 0) {
                request.release();
            }
        }
    }

    /** GETATTR. */
    public Stat getattr(long nodeid) throws FuseException {
        return callAttributes(session.queue().acquire().getattr(nodeid));
    }

    /** GETATTR of an open file. */
    public Stat getattr(OpenFile file) throws FuseException {
        ClientRequest request = begin(FuseOpcode.GETATTR, file.nodeid());
        request.argument(new FuseGetattrIn()).getattrFlags(FuseFlags.GETATTR_FH).fh(file.fh());
        return callAttributes(request);
    }

    /** STATX: what GETATTR tells, and the time of birth where the device knows it. */
    public Statx statx(long nodeid, int mask) throws FuseException {
        ClientRequest request = begin(FuseOpcode.STATX, nodeid);
        request.argument(new FuseStatxIn()).sxMask(mask);
        call(request.reply(FuseStatxOut.SIZE, FuseStatxOut.SIZE));
        FuseStatx stat = request.reply(new FuseStatxOut()).stat();
        Statx copy = Statx.of(stat);
        request.release();
        return copy;
    }

    /** SETATTR. */
    public Stat setattr(long nodeid, AttributeChange change) throws FuseException {
        ClientRequest request = begin(FuseOpcode.SETATTR, nodeid);
        change.writeTo(request);
        return callAttributes(request);
    }

    /** READLINK. */
    public byte[] readlink(long nodeid) throws FuseException {
        ClientRequest request = call(begin(FuseOpcode.READLINK, nodeid).reply(0, 4096));
        byte[] target = request.replyBytes(0, request.replyLength());
        request.release();
        return target;
    }

    /** SYMLINK. */
    public NodeEntry symlink(long parent, byte[] name, byte[] target) throws FuseException {
        Names.target(target);
        return callEntry(begin(FuseOpcode.SYMLINK, parent, name).name(target));
    }

    /**
     * MKNOD.
     *
     * @param mode type and permissions, to which no umask is applied
     */
    public NodeEntry mknod(long parent, byte[] name, int mode, int rdev) throws FuseException {
        Names.name(name);
        ClientRequest request = begin(FuseOpcode.MKNOD, parent);
        request.argument(new FuseMknodIn()).mode(mode).rdev(rdev);
        return callEntry(request.name(name));
    }

    /** MKDIR. No umask is applied. */
    public NodeEntry mkdir(long parent, byte[] name, int mode) throws FuseException {
        Names.name(name);
        ClientRequest request = begin(FuseOpcode.MKDIR, parent);
        request.argument(new FuseMkdirIn()).mode(mode);
        return callEntry(request.name(name));
    }

    /** UNLINK. */
    public void unlink(long parent, byte[] name) throws FuseException {
        callVoid(begin(FuseOpcode.UNLINK, parent, name));
    }

    /** RMDIR. */
    public void rmdir(long parent, byte[] name) throws FuseException {
        callVoid(begin(FuseOpcode.RMDIR, parent, name));
    }

    /**
     * RENAME, or RENAME2 if there are flags.
     *
     * @param flags of {@link dev.oriel.linux.RenameFlags}
     */
    public void rename(long parent, byte[] name, long newParent, byte[] newName, int flags) throws FuseException {
        Names.name(name);
        Names.name(newName);
        ClientRequest request = begin(flags == 0 ? FuseOpcode.RENAME : FuseOpcode.RENAME2, parent);
        if (flags == 0) {
            request.argument(new FuseRenameIn()).newdir(newParent);
        } else {
            request.argument(new FuseRename2In()).newdir(newParent).flags(flags);
        }
        callVoid(request.name(name).name(newName));
    }

    /** LINK. */
    public NodeEntry link(long nodeid, long newParent, byte[] newName) throws FuseException {
        Names.name(newName);
        ClientRequest request = begin(FuseOpcode.LINK, newParent);
        request.argument(new FuseLinkIn()).oldnodeid(nodeid);
        return callEntry(request.name(newName));
    }

    /** ACCESS: fails with EACCES if the caller may not. */
    public void access(long nodeid, int mask) throws FuseException {
        ClientRequest request = begin(FuseOpcode.ACCESS, nodeid);
        request.argument(new FuseAccessIn()).mask(mask);
        callVoid(request);
    }

    /** STATFS. */
    public FileSystemStatus statfs(long nodeid) throws FuseException {
        ClientRequest request = call(begin(FuseOpcode.STATFS, nodeid).reply(FuseKstatfs.SIZE, FuseKstatfs.SIZE));
        FileSystemStatus status = FileSystemStatus.of(request.reply(new FuseKstatfs()));
        request.release();
        return status;
    }

    /** SYNCFS. */
    public void syncfs(long nodeid) throws FuseException {
        callVoid(begin(FuseOpcode.SYNCFS, nodeid).bytes(new byte[Long.BYTES]));
    }

    /**
     * Ends the session: open files are closed, and what is in flight fails. Buffers and mapped memory must not be used
     * any more.
     */
    @Override
    public void close() {
        session.close();
    }

    DriverSession session() {
        return session;
    }
}
