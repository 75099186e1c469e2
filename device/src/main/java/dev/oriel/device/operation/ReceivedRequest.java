package dev.oriel.device.operation;

import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.filesystem.Name;
import dev.oriel.filesystem.Request;
import dev.oriel.fuse.FuseFlags;
import dev.oriel.fuse.FuseInHeader;
import dev.oriel.fuse.FuseOpcode;
import dev.oriel.fuse.FuseWriteIn;
import dev.oriel.linux.Errno;
import dev.oriel.virtio.ring.ChainBytes;
import dev.oriel.virtio.ring.DescriptorChain;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * One request of a client, from its chain to its reply. All but the payload of a WRITE is copied, each byte once, into
 * memory that the client cannot change, and is checked and used there only.
 *
 * <pre>
 *   0                40            80
 *   +----------------+-------------+--------------------------+------------+
 *   | fuse_in_header | arguments, names, value                | extensions |
 *   +----------------+-------------+--------------------------+------------+
 *   |     fetched first            |   fetched once the       |            |
 *   |                              |   opcode is known        |            |
 *                                                          end()        length
 * </pre>
 *
 * <p>Owned by one thread at a time: the queue's, one of the pool's, or the session thread.
 */
public final class ReceivedRequest implements Request {
    /** Header and arguments of a WRITE, the longest part that is fetched without knowing the opcode. */
    private static final int FIRST = FuseInHeader.SIZE + FuseWriteIn.SIZE;

    /** {@code FUSE_MAX_NR_SECCTX}. */
    private static final int MOST_CONTEXTS = FuseFlags.EXT_GROUPS - 1;

    /** What no client calls a request. */
    private static final long NOBODY = -1;

    /** The queue that the request came in on, and whose request it is again when it has been answered. */
    public final RequestOrigin origin;

    /** What is counted of it. */
    final RequestRecord record = new RequestRecord();

    private final LongHeads longHeads;
    private final MemorySegment usual = Arena.ofAuto().allocate(RequestLengths.USUAL, Long.BYTES);
    private final FuseInHeader header = new FuseInHeader();
    private final int[] contexts = new int[4 * MOST_CONTEXTS];

    /** Whether it waits for a thread to claim it. */
    private final AtomicBoolean offered = new AtomicBoolean();

    /** The {@code unique} of this request if the client has interrupted it. */
    private volatile long interrupted = NOBODY;

    private MemorySegment head = usual;
    private @Nullable DescriptorChain chain;
    private @Nullable FuseSession session;
    private ByteOrder order = ByteOrder.nativeOrder();
    private long available;
    private int fetched;
    private int length;
    private int end;
    private int at;

    private int opcode;
    private long unique;
    private long nodeid;
    private int uid;
    private int gid;
    private int pid;
    private int extensionLength;
    private int supplementaryGid;
    private int securityContexts;
    private int waitingPlace;
    private boolean mayBlock;

    /** @param longHeads gives memory for what is longer than usual */
    public ReceivedRequest(RequestOrigin origin, LongHeads longHeads) {
        this.origin = origin;
        this.longHeads = longHeads;
    }

    /** Takes a chain and fetches the first bytes of what it says; {@code begun} is when it was timed from. */
    public void take(DescriptorChain chain, long begun) {
        this.chain = chain;
        record.begin(begun);
        opcode = 0;
        unique = 0;
        interrupted = NOBODY;
        ChainBytes in = chain.readable();
        available = in.length();
        fetched = (int) Math.min(in.ownLength(), FIRST);
        in.copyTo(0, head, 0, fetched);
    }

    /** Offers the request to other threads: one of them {@link #claim claims} it, or the one that offered it does. */
    public void offer() {
        offered.set(true);
    }

    /** Whether the request is the caller's from now on, and nobody else's. */
    public boolean claim() {
        return offered.compareAndSet(true, false);
    }

    /**
     * The client wants no answer but EINTR any more; answers whether that is news. Any thread: it may be another
     * request by now.
     */
    public boolean interrupt(long unique) {
        if (this.unique != unique || interrupted == unique) {
            return false;
        }
        interrupted = unique;
        return true;
    }

    public boolean interrupted() {
        return interrupted == unique;
    }

    /** Gives the chain back to the driver. */
    public void complete(int written) {
        DescriptorChain taken = chain();
        chain = null;
        taken.complete(written);
    }

    /** Lets go of what this request took; gives the chain back with nothing written if that has not been done. */
    public void release() {
        try {
            if (chain != null) {
                complete(0);
            }
        } finally {
            session = null;
            MemorySegment last = head;
            head = usual;
            if (last.byteSize() > RequestLengths.USUAL) {
                longHeads.giveBack(last);
            }
        }
    }

    /** Whether it has not been answered. */
    public boolean isOpen() {
        return chain != null;
    }

    /**
     * The opcode as the host's byte order has it: FUSE_INIT is found by it before anything else of the request can be
     * read (virtio 1.4, section 5.11.6.1). 0 if the request is too short to have one.
     */
    public int rawOpcode() {
        return fetched >= FuseInHeader.SIZE ? head.get(ValueLayout.JAVA_INT, Integer.BYTES) : 0;
    }

    /**
     * Reads the header in the order of the session, and fetches the rest of the request.
     *
     * @return 0, or an errno for the client: EINVAL for a length that cannot be, or E2BIG or ENOTTY where Linux says so
     */
    public int decode(ByteOrder order, @Nullable FuseSession session) {
        this.order = order;
        this.session = session;
        if (fetched < FuseInHeader.SIZE) {
            return available < FuseInHeader.SIZE ? -Errno.EINVAL : -Errno.EFAULT;
        }
        FuseInHeader in = header;
        in.at(head, 0, order);
        opcode = in.opcode();
        unique = in.unique();
        nodeid = in.nodeid();
        uid = in.uid();
        gid = in.gid();
        pid = in.pid();
        extensionLength = in.totalExtlen() * Long.BYTES;
        length = in.len();
        // A length of 2 GiB and more is negative here, and no less wrong.
        if (length < FuseInHeader.SIZE || length > available) {
            return chain().faulty() ? -Errno.EFAULT : -Errno.EINVAL;
        }
        // Only the data of a WRITE may lie in the window.
        int own = opcode == FuseOpcode.WRITE ? Math.min(length, FIRST) : length;
        if (chain().readable().ownLength() < own) {
            return -Errno.EFAULT;
        }
        int longest = RequestLengths.longest(opcode);
        if (longest == RequestLengths.BEGINNING_ONLY) {
            end = length;
            return 0;
        }
        if (length > longest) {
            return RequestLengths.tooLong(opcode);
        }
        if (extensionLength > length - FuseInHeader.SIZE) {
            return -Errno.EINVAL;
        }
        end = length - extensionLength;
        if (length > fetched) {
            fetchRest();
        }
        return 0;
    }

    private void fetchRest() {
        if (length > RequestLengths.USUAL) {
            // it may have to wait for others
            chain().giveBackOthers();
            MemorySegment longer = longHeads.take();
            MemorySegment.copy(usual, 0, longer, 0, fetched);
            head = longer;
        }
        chain().readable().copyTo(fetched, head, fetched, length - fetched);
    }

    /** Goes to where the arguments begin: the request is served, perhaps not for the first time. */
    public void rewind(boolean mayBlock) {
        this.mayBlock = mayBlock;
        at = FuseInHeader.SIZE;
        supplementaryGid = -1;
        securityContexts = 0;
    }

    /**
     * Passes over a structure of the arguments.
     *
     * @return its offset in {@link #head()}, or -1 if the request ends before it does
     */
    public int arguments(int size) {
        int from = at;
        if (size > Math.min(end, fetchedWhole() ? end : fetched) - from) {
            return -1;
        }
        at = from + size;
        return from;
    }

    private boolean fetchedWhole() {
        return RequestLengths.longest(opcode) != RequestLengths.BEGINNING_ONLY;
    }

    /**
     * Takes the name of a directory entry.
     *
     * @return 0, {@code -EINVAL} for what can be no name of an entry, or {@code -ENAMETOOLONG}
     */
    public int entryName(Name name) {
        int from = at;
        int terminator = terminator(from);
        if (terminator < 0) {
            return -Errno.EINVAL;
        }
        int size = terminator - from;
        if (size == 0 || isDots(from, size)) {
            return -Errno.EINVAL;
        }
        if (size > FileSystemSession.NAME_MAX) {
            return -Errno.ENAMETOOLONG;
        }
        for (int i = from; i < terminator; i++) {
            if (head.get(ValueLayout.JAVA_BYTE, i) == '/') {
                return -Errno.EINVAL;
            }
        }
        at = terminator + 1;
        return name.set(head, from, size) ? 0 : -Errno.ENAMETOOLONG;
    }

    /**
     * Takes a string that may hold any byte but NUL: the target of a symbolic link, the name of an extended attribute.
     *
     * @return 0, {@code -EINVAL} if it is empty or without end, or {@code tooLong} if it has more bytes than {@code
     *     most}
     */
    public int text(Name text, int most, int tooLong) {
        int from = at;
        int terminator = terminator(from);
        if (terminator <= from) {
            return -Errno.EINVAL;
        }
        int size = terminator - from;
        if (size > most) {
            return tooLong;
        }
        at = terminator + 1;
        return text.set(head, from, size) ? 0 : tooLong;
    }

    private int terminator(int from) {
        for (int i = from; i < end; i++) {
            if (head.get(ValueLayout.JAVA_BYTE, i) == 0) {
                return i;
            }
        }
        return -1;
    }

    private boolean isDots(int from, int size) {
        return size <= 2
                && head.get(ValueLayout.JAVA_BYTE, from) == '.'
                && head.get(ValueLayout.JAVA_BYTE, from + size - 1) == '.';
    }

    /**
     * Reads what a request that creates says at its end: security contexts and groups. Called when the names have been
     * taken.
     *
     * @return 0, or {@code -EINVAL} if the extensions lie about their lengths
     */
    public int extensions(RequestExtensions extensions) {
        int from = end;
        int to = length;
        if (from == to) {
            // Until version 7.38 the header did not tell how long they are: they are what follows the names.
            FuseSession current = session;
            if (current == null || !current.contextsFollowNames()) {
                return 0;
            }
            from = at;
        }
        return extensions.parse(this, from, to);
    }

    public void supplementaryGid(int gid) {
        supplementaryGid = gid;
    }

    public boolean addSecurityContext(int nameOffset, int nameLength, int valueOffset, int valueLength) {
        int index = securityContexts;
        if (index == MOST_CONTEXTS) {
            return false;
        }
        contexts[4 * index] = nameOffset;
        contexts[4 * index + 1] = nameLength;
        contexts[4 * index + 2] = valueOffset;
        contexts[4 * index + 3] = valueLength;
        securityContexts = index + 1;
        return true;
    }

    /** Where it is among those that wait for a lock. */
    public int waitingPlace() {
        return waitingPlace;
    }

    public void waitingPlace(int place) {
        waitingPlace = place;
    }

    public DescriptorChain chain() {
        DescriptorChain taken = chain;
        if (taken == null) {
            throw new IllegalStateException("the request has been answered");
        }
        return taken;
    }

    /** The session that the request belongs to. */
    public FuseSession session() {
        FuseSession current = session;
        if (current == null) {
            throw new IllegalStateException("the request belongs to no session");
        }
        return current;
    }

    /** The private copy, from the {@code fuse_in_header} on. */
    public MemorySegment head() {
        return head;
    }

    public ByteOrder order() {
        return order;
    }

    public int opcode() {
        return opcode;
    }

    public long nodeid() {
        return nodeid;
    }

    /** The number of bytes of arguments that have not been taken, without extensions. */
    public int remaining() {
        return end - at;
    }

    @Override
    public long unique() {
        return unique;
    }

    @Override
    public int uid() {
        return uid;
    }

    @Override
    public int gid() {
        return gid;
    }

    @Override
    public int pid() {
        return pid;
    }

    @Override
    public int supplementaryGid() {
        return supplementaryGid;
    }

    @Override
    public int securityContexts() {
        return securityContexts;
    }

    @Override
    public MemorySegment securityContextName(int index) {
        // With its NUL.
        return head.asSlice(contexts[4 * index], contexts[4 * index + 1] + 1L);
    }

    @Override
    public MemorySegment securityContextValue(int index) {
        return head.asSlice(contexts[4 * index + 2], contexts[4 * index + 3]);
    }

    @Override
    public boolean mayBlock() {
        return mayBlock;
    }

    @Override
    public boolean mayHaveHelp() {
        return chain().isUrgent();
    }
}
