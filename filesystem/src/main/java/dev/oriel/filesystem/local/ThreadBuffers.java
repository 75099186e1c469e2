package dev.oriel.filesystem.local;

import dev.oriel.linux.At;
import dev.oriel.linux.CString;
import dev.oriel.linux.FileHandleBuffer;
import dev.oriel.linux.FlockBuffer;
import dev.oriel.linux.IoVector;
import dev.oriel.linux.ProcSelfFd;
import dev.oriel.linux.StatfsBuffer;
import dev.oriel.linux.StatxBuffer;
import dev.oriel.linux.TimesBuffer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** What one thread needs to serve a request, allocated once: buffers of system calls, and whose ids it has. */
final class ThreadBuffers {
    static final MemorySegment EMPTY = CString.EMPTY;
    static final int AT_FDCWD = At.AT_FDCWD;
    static final int AT_EMPTY_PATH = At.AT_EMPTY_PATH;

    private static final int IOCTL_BYTES = 64;
    private static final int NAME_BYTES = 256;

    private static final ThreadLocal<ThreadBuffers> OF_THREAD = ThreadLocal.withInitial(ThreadBuffers::new);

    final StatxBuffer stat = new StatxBuffer();

    /** For a second opinion while {@link #stat} must keep its values. */
    final StatxBuffer check = new StatxBuffer();

    final StatfsBuffer statfs = new StatfsBuffer();
    final FlockBuffer lock = new FlockBuffer();
    final TimesBuffer times = new TimesBuffer();
    final FileHandleBuffer handle = new FileHandleBuffer();
    final MemorySegment handleMountId = Arena.ofAuto().allocate(Long.BYTES, Long.BYTES);
    final long[] handleWords = new long[LocalInode.HANDLE_WORDS];
    final ProcSelfFd procPath = new ProcSelfFd();
    final IoVector part = new IoVector(IoVector.SYSTEM_CALL_MAX);
    final MemorySegment ioctl = Arena.ofAuto().allocate(IOCTL_BYTES, Long.BYTES);
    final MemorySegment name = Arena.ofAuto().allocate(NAME_BYTES);

    /** The name of the entry that a READDIRPLUS is about, NUL terminated. */
    final MemorySegment listedName = Arena.ofAuto().allocate(NAME_BYTES);

    final CallerIdentity identity = new CallerIdentity();

    /** The node that {@link NodeLookup#enter} found last, and its mount; what it found of it is in {@link #stat}. */
    long nodeid;

    MountTable.@Nullable Mount mount;

    /**
     * What {@link LastNames#holdLastName} holds: the node, 0 for none; its descriptor; and whether it is kept for that
     * reason alone.
     */
    long heldNode;

    long heldDescriptor;
    boolean keptForRemoval;

    /** The node whose identity ends with the name that {@link LastNames#holdLastName} has looked at; 0 for none. */
    long endingNode;

    /** What {@link NodeLookup#reserve} has set aside: a slot, 0 for none, and bytes. */
    int spareSlot;

    long spareBytes;

    /** Why {@link FilesByNode} could not enter a file: -errno. */
    int notEntered;

    private DirentBuffers.@Nullable Buffer direntBuffer;

    private ThreadBuffers() {}

    /** For a directory that gets no buffer of its session, during one request. */
    DirentBuffers.Buffer direntBuffer() {
        DirentBuffers.Buffer buffer = direntBuffer;
        if (buffer == null) {
            buffer = new DirentBuffers.Buffer();
            direntBuffer = buffer;
        }
        return buffer;
    }

    static ThreadBuffers current() {
        return OF_THREAD.get();
    }
}
