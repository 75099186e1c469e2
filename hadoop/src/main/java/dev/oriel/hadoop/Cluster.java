package dev.oriel.hadoop;

import dev.oriel.filesystem.staging.Staging;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Options;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.hdfs.DistributedFileSystem;
import org.apache.hadoop.hdfs.protocol.HdfsFileStatus;
import org.apache.hadoop.hdfs.web.WebHdfsFileSystem;
import org.jspecify.annotations.Nullable;

/**
 * The folder of a Hadoop file system that is shared, and what Hadoop's interface does not have: a file by its inode, an
 * owner by its number, a rename that replaces. For all threads.
 */
final class Cluster implements AutoCloseable {
    /** The folder in which HDFS shows the snapshots of a directory. */
    static final String SNAPSHOTS = ".snapshot";

    /** Where HDFS has every file by its inode; it knows this path wherever a path is asked for. */
    private static final String INODES = "/.reserved/.inodes/";

    /** Files that read ahead at once, each with 4 MiB of heap. */
    private static final int MOST_READING_AHEAD = 16;

    /** An inode of which HDFS does not tell the number. */
    private static final long UNKNOWN = 0;

    private final FileSystem files;
    private final Path root;
    private final ClassLoader loader;
    private final Staging staging;
    private final HadoopLogin login;
    private final Replacements replacements = new Replacements();
    private final Owners users = new Owners(java.nio.file.Path.of("/etc/passwd"));
    private final Owners groups = new Owners(java.nio.file.Path.of("/etc/group"));
    private final boolean tellsInodes;
    private final long rootInode;
    private final @Nullable ObjectStore objects;

    private final Semaphore readAhead = new Semaphore(MOST_READING_AHEAD);
    private final ExecutorService readers;

    /** Whether this user was refused to give a file away: then no other is tried. */
    private volatile boolean mayNotGive;

    /**
     * Looks at the folder, which must be there.
     *
     * @param loader Hadoop's, which finds its own classes by that of the thread
     * @param staging closed with this
     * @param login closed with this
     */
    Cluster(FileSystem files, Path root, ClassLoader loader, Staging staging, HadoopLogin login) throws IOException {
        this.files = files;
        this.root = root;
        this.loader = loader;
        this.staging = staging;
        this.login = login;
        readers = Executors.newCachedThreadPool(this::reader);
        FileStatus status = files.getFileStatus(root);
        if (!status.isDirectory()) {
            throw new IOException(root + " is no directory");
        }
        long inode = status instanceof HdfsFileStatus hdfs ? hdfs.getFileId() : UNKNOWN;
        tellsInodes = inode > 0 && (files instanceof DistributedFileSystem || files instanceof WebHdfsFileSystem);
        rootInode = tellsInodes ? inode : UNKNOWN;
        objects = ObjectStore.of(files, root);
    }

    FileSystem files() {
        return files;
    }

    /** The folder that is shared. */
    Path root() {
        return rootInode != UNKNOWN ? inodePath(rootInode) : root;
    }

    /** The file system as one of whole objects; null if it is none. */
    @Nullable
    ObjectStore objects() {
        return objects;
    }

    Staging staging() {
        return staging;
    }

    /** How many more files may read ahead. */
    Semaphore readAhead() {
        return readAhead;
    }

    /** Threads that read ahead, one for each file that does. They end when there is nothing to do. */
    Executor readers() {
        return readers;
    }

    private Thread reader(Runnable reading) {
        Thread thread = Thread.ofPlatform().daemon().name("oriel-read-ahead").unstarted(reading);
        thread.setContextClassLoader(loader);
        return thread;
    }

    Replacements replacements() {
        return replacements;
    }

    Owners users() {
        return users;
    }

    Owners groups() {
        return groups;
    }

    /** The inode of the folder that is shared; 0 if inodes are not told. */
    long rootInode() {
        return rootInode;
    }

    /** What stat(2) tells of it. */
    long rootIno() {
        return rootInode != UNKNOWN ? rootInode : inoOf(root);
    }

    /** The inode of a file as guests know it; 0 if it is not told. */
    long inode(FileStatus status) {
        long inode = tellsInodes && status instanceof HdfsFileStatus hdfs ? hdfs.getFileId() : UNKNOWN;
        return inode <= 0 ? UNKNOWN : replacements.first(inode);
    }

    /** An inode number for what has none: the same for the same path. */
    static long inoOf(Path path) {
        long hash = 0xcbf2_9ce4_8422_2325L;
        for (byte b : path.toUri().getPath().getBytes(StandardCharsets.UTF_8)) {
            hash = (hash ^ b) * 0x100_0000_01b3L;
        }
        return hash | (1L << 62);
    }

    /** Another number in place of one that is taken. */
    static long another(long ino, int counted) {
        return (ino * 31 + counted + 1) | (1L << 62);
    }

    private Path path(String path) {
        return new Path(root.toUri().getScheme(), root.toUri().getAuthority(), path);
    }

    /** Where an inode is, as guests know it. */
    Path inodePath(long inode) {
        return path(INODES + replacements.current(inode));
    }

    /** Where an inode of the cluster is. */
    Path rawInodePath(long inode) {
        return path(INODES + inode);
    }

    /** Where a node is. */
    Path path(HadoopNode node) {
        HadoopNode parent = node.parent();
        if (node.inode != UNKNOWN) {
            return inodePath(node.inode);
        }
        return parent == null ? root : child(parent, node.name());
    }

    /** Where a name of a directory is. */
    Path child(HadoopNode directory, String name) {
        return child(path(directory), name);
    }

    /** The same; a name may have characters that {@link Path} takes for parts of a URI. */
    Path child(Path directory, String name) {
        String folder = directory.toUri().getPath();
        return path(folder.endsWith("/") ? folder + name : folder + "/" + name);
    }

    /** What is there now, a link itself and not what it leads to. */
    FileStatus status(Path path) throws IOException {
        return files.supportsSymlinks() && files instanceof DistributedFileSystem
                ? files.getFileLinkStatus(path)
                : files.getFileStatus(path);
    }

    /** Renames, and replaces a file or an empty directory that is there. */
    void rename(Path from, Path to, boolean replaces) throws IOException {
        if (objects != null) {
            objects.rename(from, to, replaces);
            return;
        }
        Options.Rename option = replaces ? Options.Rename.OVERWRITE : Options.Rename.NONE;
        switch (files) {
            case DistributedFileSystem hdfs -> hdfs.rename(from, to, option);
            case WebHdfsFileSystem web -> web.rename(from, to, option);
            default ->
                org.apache.hadoop.fs.FileContext.getFileContext(files.getUri(), files.getConf())
                        .rename(from, to, option);
        }
    }

    /**
     * Gives a new file to who made it, if this user may; otherwise it stays this user's. So does a link: Hadoop's
     * client would give away what it leads to.
     */
    void give(Path path, FileStatus status, int uid, int gid) throws IOException {
        if (status.isSymlink()) {
            return;
        }
        boolean isOwner = uid < 0 || users.number(status.getOwner()) == uid;
        boolean isGroup = gid < 0 || groups.number(status.getGroup()) == gid;
        if ((isOwner && isGroup) || mayNotGive) {
            return;
        }
        try {
            files.setOwner(path, isOwner ? null : users.name(uid), isGroup ? null : groups.name(gid));
        } catch (org.apache.hadoop.security.AccessControlException refused) {
            mayNotGive = true;
        } catch (UnsupportedOperationException none) {
            mayNotGive = true;
        }
    }

    /** Gives up a stream that has failed, and has the cluster close what it wrote to. */
    void abandon(FSDataOutputStream out, Path path) {
        long _ = ask(() -> {
            if (objects != null) {
                ObjectStore.abort(out);
            } else {
                out.close();
            }
            return 0;
        });
        long _ = ask(() -> files instanceof DistributedFileSystem hdfs && hdfs.recoverLease(path) ? 1 : 0);
    }

    /**
     * Asks Hadoop, with its own class loader as that of the thread.
     *
     * @return what {@code question} answers, or an errno for what it throws
     */
    long ask(Callable<? extends Number> question) {
        Thread thread = Thread.currentThread();
        @Nullable ClassLoader before = thread.getContextClassLoader();
        thread.setContextClassLoader(loader);
        try {
            return question.call().longValue();
        } catch (Throwable thrown) {
            return HadoopErrno.of(thrown);
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    @Override
    public void close() {
        long _ = ask(() -> {
            files.close();
            return 0;
        });
        readers.shutdown();
        login.close();
        staging.close();
    }
}
