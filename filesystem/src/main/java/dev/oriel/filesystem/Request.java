package dev.oriel.filesystem;

import java.lang.foreign.MemorySegment;

/**
 * Who asks, and how the request may be served. Valid during the call it is given to, on that thread only; the object
 * is used again for the next request.
 *
 * <p>Everything here is what the client says of itself: it was read once from the request, into memory that the client
 * cannot change, but it is the client's word.
 */
public interface Request {

    /** The id that the client gave to this request ({@code fuse_in_header.unique}). */
    long unique();

    /** The caller's user id in the file system, or -1 if the client's id mapping has none. */
    int uid();

    /** The caller's group id in the file system, or -1 if the client's id mapping has none. */
    int gid();

    /** The caller's process id in the client, 0 if the kernel itself asks. */
    int pid();

    /**
     * The group that the caller is in beside {@link #gid()} and that matters to a create: the parent directory's group
     * ({@code FUSE_EXT_GROUPS}), or -1 if the client sent none.
     */
    int supplementaryGid();

    /** How many security contexts a create must set ({@code FUSE_SECURITY_CTX}): 0 to 31. */
    int securityContexts();

    /** The name of security context {@code index}, as an extended attribute name: NUL terminated, in private memory. */
    MemorySegment securityContextName(int index);

    /** The value of security context {@code index}, in private memory. */
    MemorySegment securityContextValue(int index);

    /**
     * Whether this thread may wait for a disk, a lock or another machine. The first call for a request comes from the
     * thread that serves the client's queue, where it may not; a file system that answers {@link
     * FileSystemSession#WOULD_BLOCK} there gets the same request again from a thread where it may.
     */
    boolean mayBlock();

    /**
     * Whether another thread may work for this request too: processors may be spent to answer it sooner.
     */
    default boolean mayHaveHelp() {
        return false;
    }
}
