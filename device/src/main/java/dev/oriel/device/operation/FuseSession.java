package dev.oriel.device.operation;

import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.fuse.FuseInitFlags;
import java.nio.ByteOrder;

/** A session as the device knows it: what FUSE_INIT settled, and the file system's part of it. */
public final class FuseSession {
    /** The version in which requests began to tell the length of their extensions. */
    private static final int EXTENSIONS_HAVE_A_LENGTH = 38;

    private final FileSystemSession fileSystem;
    private final ByteOrder order;
    private final int minor;
    private final long flags;

    private volatile GuestArchitecture architecture = GuestArchitecture.ofHost();

    /**
     * A session that begins.
     *
     * @param fileSystem what serves the operations
     * @param order the byte order of all that is said in this session
     * @param minor the client's minor version of the protocol
     * @param flags the INIT flags in force, {@code flags | flags2 << 32}
     */
    public FuseSession(FileSystemSession fileSystem, ByteOrder order, int minor, long flags) {
        this.fileSystem = fileSystem;
        this.order = order;
        this.minor = minor;
        this.flags = flags;
    }

    public FileSystemSession fileSystem() {
        return fileSystem;
    }

    public ByteOrder order() {
        return order;
    }

    /** Whether security contexts simply follow the names of a request (7.36 and 7.37). */
    public boolean contextsFollowNames() {
        return minor < EXTENSIONS_HAVE_A_LENGTH && (flags & FuseInitFlags.SECURITY_CTX) != 0;
    }

    /** Whether the arguments of a SETXATTR are 16 bytes long and not 8. */
    public boolean longSetxattr() {
        return (flags & FuseInitFlags.SETXATTR_EXT) != 0;
    }

    /** Whether this INIT flag is in force. */
    public boolean has(long flag) {
        return (flags & flag) != 0;
    }

    /** The flags of a file that the client has open, in the host's values. */
    public int hostFlags(int clientFlags) {
        return architecture.toHost(clientFlags);
    }

    /**
     * The flags with which the client opens something, in the host's values. They may tell what the client is.
     *
     * @param directory whether O_DIRECTORY is to be expected in them
     */
    public int hostFlagsOfOpen(int clientFlags, boolean directory) {
        GuestArchitecture assumed = architecture;
        GuestArchitecture judged = assumed.judgedBy(clientFlags, directory);
        if (judged != assumed) {
            architecture = judged;
        }
        return judged.toHost(clientFlags);
    }

    /** For the log. */
    @Override
    public String toString() {
        return "FUSE 7." + minor + ", " + order + ", flags 0x" + Long.toHexString(flags);
    }
}
