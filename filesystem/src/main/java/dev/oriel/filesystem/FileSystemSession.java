package dev.oriel.filesystem;

import dev.oriel.linux.Errno;
import dev.oriel.linux.IoVector;
import dev.oriel.linux.OpenFlags;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * A file system as one client sees it, from its {@code FUSE_INIT} to the next one, {@code FUSE_DESTROY}, reset or
 * disconnect. The operations are those of the FUSE protocol, with Linux's meaning.
 *
 * <p>A file system that is only read needs {@link #lookup}, {@link #getattr}, {@link #readdir}, {@link #read} and
 * {@link #isReadOnly}. All other operations have a default, each with what Linux takes it for: an operation that
 * changes something is refused ({@code -EROFS}, or {@code -ENOSYS} where {@link #isReadOnly} says no), and one that a
 * file system can do without is answered {@code -ENOSYS}, upon which Linux does without it for the rest of the session.
 *
 * <p><b>Results.</b> An operation returns 0 (or a count, where it says so) or {@code -errno}, or {@link #WOULD_BLOCK}
 * if {@link Request#mayBlock()} is false. It throws nothing.
 *
 * <p><b>Values.</b> The {@code out} objects are the caller's and cleared. The operation fills them; on an error they
 * are ignored. They are used again for the next request of the thread: nobody keeps one.
 *
 * <p><b>Threads.</b> Any operation may be called from several threads at once. {@link #close()} is called when no
 * operation runs any more.
 *
 * <p><b>Nodes.</b> A nodeid is given out by an entry reply with nodeid not 0, which counts as one lookup, and is good
 * until as many have been forgotten. Node 1 is the root and always good. A nodeid or handle that was never given out is
 * answered with an errno ({@code ENOENT}, {@code EBADF}), never with an exception.
 */
public interface FileSystemSession extends AutoCloseable {

    /** The node of the root directory ({@code FUSE_ROOT_ID}). */
    long ROOT = 1;

    /** The handle of an operation for which the client has none. */
    long NO_HANDLE = -1L;

    /** Not an errno: this request must come again where {@link Request#mayBlock()} is true. */
    int WOULD_BLOCK = Integer.MIN_VALUE;

    /** The most bytes of a name. */
    int NAME_MAX = 255;

    /** What a file system is said to have for a block if it has none. */
    int USUAL_BLOCK = 4096;

    /** The INIT flags that are in force, {@code flags | flags2 << 32}: a subset of what the client offered. */
    default long flags() {
        return 0;
    }

    /** Whether the client can change nothing. */
    default boolean isReadOnly() {
        return false;
    }

    /** Resolution of the time stamps, in ns: 1 to 1 000 000 000. */
    default int timeGranularity() {
        return 1;
    }

    /** Finds a name; the entry counts as one lookup. {@code -ENOENT}, or an entry with nodeid 0, if there is none. */
    int lookup(Request request, long parent, Name name, Entry out);

    /** Takes back {@code nlookup} lookups of {@code nodeid}. */
    default void forget(long nodeid, long nlookup) {}

    /** {@code fh} is {@link #NO_HANDLE} if the client did not name an open file. */
    int getattr(Request request, long nodeid, long fh, Attributes out);

    /** {@code in.valid} says what to set ({@code FATTR_*}). */
    default int setattr(Request request, long nodeid, AttributeChange in, Attributes out) {
        return refusal();
    }

    /**
     * STATX: as {@link #getattr}, with birth time and attribute flags.
     *
     * @param syncFlags {@code AT_STATX_*}
     * @param mask the fields that are wanted ({@code STATX_*})
     */
    default int statx(Request request, long nodeid, long fh, int syncFlags, int mask, Attributes out) {
        return getattr(request, nodeid, fh, out);
    }

    /**
     * Puts the target into {@code out}, without a NUL.
     *
     * @return its length
     */
    default int readlink(Request request, long nodeid, MemorySegment out) {
        return -Errno.EINVAL;
    }

    default int symlink(Request request, long parent, Name name, Name target, Entry out) {
        return refusal();
    }

    /** {@code rdev} is in the encoding of the wire: {@code minor & 0xff | major << 8 | (minor & ~0xff) << 12}. */
    default int mknod(Request request, long parent, Name name, int mode, int rdev, int umask, Entry out) {
        return refusal();
    }

    default int mkdir(Request request, long parent, Name name, int mode, int umask, Entry out) {
        return refusal();
    }

    default int unlink(Request request, long parent, Name name) {
        return refusal();
    }

    default int rmdir(Request request, long parent, Name name) {
        return refusal();
    }

    /** {@code flags} are {@code RENAME_NOREPLACE}, {@code RENAME_EXCHANGE}, {@code RENAME_WHITEOUT}. */
    default int rename(Request request, long parent, Name name, long newParent, Name newName, int flags) {
        return refusal();
    }

    default int link(Request request, long nodeid, long newParent, Name newName, Entry out) {
        return refusal();
    }

    /**
     * Opens a file that is there. By default every file may be opened, without a handle.
     *
     * @param flags the {@code O_*} flags of the open, without {@code O_CREAT}, {@code O_EXCL} and {@code O_NOCTTY}
     * @param openFlags {@code FUSE_OPEN_KILL_SUIDGID}
     */
    default int open(Request request, long nodeid, int flags, int openFlags, Opened out) {
        boolean writes = (flags & OpenFlags.O_ACCMODE) != OpenFlags.O_RDONLY || (flags & OpenFlags.O_TRUNC) != 0;
        return writes && isReadOnly() ? -Errno.EROFS : 0;
    }

    /**
     * Makes the file {@code name} and opens it; both replies are filled. A client asks so when it saw no such name. If
     * there is one by now, nobody has checked whether the caller may open it: that is {@code -EEXIST} where
     * {@code flags} have {@code O_EXCL}, and otherwise {@code -ESTALE}, which makes Linux look the name up, check, and
     * open.
     */
    default int create(
            Request request,
            long parent,
            Name name,
            int flags,
            int mode,
            int umask,
            int openFlags,
            Entry entry,
            Opened out) {
        return refusal();
    }

    /** Opens a new file without a name ({@code O_TMPFILE}) in the directory {@code parent}. */
    default int tmpfile(
            Request request, long parent, int flags, int mode, int umask, int openFlags, Entry entry, Opened out) {
        return refusal();
    }

    /**
     * Reads up to {@code to.bytes()} bytes straight into {@code to}, the client's memory. A file system that has no
     * descriptor to read from copies them ({@link IoVector#copyFrom}, {@link IoVector#segment}).
     *
     * @param flags the {@code O_*} flags that the file has now
     * @return the number of bytes, less than asked for at the end of the file only; or an errno
     */
    long read(Request request, long nodeid, long fh, long offset, int flags, IoVector to);

    /**
     * Writes the bytes of {@code from}, the client's memory, which the client can change meanwhile. A file system that
     * has no descriptor to write to copies them ({@link IoVector#copyTo}, {@link IoVector#segment}).
     *
     * @param flags the {@code O_*} flags that the file has now
     * @param writeFlags {@code FUSE_WRITE_CACHE}, {@code FUSE_WRITE_KILL_SUIDGID}
     * @return the number of bytes written, or an errno
     */
    default long write(Request request, long nodeid, long fh, long offset, int flags, int writeFlags, IoVector from) {
        return refusal();
    }

    /** Called at every close(2) of a file in the client; drops the POSIX locks of {@code lockOwner}. */
    default int flush(Request request, long nodeid, long fh, long lockOwner) {
        return -Errno.ENOSYS;
    }

    /**
     * The last close of {@code fh}. {@code releaseFlags}: {@code FUSE_RELEASE_FLUSH}, {@code
     * FUSE_RELEASE_FLOCK_UNLOCK}.
     */
    default int release(Request request, long nodeid, long fh, int flags, int releaseFlags, long lockOwner) {
        return 0;
    }

    default int fsync(Request request, long nodeid, long fh, boolean dataOnly) {
        return -Errno.ENOSYS;
    }

    default int opendir(Request request, long nodeid, int flags, Opened out) {
        return 0;
    }

    /**
     * Fills {@code entries} with the directory's entries from {@code offset} on: 0, or the {@code next} of the last
     * entry that the client has seen.
     *
     * @param plus whether each entry is looked up too (READDIRPLUS, see {@link DirectoryEntries#entry})
     */
    int readdir(Request request, long nodeid, long fh, long offset, boolean plus, DirectoryEntries entries);

    default int releasedir(Request request, long nodeid, long fh, int flags) {
        return 0;
    }

    default int fsyncdir(Request request, long nodeid, long fh, boolean dataOnly) {
        return -Errno.ENOSYS;
    }

    /** By default a file system without a size, whose names have up to {@value #NAME_MAX} bytes. */
    default int statfs(Request request, long nodeid, Status out) {
        out.bsize = USUAL_BLOCK;
        out.frsize = USUAL_BLOCK;
        out.namelen = NAME_MAX;
        return 0;
    }

    /**
     * Sets an extended attribute.
     *
     * @param flags {@code XATTR_CREATE}, {@code XATTR_REPLACE}
     * @param setxattrFlags {@code FUSE_SETXATTR_ACL_KILL_SGID}
     */
    default int setxattr(Request request, long nodeid, Name name, MemorySegment value, int flags, int setxattrFlags) {
        return -Errno.ENOSYS;
    }

    /**
     * Puts the value into {@code out}.
     *
     * @param out where to, or of size 0 to learn the length
     * @return the length, or {@code -ERANGE} if {@code out} is too small
     */
    default int getxattr(Request request, long nodeid, Name name, MemorySegment out) {
        return -Errno.ENOSYS;
    }

    /** As {@link #getxattr}, for the list of names, each with its NUL. */
    default int listxattr(Request request, long nodeid, MemorySegment out) {
        return -Errno.ENOSYS;
    }

    default int removexattr(Request request, long nodeid, Name name) {
        return -Errno.ENOSYS;
    }

    default int access(Request request, long nodeid, int mask) {
        return -Errno.ENOSYS;
    }

    /** Fills {@code out} with a lock that stands in the way of {@code lock}, or with type {@code F_UNLCK}. */
    default int getlk(Request request, long nodeid, long fh, long owner, FileLock lock, FileLock out) {
        return -Errno.ENOSYS;
    }

    /**
     * Takes or drops a lock, without waiting.
     *
     * @param lkFlags {@code FUSE_LK_FLOCK} for flock(2)
     * @return {@code -EAGAIN} if another holds it; a client that waits (SETLKW) is parked by the caller, which asks
     *     again
     */
    default int setlk(Request request, long nodeid, long fh, long owner, FileLock lock, int lkFlags) {
        return -Errno.ENOSYS;
    }

    /**
     * A client is to wait for a lock that {@link #setlk} has just refused with {@code -EAGAIN} (SETLKW), or goes on
     * waiting. {@link #endLockWait} follows when the wait ends.
     *
     * @return 0; {@code -EDEADLK} if it would wait for ever, as the one that it waits for waits for {@code owner}
     */
    default int awaitLock(Request request, long nodeid, long fh, long owner, FileLock lock, int lkFlags) {
        return 0;
    }

    /** The request does not wait for a lock any more: it has it, or is answered without. */
    default void endLockWait(long unique) {}

    /**
     * Serves an ioctl whose argument is plain data. {@code argument} holds the client's input, {@code inSize} bytes of
     * it, and takes up to {@code outSize} bytes of output, in the host's byte order both: the caller translates what it
     * knows.
     *
     * @param flags {@code FUSE_IOCTL_*}
     * @return the ioctl's own result (0 or more), or an errno: {@code -ENOTTY} for what is not known
     */
    default int ioctl(
            Request request,
            long nodeid,
            long fh,
            int flags,
            int command,
            MemorySegment argument,
            int inSize,
            int outSize) {
        return -Errno.ENOTTY;
    }

    /** {@code mode}: {@code FALLOC_FL_*}. */
    default int fallocate(Request request, long nodeid, long fh, long offset, long length, int mode) {
        return refusal();
    }

    /**
     * Finds data or holes: returns the new offset, or an errno. {@code whence} is {@code SEEK_DATA} or {@code
     * SEEK_HOLE}.
     */
    default long lseek(Request request, long nodeid, long fh, long offset, int whence) {
        return -Errno.ENOSYS;
    }

    /** Copies between two files of this file system: returns the number of bytes copied, or an errno. */
    default long copyFileRange(
            Request request,
            long nodeidIn,
            long fhIn,
            long offsetIn,
            long nodeidOut,
            long fhOut,
            long offsetOut,
            long length,
            long flags) {
        return -Errno.ENOSYS;
    }

    default int syncfs(Request request, long nodeid) {
        return -Errno.ENOSYS;
    }

    /**
     * A descriptor of this host whose pages are the content of an open file, so that they can be mapped into a DAX
     * window: open for reading and writing, and good until {@code fh} is released. A file system whose files have no
     * pages of their own, or do not give them away, does without: the device then stages them.
     *
     * @return the descriptor, or {@code -EOPNOTSUPP}
     */
    default int descriptor(long nodeid, long fh) {
        return -Errno.EOPNOTSUPP;
    }

    /**
     * Fills in what the client holds, for those who watch the server. Any thread, while the session is open, which
     * cannot end meanwhile: it waits for nothing.
     */
    default void usage(Usage out) {}

    /**
     * Where a node is now, for people who watch the server: names from the root on, with slashes between them. Any
     * thread, while the session is open, which cannot end meanwhile: it waits for nothing.
     *
     * @return null if it cannot be told
     */
    default @Nullable String path(long nodeid) {
        return null;
    }

    /** Ends the session: closes every handle, drops every lock, forgets every node, whatever the client forgot. */
    @Override
    default void close() {}

    /** What an operation that changes something answers by default. */
    private int refusal() {
        return isReadOnly() ? -Errno.EROFS : -Errno.ENOSYS;
    }
}
