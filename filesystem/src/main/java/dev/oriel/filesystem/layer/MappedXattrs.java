package dev.oriel.filesystem.layer;

import dev.oriel.filesystem.FileSystem;
import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.filesystem.Name;
import dev.oriel.fuse.FuseInitFlags;
import dev.oriel.linux.XattrFlags;
import java.lang.foreign.Arena;

/**
 * A file system whose extended attributes have other names for its clients than on the host.
 *
 * <p>A kernel clears {@code security.capability} when a file is written to, truncated or given away. If it has another
 * name on the host, the host's kernel does not, so this layer does (CVE-2021-20263). Access control lists are what they
 * are by their name: where the map changes that, there are none.
 */
public final class MappedXattrs implements FileSystem {
    /** What a thread needs, made once. */
    static final class Scratch {
        final Name name = new Name(Arena.ofAuto().allocate(XattrFlags.XATTR_NAME_MAX + 1));
        final NameList list = new NameList();
        final UnlabelledRequest unlabelled = new UnlabelledRequest();
    }

    private final FileSystem behind;
    private final XattrMap map;
    private final boolean changesLists;
    private final ThreadLocal<Scratch> scratch = ThreadLocal.withInitial(Scratch::new);

    /**
     * Stands before a file system, and closes it when it is closed.
     *
     * @param behind has the host's names
     */
    public MappedXattrs(FileSystem behind, XattrMap map) {
        this.behind = behind;
        this.map = map;
        changesLists = map.changes("system.posix_acl_access") || map.changes("system.posix_acl_default");
    }

    @Override
    public FileSystemSession begin(long offered) {
        long passed = changesLists ? offered & ~FuseInitFlags.POSIX_ACL : offered;
        return new MappedXattrsSession(behind.begin(passed), map, scratch);
    }

    @Override
    public void close() {
        behind.close();
    }
}
