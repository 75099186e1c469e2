package dev.oriel.filesystem.layer;

import dev.oriel.filesystem.AttributeChange;
import dev.oriel.filesystem.Attributes;
import dev.oriel.filesystem.Entry;
import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.filesystem.ForwardingSession;
import dev.oriel.filesystem.Name;
import dev.oriel.filesystem.Opened;
import dev.oriel.filesystem.Request;
import dev.oriel.filesystem.SecurityLabels;
import dev.oriel.fuse.FuseFlags;
import dev.oriel.fuse.FuseInitFlags;
import dev.oriel.linux.CString;
import dev.oriel.linux.Errno;
import dev.oriel.linux.IoVector;
import dev.oriel.linux.OpenFlags;
import dev.oriel.linux.XattrFlags;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** One client of {@link MappedXattrs}. */
final class MappedXattrsSession extends ForwardingSession {
    /** By which capabilities go: whoever changes one of these has changed the file that they were given to. */
    private static final int ENDS_CAPABILITIES = FuseFlags.FATTR_SIZE | FuseFlags.FATTR_UID | FuseFlags.FATTR_GID;

    private final FileSystemSession behind;
    private final XattrMap map;
    private final ThreadLocal<MappedXattrs.Scratch> scratch;

    private final NameList.Rule names;

    /** The host's name of file capabilities. */
    private final Name capabilities = new Name(Arena.ofAuto().allocate(XattrFlags.XATTR_NAME_MAX + 1));

    private final boolean movesCapabilities;

    MappedXattrsSession(FileSystemSession behind, XattrMap map, ThreadLocal<MappedXattrs.Scratch> scratch) {
        this.behind = behind;
        this.map = map;
        this.scratch = scratch;
        names = map::toClient;
        movesCapabilities = map.movesCapabilities(capabilities);
    }

    @Override
    protected FileSystemSession delegate() {
        return behind;
    }

    @Override
    public int setxattr(Request request, long nodeid, Name name, MemorySegment value, int flags, int setxattrFlags) {
        Name mapped = scratch.get().name;
        int result = map.toHost(name, mapped);
        return result < 0 ? result : behind.setxattr(request, nodeid, mapped, value, flags, setxattrFlags);
    }

    /** A bad attribute is one that no file has. */
    @Override
    public int getxattr(Request request, long nodeid, Name name, MemorySegment out) {
        Name mapped = scratch.get().name;
        int result = map.toHost(name, mapped);
        if (result < 0) {
            return result == -Errno.EPERM ? -Errno.ENODATA : result;
        }
        return behind.getxattr(request, nodeid, mapped, out);
    }

    @Override
    public int listxattr(Request request, long nodeid, MemorySegment out) {
        return scratch.get().list.list(behind, request, nodeid, out, names);
    }

    @Override
    public int removexattr(Request request, long nodeid, Name name) {
        Name mapped = scratch.get().name;
        int result = map.toHost(name, mapped);
        return result < 0 ? result : behind.removexattr(request, nodeid, mapped);
    }

    /** Before a file changes: 0 if it has no capabilities now, or an errno. */
    private int endCapabilities(Request request, long nodeid) {
        if (!movesCapabilities) {
            return 0;
        }
        int result = behind.getxattr(request, nodeid, capabilities, MemorySegment.NULL);
        if (result >= 0) {
            result = behind.removexattr(request, nodeid, capabilities);
        }
        // what has none, or can have none
        return result == -Errno.ENODATA || result == -Errno.EOPNOTSUPP || result == -Errno.ENOSYS ? 0 : result;
    }

    @Override
    public int setattr(Request request, long nodeid, AttributeChange in, Attributes out) {
        int result = (in.valid & ENDS_CAPABILITIES) != 0 ? endCapabilities(request, nodeid) : 0;
        return result < 0 ? result : super.setattr(request, nodeid, in, out);
    }

    @Override
    public int open(Request request, long nodeid, int flags, int openFlags, Opened out) {
        int result = (flags & OpenFlags.O_TRUNC) != 0 ? endCapabilities(request, nodeid) : 0;
        return result < 0 ? result : super.open(request, nodeid, flags, openFlags, out);
    }

    @Override
    public long write(Request request, long nodeid, long fh, long offset, int flags, int writeFlags, IoVector from) {
        int result = endCapabilities(request, nodeid);
        return result < 0 ? result : super.write(request, nodeid, fh, offset, flags, writeFlags, from);
    }

    @Override
    public int fallocate(Request request, long nodeid, long fh, long offset, long length, int mode) {
        int result = endCapabilities(request, nodeid);
        return result < 0 ? result : super.fallocate(request, nodeid, fh, offset, length, mode);
    }

    @Override
    public long copyFileRange(
            Request request,
            long nodeidIn,
            long fhIn,
            long offsetIn,
            long nodeidOut,
            long fhOut,
            long offsetOut,
            long length,
            long flags) {
        int result = endCapabilities(request, nodeidOut);
        return result < 0
                ? result
                : super.copyFileRange(request, nodeidIn, fhIn, offsetIn, nodeidOut, fhOut, offsetOut, length, flags);
    }

    /** The request by which a file is made before {@link #label} sets its security contexts. */
    private Request unlabelled(Request request) {
        UnlabelledRequest unlabelled = scratch.get().unlabelled;
        unlabelled.setOrigin(request);
        return unlabelled;
    }

    /** Whether the security contexts of a request can be set, before anything is made: 0 or an errno. */
    private int checkLabels(Request request) {
        int count = request.securityContexts();
        if (count > 0 && (flags() & FuseInitFlags.SECURITY_CTX) == 0) {
            return -Errno.EINVAL;
        }
        for (int i = 0; i < count; i++) {
            MemorySegment name = request.securityContextName(i);
            int result = SecurityLabels.contains(name) ? toHost(name) : -Errno.EOPNOTSUPP;
            if (result < 0) {
                return result;
            }
        }
        return 0;
    }

    private int toHost(MemorySegment name) {
        return map.toHost(name, CString.length(name, 0, (int) name.byteSize()), scratch.get().name);
    }

    /** Sets the security contexts of a new file: 0 or an errno. */
    private int label(Request request, long nodeid) {
        int count = request.securityContexts();
        int result = 0;
        for (int i = 0; i < count && result == 0; i++) {
            toHost(request.securityContextName(i));
            result = behind.setxattr(request, nodeid, scratch.get().name, request.securityContextValue(i), 0, 0);
        }
        return result;
    }

    /** After a name was made: labels the file, or takes it back. */
    private int finish(int made, Request request, long parent, Name name, boolean directory, Entry entry) {
        int result = made == 0 ? label(request, entry.nodeid) : made;
        if (made == 0 && result < 0) {
            NewFile.remove(behind, request, parent, name, directory, entry);
        }
        return result;
    }

    @Override
    public int symlink(Request request, long parent, Name name, Name target, Entry out) {
        int result = checkLabels(request);
        return result < 0
                ? result
                : finish(
                        behind.symlink(unlabelled(request), parent, name, target, out),
                        request,
                        parent,
                        name,
                        false,
                        out);
    }

    @Override
    public int mknod(Request request, long parent, Name name, int mode, int rdev, int umask, Entry out) {
        int result = checkLabels(request);
        return result < 0
                ? result
                : finish(
                        behind.mknod(unlabelled(request), parent, name, mode, rdev, umask, out),
                        request,
                        parent,
                        name,
                        false,
                        out);
    }

    @Override
    public int mkdir(Request request, long parent, Name name, int mode, int umask, Entry out) {
        int result = checkLabels(request);
        return result < 0
                ? result
                : finish(
                        behind.mkdir(unlabelled(request), parent, name, mode, umask, out),
                        request,
                        parent,
                        name,
                        true,
                        out);
    }

    /** Makes the file or fails: what is there already keeps its labels, and is opened by another request. */
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
        if (request.securityContexts() == 0) {
            return super.create(request, parent, name, flags, mode, umask, openFlags, entry, out);
        }
        int result = checkLabels(request);
        if (result < 0) {
            return result;
        }
        int made = behind.create(
                unlabelled(request), parent, name, flags | OpenFlags.O_EXCL, mode, umask, openFlags, entry, out);
        if (made < 0) {
            return made == -Errno.EEXIST && (flags & OpenFlags.O_EXCL) == 0 ? -Errno.ESTALE : made;
        }
        result = label(request, entry.nodeid);
        if (result < 0) {
            NewFile.close(behind, request, entry, out, flags);
            NewFile.remove(behind, request, parent, name, false, entry);
        }
        return result;
    }

    @Override
    public int tmpfile(
            Request request, long parent, int flags, int mode, int umask, int openFlags, Entry entry, Opened out) {
        int result = checkLabels(request);
        if (result < 0) {
            return result;
        }
        result = behind.tmpfile(unlabelled(request), parent, flags, mode, umask, openFlags, entry, out);
        if (result < 0) {
            return result;
        }
        result = label(request, entry.nodeid);
        if (result < 0) {
            NewFile.close(behind, request, entry, out, flags);
            behind.forget(entry.nodeid, 1);
        }
        return result;
    }
}
