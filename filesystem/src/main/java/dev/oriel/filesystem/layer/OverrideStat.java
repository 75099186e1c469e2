package dev.oriel.filesystem.layer;

import dev.oriel.filesystem.AttributeChange;
import dev.oriel.filesystem.Attributes;
import dev.oriel.filesystem.FileSystem;
import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.filesystem.Opened;
import dev.oriel.fuse.FuseInitFlags;
import dev.oriel.linux.IoVector;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A file system whose owners, modes and device numbers are kept in an extended attribute, {@code
 * user.containers.override_stat}, so that a server that is not root gives its clients real users: as
 * containers/storage, fuse-overlayfs and libkrun do.
 *
 * <p><b>On the host</b> all that a client makes is the server's user's, and nobody else's: mode 0600, or 0700 for a
 * directory. Special files and symbolic links, which cannot have such an attribute, are regular files whose attribute
 * tells the type; a link's content is its target. A file without the attribute, or with one that does not fit it, shows
 * what the host says.
 *
 * <p><b>Who may do what</b> is the client's to check ({@code default_permissions}): every request goes on as the
 * server's own user. The client clears set-id bits as well, so {@code HANDLE_KILLPRIV_V2} is not offered. Access
 * control lists would be the host's, and are not offered either; nor is work without handles, as a link's target is
 * read and written by one.
 */
public final class OverrideStat implements FileSystem {
    private static final long NOT_OFFERED = FuseInitFlags.HANDLE_KILLPRIV_V2
            | FuseInitFlags.POSIX_ACL
            | FuseInitFlags.DONT_MASK
            | FuseInitFlags.NO_OPEN_SUPPORT
            | FuseInitFlags.NO_OPENDIR_SUPPORT;

    private static final int LOCKS = 64;

    /** What a thread needs, made once. */
    static final class Scratch {
        final ServersRequest request = new ServersRequest();
        final StatOverride stat = new StatOverride();
        final Attributes attributes = new Attributes();
        final Opened opened = new Opened();
        final AttributeChange change = new AttributeChange();
        final MemorySegment value = Arena.ofAuto().allocate(StatOverride.MOST_BYTES);
        final IoVector vector = new IoVector(1);
        final NameList list = new NameList();
        final OverriddenEntries entries = new OverriddenEntries();
    }

    private final FileSystem behind;
    private final ThreadLocal<Scratch> scratch = ThreadLocal.withInitial(Scratch::new);
    private final ReentrantLock[] changes = new ReentrantLock[LOCKS];

    /**
     * Stands before a file system, and closes it when it is closed.
     *
     * @param behind keeps extended attributes
     */
    public OverrideStat(FileSystem behind) {
        this.behind = behind;
        for (int i = 0; i < LOCKS; i++) {
            changes[i] = new ReentrantLock();
        }
    }

    /**
     * Guards the attribute of a file against another change between a look and a change.
     *
     * @param ino tells files apart, also to several clients
     */
    ReentrantLock changing(long ino) {
        return changes[(int) (ino & (LOCKS - 1))];
    }

    @Override
    public FileSystemSession begin(long offered) {
        return new OverrideStatSession(this, behind.begin(offered & ~NOT_OFFERED), scratch);
    }

    @Override
    public void close() {
        behind.close();
    }
}
