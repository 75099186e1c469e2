package dev.oriel.filesystem;

import dev.oriel.fuse.FuseAttrOut;
import dev.oriel.fuse.FuseEntryOut;
import dev.oriel.fuse.FuseFileLock;
import dev.oriel.fuse.FuseKstatfs;
import dev.oriel.fuse.FuseOpenOut;
import dev.oriel.fuse.FuseSetattrIn;
import dev.oriel.fuse.FuseStatxOut;
import dev.oriel.linux.Errno;
import dev.oriel.linux.IoVector;
import java.lang.foreign.MemorySegment;

/**
 * A file system as one client sees it, from its {@code FUSE_INIT} to the next one, {@code FUSE_DESTROY}, reset or
 * disconnect. The operations are those of the FUSE protocol, with Linux's meaning.
 *
 * <p><b>Results.</b> An operation returns 0 (or a count, where it says so) or {@code -errno}, or {@link #WOULD_BLOCK} if
 * {@link Request#mayBlock()} is false. It throws nothing. {@code -ENOSYS} tells a Linux client never to ask again.
 *
 * <p><b>Replies.</b> The {@code out} objects write into the reply itself, often memory of the client. They are zero at
 * first and what is written there must never be read back. On an error they are ignored.
 *
 * <p><b>Threads.</b> Any operation may be called from several threads at once. {@link #close()} is called when no
 * operation runs any more.
 *
 * <p><b>Nodes.</b> A nodeid is given out by an entry reply with nodeid not 0, which counts as one lookup, and is good until
 * as many have been forgotten. Node 1 is the root and always good. A nodeid or handle that was never given out is
 * answered with an errno ({@code ENOENT}, {@code EBADF}), never with an exception.
 */
public interface FileSystemSession extends AutoCloseable {

    /** The node of the root directory ({@code FUSE_ROOT_ID}). */
    long ROOT = 1;

    /** The handle of an operation for which the client has none. */
    long NO_HANDLE = -1L;

    /** Not an errno: this request must come again where {@link Request#mayBlock()} is true. */
    int WOULD_BLOCK = Integer.MIN_VALUE;

    /** The INIT flags that are in force, {@code flags | flags2 << 32}: a subset of what the client offered. */
    long flags();

    /** Whether the client can change nothing. */
    default boolean isReadOnly() {
        return false;
    }

    /** Resolution of the time stamps, in ns: 1 to 1 000 000 000. */
    int timeGranularity();

    int lookup(Request request, long parent, Name name, FuseEntryOut out);

    /** Takes back {@code nlookup} lookups of {@code nodeid}. */
    void forget(long nodeid, long nlookup);

    /** {@code fh} is {@link #NO_HANDLE} if the client did not name an open file. */
    int getattr(Request request, long nodeid, long fh, FuseAttrOut out);

    /** {@code in.valid()} says what to set ({@code FATTR_*}). */
    int setattr(Request request, long nodeid, FuseSetattrIn in, FuseAttrOut out);

    /**
     * STATX: as {@link #getattr}, with birth time and attribute flags.
     *
     * @param syncFlags {@code AT_STATX_*}
     * @param mask the fields that are wanted ({@code STATX_*})
     */
    int statx(Request request, long nodeid, long fh, int syncFlags, int mask, FuseStatxOut out);

    /**
     * Puts the target into {@code out}, without a NUL.
     *
     * @return its length
     */
    int readlink(Request request, long nodeid, MemorySegment out);

    int symlink(Request request, long parent, Name name, Name target, FuseEntryOut out);

    /** {@code rdev} is in the encoding of the wire: minor & 0xff | major << 8 | (minor & ~0xff) << 12. */
    int mknod(Request request, long parent, Name name, int mode, int rdev, int umask, FuseEntryOut out);

    int mkdir(Request request, long parent, Name name, int mode, int umask, FuseEntryOut out);

    int unlink(Request request, long parent, Name name);

    int rmdir(Request request, long parent, Name name);

    /** {@code flags} are {@code RENAME_NOREPLACE}, {@code RENAME_EXCHANGE}, {@code RENAME_WHITEOUT}. */
    int rename(Request request, long parent, Name name, long newParent, Name newName, int flags);

    int link(Request request, long nodeid, long newParent, Name newName, FuseEntryOut out);

    /**
     * Opens a file that is there.
     *
     * @param flags the {@code O_*} flags of the open, without {@code O_CREAT}, {@code O_EXCL} and {@code O_NOCTTY}
     * @param openFlags {@code FUSE_OPEN_KILL_SUIDGID}
     */
    int open(Request request, long nodeid, int flags, int openFlags, FuseOpenOut out);

    /** Opens {@code name}, creating it if need be; both replies are filled. */
    int create(
            Request request,
            long parent,
            Name name,
            int flags,
            int mode,
            int umask,
            int openFlags,
            FuseEntryOut entry,
            FuseOpenOut out);

    /** Opens a new file without a name ({@code O_TMPFILE}) in the directory {@code parent}. */
    int tmpfile(
            Request request,
            long parent,
            int flags,
            int mode,
            int umask,
            int openFlags,
            FuseEntryOut entry,
            FuseOpenOut out);

    /**
     * Reads up to {@code to.bytes()} bytes straight into {@code to}, the client's memory.
     *
     * @param flags the {@code O_*} flags that the file has now
     * @return the number of bytes, less than asked for at the end of the file only; or an errno
     */
    long read(Request request, long nodeid, long fh, long offset, int flags, IoVector to);

    /**
     * Writes the bytes of {@code from}, the client's memory.
     *
     * @param flags the {@code O_*} flags that the file has now
     * @param writeFlags {@code FUSE_WRITE_CACHE}, {@code FUSE_WRITE_KILL_SUIDGID}
     * @return the number of bytes written, or an errno
     */
    long write(Request request, long nodeid, long fh, long offset, int flags, int writeFlags, IoVector from);

    /** Called at every close(2) of a file in the client; drops the POSIX locks of {@code lockOwner}. */
    int flush(Request request, long nodeid, long fh, long lockOwner);

    /** The last close of {@code fh}. {@code releaseFlags}: {@code FUSE_RELEASE_FLUSH}, {@code FUSE_RELEASE_FLOCK_UNLOCK}. */
    int release(Request request, long nodeid, long fh, int flags, int releaseFlags, long lockOwner);

    int fsync(Request request, long nodeid, long fh, boolean dataOnly);

    int opendir(Request request, long nodeid, int flags, FuseOpenOut out);

    /**
     * Fills {@code entries} with the directory's entries from {@code offset} on: 0, or the {@code next} of the last entry that
     * the client has seen.
     *
     * @param plus whether each entry is looked up too (READDIRPLUS, see {@link DirectoryEntries#addPlus})
     */
    int readdir(Request request, long nodeid, long fh, long offset, boolean plus, DirectoryEntries entries);

    int releasedir(Request request, long nodeid, long fh, int flags);

    int fsyncdir(Request request, long nodeid, long fh, boolean dataOnly);

    int statfs(Request request, long nodeid, FuseKstatfs out);

    /**
     * Sets an extended attribute.
     *
     * @param flags {@code XATTR_CREATE}, {@code XATTR_REPLACE}
     * @param setxattrFlags {@code FUSE_SETXATTR_ACL_KILL_SGID}
     */
    int setxattr(Request request, long nodeid, Name name, MemorySegment value, int flags, int setxattrFlags);

    /**
     * Puts the value into {@code out}.
     *
     * @param out where to, or of size 0 to learn the length
     * @return the length, or {@code -ERANGE} if {@code out} is too small
     */
    int getxattr(Request request, long nodeid, Name name, MemorySegment out);

    /** As {@link #getxattr}, for the list of names, each with its NUL. */
    int listxattr(Request request, long nodeid, MemorySegment out);

    int removexattr(Request request, long nodeid, Name name);

    int access(Request request, long nodeid, int mask);

    /** Fills {@code out} with a lock that stands in the way of {@code lock}, or with type {@code F_UNLCK}. */
    int getlk(Request request, long nodeid, long fh, long owner, FuseFileLock lock, FuseFileLock out);

    /**
     * Takes or drops a lock, without waiting.
     *
     * @param lkFlags {@code FUSE_LK_FLOCK} for flock(2)
     * @return {@code -EAGAIN} if another holds it; a client that waits (SETLKW) is parked by the caller, which asks again
     */
    int setlk(Request request, long nodeid, long fh, long owner, FuseFileLock lock, int lkFlags);

    /**
     * A client is to wait for a lock that {@link #setlk} has just refused with {@code -EAGAIN} (SETLKW), or goes on
     * waiting. {@link #endLockWait} follows when the wait ends.
     *
     * @return 0; {@code -EDEADLK} if it would wait for ever, as the one that it waits for waits for {@code owner}
     */
    default int awaitLock(Request request, long nodeid, long fh, long owner, FuseFileLock lock, int lkFlags) {
        return 0;
    }

    /** The request does not wait for a lock any more: it has it, or is answered without. */
    default void endLockWait(long unique) {}

    /**
     * Serves an ioctl whose argument is plain data. {@code argument} holds the client's input, {@code inSize} bytes of it, and
     * takes up to {@code outSize} bytes of output, in the host's byte order both: the caller translates what it knows.
     *
     * @param flags {@code FUSE_IOCTL_*}
     * @return the ioctl's own result (0 or more), or an errno: {@code -ENOTTY} for what is not known
     */
    int ioctl(
            Request request,
            long nodeid,
            long fh,
            int flags,
            int command,
            MemorySegment argument,
            int inSize,
            int outSize);

    /** {@code mode}: {@code FALLOC_FL_*}. */
    int fallocate(Request request, long nodeid, long fh, long offset, long length, int mode);

    /** Finds data or holes: returns the new offset, or an errno. {@code whence} is {@code SEEK_DATA} or {@code SEEK_HOLE}. */
    long lseek(Request request, long nodeid, long fh, long offset, int whence);

    /** Copies between two files of this file system: returns the number of bytes copied, or an errno. */
    long copyFileRange(
            Request request,
            long nodeidIn,
            long fhIn,
            long offsetIn,
            long nodeidOut,
            long fhOut,
            long offsetOut,
            long length,
            long flags);

    int syncfs(Request request, long nodeid);

    /**
     * A descriptor of this host whose pages are the content of an open file, so that they can be mapped into a DAX window: open for reading
     * and writing, and good until {@code fh} is released. A file system whose files have no pages of their own, or do not give them
     * away, does without: the device then stages them.
     *
     * @return the descriptor, or {@code -EOPNOTSUPP}
     */
    default int descriptor(long nodeid, long fh) {
        return -Errno.EOPNOTSUPP;
    }

    /** Ends the session: closes every handle, drops every lock, forgets every node, whatever the client forgot. */
    @Override
    void close();
}
