package dev.oriel.hadoop;

import dev.oriel.filesystem.FileSystem;
import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.filesystem.ShareSettings;
import dev.oriel.filesystem.node.Budget;
import dev.oriel.fuse.FuseInitFlags;
import dev.oriel.linux.LinuxException;
import dev.oriel.linux.ResourceLimits;

/** A folder of a Hadoop file system. */
final class HadoopFileSystem implements FileSystem {
    private static final long FLAGS = FuseInitFlags.ASYNC_READ
            | FuseInitFlags.ATOMIC_O_TRUNC
            | FuseInitFlags.BIG_WRITES
            | FuseInitFlags.ASYNC_DIO
            | FuseInitFlags.PARALLEL_DIROPS
            | FuseInitFlags.MAX_PAGES
            | FuseInitFlags.INIT_EXT
            | FuseInitFlags.AUTO_INVAL_DATA
            | FuseInitFlags.DO_READDIRPLUS
            | FuseInitFlags.READDIRPLUS_AUTO
            | FuseInitFlags.HAS_INODE_DAX;

    /** Open files and directories of all sessions. */
    private static final long MOST_OPEN = 65_536;

    /** A stream takes one for the data node that it reads from, and two for a moment where a block ends. */
    private static final int DESCRIPTORS_OF_ONE = 2;

    /** Bytes of heap; half of them are shared, and enough for a directory of any length. */
    private static final long LEAST_FOR_LISTINGS = 2 << 20;

    private final Cluster cluster;
    private final HadoopFiles files;
    private final Budget nodes;
    private final Budget listings;
    private final Budget open;

    /** @param cluster closed with this */
    HadoopFileSystem(Cluster cluster, ShareSettings settings) {
        this.cluster = cluster;
        files = new HadoopFiles(cluster);
        int sessions = settings.sessions();
        String forget = "until it forgets some (in a Linux guest: echo 2 > /proc/sys/vm/drop_caches)";
        nodes = new Budget(
                settings.nodeMemory() / 2,
                sessions,
                0,
                "the guest knows as many files as there is memory for (--node-memory), and gets ENFILE for others "
                        + forget);
        listings = new Budget(
                Math.max(settings.nodeMemory() / 2, LEAST_FOR_LISTINGS),
                sessions,
                0,
                "the guest reads more directories at once than there is memory for (--node-memory), and gets ENOMEM");
        open = new Budget(
                mostOpen(),
                sessions,
                0,
                "the guest has opened as many files as it may, and gets ENFILE until it closes some");
    }

    private static long mostOpen() {
        try {
            long descriptors = ResourceLimits.openFiles().soft();
            return descriptors < 0 ? MOST_OPEN : Math.min(MOST_OPEN, descriptors / DESCRIPTORS_OF_ONE);
        } catch (LinuxException unknown) {
            return MOST_OPEN;
        }
    }

    @Override
    public FileSystemSession begin(long offered) {
        HadoopState state = new HadoopState(cluster, files, nodes.open(), open.open());
        return new HadoopSession(state, listings.open(), FLAGS & offered);
    }

    @Override
    public void close() {
        int _ = (int) cluster.ask(() -> cluster.staging().writeBack());
        cluster.close();
    }
}
