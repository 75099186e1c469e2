package dev.oriel.filesystem.local;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.oriel.filesystem.AttributeChange;
import dev.oriel.filesystem.Attributes;
import dev.oriel.filesystem.Entry;
import dev.oriel.filesystem.FileLock;
import dev.oriel.filesystem.FileSystem;
import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.filesystem.Name;
import dev.oriel.filesystem.Opened;
import dev.oriel.fuse.FuseInitFlags;
import dev.oriel.linux.IoVector;
import dev.oriel.linux.LinuxException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;

/** The other side of a session, without a protocol in between: what a test asks, and what it got. */
public final class Client implements AutoCloseable {
    /** All that a Linux client offers. */
    public static final long EVERYTHING = ~0L & ~FuseInitFlags.FILE_OPS;

    public final Entry entry = new Entry();
    public final Attributes attr = new Attributes();
    public final Opened opened = new Opened();
    public final AttributeChange change = new AttributeChange();
    public final FileLock lock = new FileLock();
    public final FileLock conflict = new FileLock();
    public final IoVector vector = new IoVector(16);
    public final FileSystemSession session;
    private final FileSystem fileSystem;
    private final Arena arena = Arena.ofShared();
    private final Name name = new Name(arena.allocate(8192));
    private final Name other = new Name(arena.allocate(8192));
    private MemorySegment room = arena.allocate(8192);
    private Caller caller = Caller.root();

    private final boolean owner;

    private Client(FileSystem fileSystem, long offered, boolean owner) {
        this.fileSystem = fileSystem;
        this.owner = owner;
        session = fileSystem.begin(offered);
    }

    public static Client of(Path directory) {
        return of(LocalOptions.of(directory));
    }

    public static Client of(LocalOptions.Builder options) {
        return of(options, EVERYTHING);
    }

    public static Client of(LocalOptions.Builder options, long offered) {
        try {
            return new Client(LocalFileSystem.open(options.build()), offered, true);
        } catch (LinuxException e) {
            throw new AssertionError(e);
        }
    }

    /** The only client of a file system, which is closed with it. */
    public static Client of(FileSystem fileSystem) {
        return new Client(fileSystem, EVERYTHING, true);
    }

    /** Another client of the same server. Close it before this one. */
    public Client neighbour() {
        return new Client(fileSystem, EVERYTHING, false);
    }

    public Client as(Caller newCaller) {
        caller = newCaller;
        return this;
    }

    public Caller caller() {
        return caller;
    }

    public static Name name(Name into, String text) {
        byte[] bytes = text.getBytes(UTF_8);
        if (!into.set(MemorySegment.ofArray(bytes), 0, bytes.length)) {
            throw new IllegalArgumentException(text);
        }
        return into;
    }

    public Name name(String text) {
        return name(name, text);
    }

    public int lookup(long parent, String text) {
        entry.clear();
        return session.lookup(caller, parent, name(text), entry);
    }

    /** Looks a path up, each of its names; the node of the last one. */
    public long walk(String path) {
        long node = FileSystemSession.ROOT;
        for (String part : path.split("/", -1)) {
            int result = lookup(node, part);
            if (result != 0) {
                throw new AssertionError("lookup of " + part + " in " + path + ": " + result);
            }
            node = entry.nodeid;
        }
        return node;
    }

    public int mkdir(long parent, String text, int mode) {
        entry.clear();
        return session.mkdir(caller, parent, name(text), mode, 0, entry);
    }

    public int mknod(long parent, String text, int mode, int rdev) {
        entry.clear();
        return session.mknod(caller, parent, name(text), mode, rdev, 0, entry);
    }

    public int symlink(long parent, String text, String target) {
        entry.clear();
        return session.symlink(caller, parent, name(text), name(other, target), entry);
    }

    public int create(long parent, String text, int flags, int mode) {
        return create(parent, text, flags, mode, 0);
    }

    public int create(long parent, String text, int flags, int mode, int umask) {
        entry.clear();
        opened.clear();
        return session.create(caller, parent, name(text), flags, mode, umask, 0, entry, opened);
    }

    public int unlink(long parent, String text) {
        return session.unlink(caller, parent, name(text));
    }

    public int rmdir(long parent, String text) {
        return session.rmdir(caller, parent, name(text));
    }

    public int rename(long parent, String text, long newParent, String newText, int flags) {
        return session.rename(caller, parent, name(text), newParent, name(other, newText), flags);
    }

    public int link(long node, long parent, String text) {
        entry.clear();
        return session.link(caller, node, parent, name(text), entry);
    }

    public int open(long node, int flags) {
        opened.clear();
        return session.open(caller, node, flags, 0, opened);
    }

    public int getattr(long node, long fh) {
        attr.clear();
        return session.getattr(caller, node, fh, attr);
    }

    public int getattr(long node) {
        return getattr(node, FileSystemSession.NO_HANDLE);
    }

    public int setattr(long node) {
        attr.clear();
        int result = session.setattr(caller, node, change, attr);
        change.clear();
        return result;
    }

    public long write(long node, long fh, long offset, String text) {
        return write(node, fh, offset, 0, 0, text);
    }

    public long write(long node, long fh, long offset, int flags, int writeFlags, String text) {
        byte[] bytes = text.getBytes(UTF_8);
        MemorySegment.copy(bytes, 0, room(bytes.length), ValueLayout.JAVA_BYTE, 0, bytes.length);
        return session.write(caller, node, fh, offset, flags, writeFlags, vector);
    }

    /**
     * Memory for a transfer, to which {@link #vector} points. The next call takes it again; it is there until this
     * client is closed, as a vector keeps nothing of what it points to.
     */
    public MemorySegment room(int size) {
        if (size > room.byteSize()) {
            room = arena.allocate(size);
        }
        vector.clear();
        vector.add(room.address(), size);
        return room.asSlice(0, size);
    }

    /** What is read, as text; fails on an errno. */
    public String read(long node, long fh, long offset, int size) {
        MemorySegment memory = room(size);
        long read = session.read(caller, node, fh, offset, 0, vector);
        if (read < 0) {
            throw new AssertionError("read: " + read);
        }
        return new String(memory.asSlice(0, read).toArray(ValueLayout.JAVA_BYTE), UTF_8);
    }

    /** The beginning of a file, opened for that. */
    public String read(long node) {
        if (open(node, 0) != 0) {
            throw new AssertionError("open");
        }
        long fh = opened.fh;
        String text = read(node, fh, 0, 100);
        release(node, fh);
        return text;
    }

    public int setlk(long node, long fh, long owner, int type, long start, long end, int pid) {
        lock.clear();
        lock.type = type;
        lock.start = start;
        lock.end = end;
        lock.pid = pid;
        return session.setlk(caller, node, fh, owner, lock, 0);
    }

    public int release(long node, long fh) {
        return session.release(caller, node, fh, 0, 0, 0);
    }

    @Override
    public void close() {
        session.close();
        if (owner) {
            fileSystem.close();
        }
        arena.close();
    }
}
