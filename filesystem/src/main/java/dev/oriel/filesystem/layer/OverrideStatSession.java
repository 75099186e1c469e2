package dev.oriel.filesystem.layer;

import static java.lang.ref.Reference.reachabilityFence;

import dev.oriel.filesystem.AttributeChange;
import dev.oriel.filesystem.Attributes;
import dev.oriel.filesystem.DirectoryEntries;
import dev.oriel.filesystem.Entry;
import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.filesystem.ForwardingSession;
import dev.oriel.filesystem.Name;
import dev.oriel.filesystem.Opened;
import dev.oriel.filesystem.Request;
import dev.oriel.fuse.FuseFlags;
import dev.oriel.linux.Errno;
import dev.oriel.linux.FileMode;
import dev.oriel.linux.IoVector;
import dev.oriel.linux.OpenFlags;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.locks.ReentrantLock;

/** One client of {@link OverrideStat}. */
final class OverrideStatSession extends ForwardingSession {
    private static final int PERMISSIONS = 07777;
    private static final int FILE_ON_HOST = FileMode.S_IFREG | 0600;
    private static final int DIRECTORY_ON_HOST = 0700;

    /** What is kept in the attribute, and what is the host's to change. */
    private static final int OVERRIDDEN = FuseFlags.FATTR_MODE | FuseFlags.FATTR_UID | FuseFlags.FATTR_GID;

    private static final int HOSTS =
            FuseFlags.FATTR_SIZE | FuseFlags.FATTR_ATIME | FuseFlags.FATTR_MTIME | FuseFlags.FATTR_CTIME;

    /** The longest target of a symbolic link, as Linux has it (PATH_MAX with its NUL). */
    private static final int MOST_TARGET = 4095;

    private final OverrideStat fileSystem;
    private final FileSystemSession behind;
    private final ThreadLocal<OverrideStat.Scratch> scratch;

    OverrideStatSession(OverrideStat fileSystem, FileSystemSession behind, ThreadLocal<OverrideStat.Scratch> scratch) {
        this.fileSystem = fileSystem;
        this.behind = behind;
        this.scratch = scratch;
    }

    @Override
    protected FileSystemSession delegate() {
        return behind;
    }

    @Override
    protected Request forward(Request request) {
        ServersRequest servers = scratch.get().request;
        servers.setOrigin(request);
        return servers;
    }

    /**
     * Overrides what the host says of a node.
     *
     * @param request as it goes to the session behind
     * @return 0 or an errno
     */
    int show(Request request, long nodeid, Attributes attributes) {
        int type = attributes.mode & FileMode.S_IFMT;
        if (type != FileMode.S_IFREG && type != FileMode.S_IFDIR) {
            return 0; // cannot have the attribute
        }
        OverrideStat.Scratch own = scratch.get();
        int result = behind.getxattr(request, nodeid, OverrideAttribute.NAME, own.value);
        if (result >= 0) {
            if (own.stat.read(own.value, result, type)) {
                own.stat.applyTo(attributes);
            }
            return 0;
        }
        return hasNone(-result) ? 0 : result;
    }

    /**
     * Whether an error means that the file has no such attribute: none, one that is too long, or one of another user.
     */
    private static boolean hasNone(int errno) {
        return switch (errno) {
            case Errno.ENODATA, Errno.EOPNOTSUPP, Errno.ENOSYS, Errno.ERANGE, Errno.EACCES, Errno.EPERM, Errno.ESTALE ->
                true;
            default -> false;
        };
    }

    /** Overrides a found entry, or gives the lookup back. */
    private int show(int result, Request request, Entry entry) {
        if (result != 0 || entry.nodeid == 0) {
            return result;
        }
        int shown = show(request, entry.nodeid, entry.attributes);
        if (shown < 0) {
            behind.forget(entry.nodeid, 1);
        }
        return shown;
    }

    @Override
    public int lookup(Request request, long parent, Name name, Entry out) {
        Request servers = forward(request);
        return show(behind.lookup(servers, parent, name, out), servers, out);
    }

    @Override
    public int link(Request request, long nodeid, long newParent, Name newName, Entry out) {
        Request servers = forward(request);
        return show(behind.link(servers, nodeid, newParent, newName, out), servers, out);
    }

    @Override
    public int getattr(Request request, long nodeid, long fh, Attributes out) {
        Request servers = forward(request);
        int result = behind.getattr(servers, nodeid, fh, out);
        return result == 0 ? show(servers, nodeid, out) : result;
    }

    @Override
    public int statx(Request request, long nodeid, long fh, int syncFlags, int mask, Attributes out) {
        Request servers = forward(request);
        int result = behind.statx(servers, nodeid, fh, syncFlags, mask, out);
        return result == 0 ? show(servers, nodeid, out) : result;
    }

    @Override
    public int readdir(Request request, long nodeid, long fh, long offset, boolean plus, DirectoryEntries entries) {
        Request servers = forward(request);
        return behind.readdir(
                servers, nodeid, fh, offset, plus, scratch.get().entries.into(this, servers, entries));
    }

    /** Size and times are the host's; owner and mode go into the attribute. */
    @Override
    public int setattr(Request request, long nodeid, AttributeChange in, Attributes out) {
        Request servers = forward(request);
        if ((in.has(FuseFlags.FATTR_UID) && in.uid == -1) || (in.has(FuseFlags.FATTR_GID) && in.gid == -1)) {
            return -Errno.EINVAL;
        }
        if (isReadOnly()) {
            return -Errno.EROFS;
        }
        long fh = in.has(FuseFlags.FATTR_FH) ? in.fh : NO_HANDLE;
        int result;
        if ((in.valid & HOSTS) != 0) {
            AttributeChange change = scratch.get().change;
            change.copyFrom(in);
            change.valid &= ~OVERRIDDEN;
            result = behind.setattr(servers, nodeid, change, out);
        } else {
            result = behind.getattr(servers, nodeid, fh, out);
        }
        if (result < 0 || (in.valid & OVERRIDDEN) == 0) {
            return result < 0 ? result : show(servers, nodeid, out);
        }
        ReentrantLock changing = fileSystem.changing(out.ino);
        changing.lock();
        try {
            return change(servers, nodeid, fh, in, out);
        } finally {
            changing.unlock();
        }
    }

    private int change(Request servers, long nodeid, long fh, AttributeChange in, Attributes out) {
        int result = show(servers, nodeid, out);
        if (result < 0) {
            return result;
        }
        StatOverride stat = scratch.get().stat;
        stat.copyFrom(out);
        if (in.has(FuseFlags.FATTR_MODE)) {
            stat.mode = (stat.mode & FileMode.S_IFMT) | (in.mode & PERMISSIONS);
        }
        if (in.has(FuseFlags.FATTR_UID)) {
            stat.uid = in.uid;
        }
        if (in.has(FuseFlags.FATTR_GID)) {
            stat.gid = in.gid;
        }
        return keep(servers, nodeid, fh, out);
    }

    /**
     * Sets the attribute to what the thread's {@code stat} says, and reads the attributes again: their ctime is another
     * now.
     */
    private int keep(Request servers, long nodeid, long fh, Attributes out) {
        OverrideStat.Scratch own = scratch.get();
        int length = own.stat.write(own.value);
        int result = behind.setxattr(servers, nodeid, OverrideAttribute.NAME, own.value.asSlice(0, length), 0, 0);
        if (result < 0) {
            return result;
        }
        out.clear();
        result = behind.getattr(servers, nodeid, fh, out);
        if (result == 0) {
            own.stat.applyTo(out);
        }
        return result;
    }

    /**
     * Before something is made: the thread's {@code stat} becomes what it is to be. As Linux has it, a directory with
     * the set-group-ID bit gives its group to what is made in it, and the bit to directories.
     *
     * @param mode type and permissions
     * @return 0 or an errno
     */
    private int plan(Request request, Request servers, long parent, int mode, int rdev) {
        if (request.uid() == -1 || request.gid() == -1) {
            return -Errno.EOVERFLOW;
        }
        OverrideStat.Scratch own = scratch.get();
        own.attributes.clear();
        int result = behind.getattr(servers, parent, NO_HANDLE, own.attributes);
        if (result == 0) {
            result = show(servers, parent, own.attributes);
        }
        if (result < 0) {
            return result;
        }
        StatOverride stat = own.stat;
        boolean inherits = (own.attributes.mode & FileMode.S_ISGID) != 0;
        boolean directory = (mode & FileMode.S_IFMT) == FileMode.S_IFDIR;
        stat.uid = request.uid();
        stat.gid = inherits ? own.attributes.gid : request.gid();
        stat.mode = mode | (inherits && directory ? FileMode.S_ISGID : 0);
        // the encoding of the wire: minor & 0xff | major << 8 | (minor & ~0xff) << 12
        stat.rdevMajor = (rdev & 0xfff00) >>> 8;
        stat.rdevMinor = (rdev & 0xff) | (rdev >>> 12 & 0xfff00);
        return 0;
    }

    @Override
    public int mkdir(Request request, long parent, Name name, int mode, int umask, Entry out) {
        Request servers = forward(request);
        int result = plan(request, servers, parent, FileMode.S_IFDIR | (mode & PERMISSIONS), 0);
        if (result == 0) {
            result = behind.mkdir(servers, parent, name, DIRECTORY_ON_HOST, 0, out);
        }
        return result < 0 ? result : complete(servers, parent, name, true, out);
    }

    @Override
    public int mknod(Request request, long parent, Name name, int mode, int rdev, int umask, Entry out) {
        int type = mode & FileMode.S_IFMT;
        switch (type) {
            case FileMode.S_IFREG, FileMode.S_IFIFO, FileMode.S_IFSOCK, FileMode.S_IFCHR, FileMode.S_IFBLK -> {}
            case FileMode.S_IFDIR -> {
                return -Errno.EPERM;
            }
            default -> {
                return -Errno.EINVAL;
            }
        }
        boolean device = type == FileMode.S_IFCHR || type == FileMode.S_IFBLK;
        Request servers = forward(request);
        int result = plan(request, servers, parent, type | (mode & PERMISSIONS), device ? rdev : 0);
        if (result == 0) {
            result = behind.mknod(servers, parent, name, FILE_ON_HOST, 0, 0, out);
        }
        return result < 0 ? result : complete(servers, parent, name, false, out);
    }

    /** Gives a new file its attribute, or takes it back. */
    private int complete(Request servers, long parent, Name name, boolean directory, Entry out) {
        int result = keep(servers, out.nodeid, NO_HANDLE, out.attributes);
        if (result < 0) {
            NewFile.remove(behind, servers, parent, name, directory, out);
        }
        return result;
    }

    @Override
    public int symlink(Request request, long parent, Name name, Name target, Entry out) {
        if (target.length() == 0 || target.length() > MOST_TARGET) {
            return target.length() == 0 ? -Errno.ENOENT : -Errno.ENAMETOOLONG;
        }
        Request servers = forward(request);
        int result = plan(request, servers, parent, FileMode.S_IFLNK | 0777, 0);
        if (result < 0) {
            return result;
        }
        OverrideStat.Scratch own = scratch.get();
        Opened opened = own.opened;
        opened.clear();
        int flags = OpenFlags.O_WRONLY | OpenFlags.O_EXCL;
        result = behind.create(servers, parent, name, flags, FILE_ON_HOST, 0, 0, out, opened);
        if (result < 0) {
            return result;
        }
        own.vector.clear();
        own.vector.add(target.segment().address(), target.length());
        long written;
        try {
            written = behind.write(servers, out.nodeid, opened.fh, 0, flags, 0, own.vector);
        } finally {
            reachabilityFence(target);
        }
        NewFile.close(behind, servers, out, opened, flags);
        if (written != target.length()) {
            NewFile.remove(behind, servers, parent, name, false, out);
            return written < 0 ? (int) written : -Errno.EIO;
        }
        return complete(servers, parent, name, false, out);
    }

    /** A link of the host has its target itself, one of a client is a file whose content it is. */
    @Override
    public int readlink(Request request, long nodeid, MemorySegment out) {
        Request servers = forward(request);
        int result = behind.readlink(servers, nodeid, out);
        if (result != -Errno.EINVAL) {
            return result;
        }
        OverrideStat.Scratch own = scratch.get();
        own.attributes.clear();
        result = behind.getattr(servers, nodeid, NO_HANDLE, own.attributes);
        if (result == 0) {
            result = show(servers, nodeid, own.attributes);
        }
        if (result == 0 && (own.attributes.mode & FileMode.S_IFMT) != FileMode.S_IFLNK) {
            result = -Errno.EINVAL;
        }
        Opened opened = own.opened;
        opened.clear();
        if (result == 0) {
            result = behind.open(servers, nodeid, OpenFlags.O_RDONLY, 0, opened);
        }
        if (result < 0) {
            return result;
        }
        IoVector vector = own.vector;
        vector.clear();
        vector.add(out.address(), Math.min(out.byteSize(), MOST_TARGET));
        long read;
        try {
            read = behind.read(servers, nodeid, opened.fh, 0, OpenFlags.O_RDONLY, vector);
        } finally {
            reachabilityFence(out);
        }
        behind.release(servers, nodeid, opened.fh, OpenFlags.O_RDONLY, 0, 0);
        return (int) read;
    }

    /** Makes the file or fails: what is there already keeps its attribute, and is opened by another request. */
    @Override
    public int create(
            Request request,
            long parent,
            Name name,
            int flags,
            int mode,
            int umask,
            int openFlags,
            Entry entry,
            Opened out) {
        Request servers = forward(request);
        int result = plan(request, servers, parent, FileMode.S_IFREG | (mode & PERMISSIONS), 0);
        if (result < 0) {
            return result;
        }
        result = behind.create(servers, parent, name, flags | OpenFlags.O_EXCL, FILE_ON_HOST, 0, openFlags, entry, out);
        if (result < 0) {
            return result == -Errno.EEXIST && (flags & OpenFlags.O_EXCL) == 0 ? -Errno.ESTALE : result;
        }
        result = keep(servers, entry.nodeid, out.fh, entry.attributes);
        if (result < 0) {
            NewFile.close(behind, servers, entry, out, flags);
            NewFile.remove(behind, servers, parent, name, false, entry);
        }
        return result;
    }

    @Override
    public int tmpfile(
            Request request, long parent, int flags, int mode, int umask, int openFlags, Entry entry, Opened out) {
        Request servers = forward(request);
        int result = plan(request, servers, parent, FileMode.S_IFREG | (mode & PERMISSIONS), 0);
        if (result == 0) {
            result = behind.tmpfile(servers, parent, flags, FILE_ON_HOST, 0, openFlags, entry, out);
        }
        if (result < 0) {
            return result;
        }
        result = keep(servers, entry.nodeid, out.fh, entry.attributes);
        if (result < 0) {
            NewFile.close(behind, servers, entry, out, flags);
            behind.forget(entry.nodeid, 1);
        }
        return result;
    }

    /** The client has checked: it knows owners and modes, the host does not. */
    @Override
    public int access(Request request, long nodeid, int mask) {
        return -Errno.ENOSYS;
    }

    @Override
    public int setxattr(Request request, long nodeid, Name name, MemorySegment value, int flags, int setxattrFlags) {
        return OverrideAttribute.is(name)
                ? -Errno.EPERM
                : super.setxattr(request, nodeid, name, value, flags, setxattrFlags);
    }

    @Override
    public int getxattr(Request request, long nodeid, Name name, MemorySegment out) {
        return OverrideAttribute.is(name) ? -Errno.ENODATA : super.getxattr(request, nodeid, name, out);
    }

    @Override
    public int listxattr(Request request, long nodeid, MemorySegment out) {
        return scratch.get().list.list(behind, forward(request), nodeid, out, OverrideAttribute::leftOut);
    }

    @Override
    public int removexattr(Request request, long nodeid, Name name) {
        return OverrideAttribute.is(name) ? -Errno.ENODATA : super.removexattr(request, nodeid, name);
    }
}
