package dev.oriel.filesystem.local;

import dev.oriel.filesystem.CachePolicy;
import dev.oriel.fuse.FuseInitFlags;

/** What of a client's offer at FUSE_INIT is accepted. */
final class SessionFlags {
    private static final long ALWAYS = FuseInitFlags.ASYNC_READ
            | FuseInitFlags.ATOMIC_O_TRUNC
            | FuseInitFlags.BIG_WRITES
            | FuseInitFlags.HAS_IOCTL_DIR
            | FuseInitFlags.ASYNC_DIO
            | FuseInitFlags.PARALLEL_DIROPS
            | FuseInitFlags.MAX_PAGES
            | FuseInitFlags.INIT_EXT
            | FuseInitFlags.HAS_INODE_DAX
            | FuseInitFlags.ALLOW_IDMAP;

    private SessionFlags() {}

    /**
     * Whether files are used without being opened by the client. That wants a tree that only this client changes, for
     * an open is where it would learn of a change; and a server that can open for reading and writing, at any time,
     * what the client's kernel has decided may be read or written. O_DIRECT and O_NOATIME are matters of the
     * descriptor, and a read-only share refuses to open.
     */
    private static boolean isZeroMessage(LocalOptions options, long offered, boolean changesIds) {
        return options.zeroMessageOpen()
                && options.cache() == CachePolicy.ALWAYS
                && changesIds
                && !options.allowDirectIo()
                && !options.preserveNoatime()
                && !options.readOnly()
                && !options.posixLock()
                && !options.flock()
                && (offered & FuseInitFlags.NO_OPEN_SUPPORT) != 0;
    }

    /**
     * Chooses.
     *
     * @param changesIds whether the server acts with the caller's ids
     * @param steadyDirectories whether a directory that is opened again can be read on from where it was left, though
     *     names were removed meanwhile: otherwise each reader has to have it open for itself
     */
    static long choose(LocalOptions options, long offered, boolean changesIds, boolean steadyDirectories) {
        long flags = ALWAYS;
        if (isZeroMessage(options, offered, changesIds)) {
            // Nobody opens, so nobody truncates by opening.
            flags |= FuseInitFlags.NO_OPEN_SUPPORT | (steadyDirectories ? FuseInitFlags.NO_OPENDIR_SUPPORT : 0);
            flags &= ~FuseInitFlags.ATOMIC_O_TRUNC;
        }
        if (options.cache() != CachePolicy.ALWAYS) {
            flags |= FuseInitFlags.AUTO_INVAL_DATA;
        }
        if (options.cache().cachesLinks()) {
            flags |= FuseInitFlags.CACHE_SYMLINKS;
        }
        if (options.readdirplus()) {
            flags |= FuseInitFlags.DO_READDIRPLUS | FuseInitFlags.READDIRPLUS_AUTO;
        }
        if (options.posixLock()) {
            flags |= FuseInitFlags.POSIX_LOCKS;
        }
        if (options.flock()) {
            flags |= FuseInitFlags.FLOCK_LOCKS;
        }
        if (options.writeback()) {
            flags |= FuseInitFlags.WRITEBACK_CACHE;
        }
        if (options.allowMmap()) {
            flags |= FuseInitFlags.DIRECT_IO_ALLOW_MMAP;
        }
        if (options.killprivV2()) {
            flags |= FuseInitFlags.HANDLE_KILLPRIV_V2;
        }
        if (options.announceSubmounts()) {
            flags |= FuseInitFlags.SUBMOUNTS;
        }
        if (changesIds) {
            flags |= FuseInitFlags.CREATE_SUPP_GROUP;
        }
        if (options.securityLabel()) {
            flags |= FuseInitFlags.SECURITY_CTX;
        }
        // ACLs without the umask, or the umask without ACLs, would give new files wrong modes: both or none.
        long acl = FuseInitFlags.POSIX_ACL | FuseInitFlags.DONT_MASK | FuseInitFlags.SETXATTR_EXT;
        if (options.posixAcl() && (offered & acl) == acl) {
            flags |= acl;
        }
        return flags & offered;
    }
}
