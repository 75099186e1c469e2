package dev.oriel.filesystem.local;

import dev.oriel.filesystem.CachePolicy;
import java.nio.file.Path;
import java.util.Objects;

/**
 * How a host directory is served. The names and meanings are those of virtiofsd's options where it has one.
 *
 * @param sharedDir the directory; the client sees nothing outside of it
 * @param readOnly whether whatever would change it is answered with EROFS
 * @param cache what the client may cache
 * @param zeroMessageOpen whether a client that may cache everything need not open and close files, where that is
 *     possible
 * @param posixLock whether POSIX locks of the client are the host's too; its own otherwise. A Linux client that waits
 *     for one of the host can be neither interrupted nor killed, as virtio-fs carries no interrupts
 * @param flock the same for locks of flock(2)
 * @param writeback whether the client may hold back writes
 * @param allowMmap whether files that are not cached may be mapped shared ({@code FUSE_DIRECT_IO_ALLOW_MMAP})
 * @param allowDirectIo whether O_DIRECT in the client means O_DIRECT on the host; it is dropped otherwise
 * @param readdirplus whether directories are read with the attributes of their entries
 * @param xattr whether there are extended attributes
 * @param posixAcl whether there are POSIX access control lists; implies {@code xattr}
 * @param securityLabel whether security contexts are set on files as they are created; implies {@code xattr}
 * @param announceSubmounts whether the client is told of mount points inside the tree
 * @param inodeFileHandles how inodes are remembered
 * @param killprivV2 whether the server clears set-user-id and set-group-id bits on behalf of the client
 * @param preserveNoatime whether O_NOATIME in the client means O_NOATIME on the host
 * @param allowProjectIds whether the client may change the project of a file (project quotas), and whether new files
 *     inherit it
 * @param descriptors how many descriptors all sessions may hold at once, {@value #MIN_DESCRIPTORS} or more: half for
 *     inodes, half for open files
 * @param nodeMemory how many bytes of heap all sessions may take for the files that their clients know,
 *     {@value #MIN_NODE_MEMORY} or more
 * @param sessions so many sessions are each guaranteed a part of {@code descriptors} and {@code nodeMemory}; more may
 *     have none
 * @param daxMinSize the size in bytes from which on files are best read through a DAX window, if the client has one and
 *     leaves the choice to us
 */
public record LocalOptions(
        Path sharedDir,
        boolean readOnly,
        CachePolicy cache,
        boolean zeroMessageOpen,
        boolean posixLock,
        boolean flock,
        boolean writeback,
        boolean allowMmap,
        boolean allowDirectIo,
        boolean readdirplus,
        boolean xattr,
        boolean posixAcl,
        boolean securityLabel,
        boolean announceSubmounts,
        FileHandlePolicy inodeFileHandles,
        boolean killprivV2,
        boolean preserveNoatime,
        boolean allowProjectIds,
        int descriptors,
        long nodeMemory,
        int sessions,
        long daxMinSize) {

    /** Fewer descriptors than this are no basis for a session. */
    public static final int MIN_DESCRIPTORS = 128;

    /** Less memory than this is no basis either: a session knows some hundred files beside it. */
    public static final long MIN_NODE_MEMORY = 256 << 10;

    private static final int DEFAULT_DESCRIPTORS = 32768;
    private static final long DEFAULT_NODE_MEMORY = 256 << 20;
    private static final int DEFAULT_SESSIONS = 64;

    /** A range of the window costs QEMU 3 ms to set up, in which so much is read by request. */
    private static final long DEFAULT_DAX_MIN_SIZE = 512 << 10;

    public LocalOptions {
        Objects.requireNonNull(sharedDir, "sharedDir");
        Objects.requireNonNull(cache, "cache");
        Objects.requireNonNull(inodeFileHandles, "inodeFileHandles");
        if (descriptors < MIN_DESCRIPTORS) {
            throw new IllegalArgumentException("sessions need at least " + MIN_DESCRIPTORS + " descriptors, not "
                    + descriptors + "; raise the limit of open files");
        }
        if (nodeMemory < MIN_NODE_MEMORY) {
            throw new IllegalArgumentException(
                    "nodes need at least " + MIN_NODE_MEMORY + " bytes of memory, not " + nodeMemory);
        }
        if (sessions < 1) {
            throw new IllegalArgumentException("at least 1 session, not " + sessions);
        }
        xattr |= posixAcl || securityLabel;
    }

    /** The defaults of virtiofsd, except that file handles are preferred. */
    public static Builder of(Path sharedDir) {
        return new Builder(sharedDir);
    }

    /**
     * As another directory is served to one client, which may write and gets the least of memory and descriptors.
     *
     * @param directory is shared in place of this one
     */
    public LocalOptions elsewhere(Path directory) {
        return new LocalOptions(
                directory,
                false,
                cache,
                zeroMessageOpen,
                posixLock,
                flock,
                writeback,
                allowMmap,
                allowDirectIo,
                readdirplus,
                xattr,
                posixAcl,
                securityLabel,
                announceSubmounts,
                inodeFileHandles,
                killprivV2,
                preserveNoatime,
                allowProjectIds,
                MIN_DESCRIPTORS,
                MIN_NODE_MEMORY,
                1,
                daxMinSize);
    }

    /** Collects options. Not for several threads. */
    public static final class Builder {
        private final Path sharedDir;
        private boolean readOnly;
        private CachePolicy cache = CachePolicy.AUTO;
        private boolean zeroMessageOpen = true;
        private boolean posixLock;
        private boolean flock;
        private boolean writeback;
        private boolean allowMmap;
        private boolean allowDirectIo;
        private boolean readdirplus = true;
        private boolean xattr;
        private boolean posixAcl;
        private boolean securityLabel;
        private boolean announceSubmounts = true;
        private FileHandlePolicy inodeFileHandles = FileHandlePolicy.PREFER;
        private boolean killprivV2;
        private boolean preserveNoatime;
        private boolean allowProjectIds;
        private int descriptors = DEFAULT_DESCRIPTORS;
        private long nodeMemory = DEFAULT_NODE_MEMORY;
        private int sessions = DEFAULT_SESSIONS;
        private long daxMinSize = DEFAULT_DAX_MIN_SIZE;

        private Builder(Path sharedDir) {
            this.sharedDir = sharedDir;
        }

        /** See {@link LocalOptions#readOnly()}. */
        public Builder readOnly(boolean value) {
            readOnly = value;
            return this;
        }

        /** See {@link LocalOptions#cache()}. */
        public Builder cache(CachePolicy value) {
            cache = value;
            return this;
        }

        /** See {@link LocalOptions#zeroMessageOpen()}. */
        public Builder zeroMessageOpen(boolean value) {
            zeroMessageOpen = value;
            return this;
        }

        /** See {@link LocalOptions#posixLock()}. */
        public Builder posixLock(boolean value) {
            posixLock = value;
            return this;
        }

        /** See {@link LocalOptions#flock()}. */
        public Builder flock(boolean value) {
            flock = value;
            return this;
        }

        /** See {@link LocalOptions#writeback()}. */
        public Builder writeback(boolean value) {
            writeback = value;
            return this;
        }

        /** See {@link LocalOptions#allowMmap()}. */
        public Builder allowMmap(boolean value) {
            allowMmap = value;
            return this;
        }

        /** See {@link LocalOptions#allowDirectIo()}. */
        public Builder allowDirectIo(boolean value) {
            allowDirectIo = value;
            return this;
        }

        /** See {@link LocalOptions#readdirplus()}. */
        public Builder readdirplus(boolean value) {
            readdirplus = value;
            return this;
        }

        /** See {@link LocalOptions#xattr()}. */
        public Builder xattr(boolean value) {
            xattr = value;
            return this;
        }

        /** See {@link LocalOptions#posixAcl()}. */
        public Builder posixAcl(boolean value) {
            posixAcl = value;
            return this;
        }

        /** See {@link LocalOptions#securityLabel()}. */
        public Builder securityLabel(boolean value) {
            securityLabel = value;
            return this;
        }

        /** See {@link LocalOptions#announceSubmounts()}. */
        public Builder announceSubmounts(boolean value) {
            announceSubmounts = value;
            return this;
        }

        /** See {@link LocalOptions#inodeFileHandles()}. */
        public Builder inodeFileHandles(FileHandlePolicy value) {
            inodeFileHandles = value;
            return this;
        }

        /** See {@link LocalOptions#killprivV2()}. */
        public Builder killprivV2(boolean value) {
            killprivV2 = value;
            return this;
        }

        /** See {@link LocalOptions#preserveNoatime()}. */
        public Builder preserveNoatime(boolean value) {
            preserveNoatime = value;
            return this;
        }

        /** See {@link LocalOptions#daxMinSize()}. */
        public Builder daxMinSize(long value) {
            daxMinSize = value;
            return this;
        }

        /** See {@link LocalOptions#allowProjectIds()}. */
        public Builder allowProjectIds(boolean value) {
            allowProjectIds = value;
            return this;
        }

        /** See {@link LocalOptions#descriptors()}. */
        public Builder descriptors(int value) {
            descriptors = value;
            return this;
        }

        /** See {@link LocalOptions#nodeMemory()}. */
        public Builder nodeMemory(long value) {
            nodeMemory = value;
            return this;
        }

        /** See {@link LocalOptions#sessions()}. */
        public Builder sessions(int value) {
            sessions = value;
            return this;
        }

        /**
         * The options.
         *
         * @throws IllegalArgumentException if there are too few descriptors, or is too little memory
         */
        public LocalOptions build() {
            return new LocalOptions(
                    sharedDir,
                    readOnly,
                    cache,
                    zeroMessageOpen,
                    posixLock,
                    flock,
                    writeback,
                    allowMmap,
                    allowDirectIo,
                    readdirplus,
                    xattr,
                    posixAcl,
                    securityLabel,
                    announceSubmounts,
                    inodeFileHandles,
                    killprivV2,
                    preserveNoatime,
                    allowProjectIds,
                    descriptors,
                    nodeMemory,
                    sessions,
                    daxMinSize);
        }
    }
}
