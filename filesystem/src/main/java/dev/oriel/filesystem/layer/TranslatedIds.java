package dev.oriel.filesystem.layer;

import dev.oriel.filesystem.AttributeChange;
import dev.oriel.filesystem.FileSystem;
import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.fuse.FuseInitFlags;

/**
 * A file system whose users and groups have other ids for its clients than on the host. An id that is forbidden to a
 * client is answered {@code -EPERM} where something would become its: what it makes, and what it gives away.
 *
 * <p>Access control lists name ids in the values of extended attributes, which nobody translates: there are none.
 */
public final class TranslatedIds implements FileSystem {
    /** What a thread needs, made once. */
    static final class Scratch {
        final TranslatedRequest request;
        final AttributeChange change = new AttributeChange();
        final TranslatedEntries entries;

        Scratch(IdTranslation users, IdTranslation groups) {
            request = new TranslatedRequest(users, groups);
            entries = new TranslatedEntries(users, groups);
        }
    }

    private final FileSystem behind;
    private final IdTranslation users;
    private final IdTranslation groups;
    private final ThreadLocal<Scratch> scratch;

    /**
     * Stands before a file system, and closes it when it is closed.
     *
     * @param behind has the host's ids
     */
    public TranslatedIds(FileSystem behind, IdTranslation users, IdTranslation groups) {
        this.behind = behind;
        this.users = users;
        this.groups = groups;
        scratch = ThreadLocal.withInitial(() -> new Scratch(users, groups));
    }

    @Override
    public FileSystemSession begin(long offered) {
        return new TranslatedIdsSession(behind.begin(offered & ~FuseInitFlags.POSIX_ACL), users, groups, scratch);
    }

    @Override
    public void close() {
        behind.close();
    }
}
