package dev.oriel.filesystem.local;

import dev.oriel.filesystem.Entry;
import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.filesystem.Name;
import dev.oriel.filesystem.Request;
import dev.oriel.linux.At;
import dev.oriel.linux.Errno;
import dev.oriel.linux.FileCalls;
import dev.oriel.linux.FileMode;
import dev.oriel.linux.NameCalls;
import dev.oriel.linux.OpenFlags;
import dev.oriel.linux.RenameFlags;
import dev.oriel.linux.credential.ThreadCredentials;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** LOOKUP, and what makes, moves and removes names: MKDIR, MKNOD, SYMLINK, LINK, RENAME, UNLINK, RMDIR. */
final class Names {
    private static final int PERMISSIONS = 07777;
    private static final int RENAME_FLAGS =
            RenameFlags.RENAME_NOREPLACE | RenameFlags.RENAME_EXCHANGE | RenameFlags.RENAME_WHITEOUT;

    /** What the mode of a directory, with its sticky bit, would forbid. */
    private static final long REMOVES_ANY_NAME =
            1L << ThreadCredentials.CAP_DAC_OVERRIDE | 1L << ThreadCredentials.CAP_FOWNER;

    private static final int HOLD_ATTEMPTS = 125;
    private static final long HOLD_PAUSE_NANOS = 2_000_000;

    private final SessionState state;

    Names(SessionState state) {
        this.state = state;
    }

    int lookup(long parent, Name name, Entry out) {
        int bad = SessionState.check(name);
        if (bad < 0) {
            return bad;
        }
        ThreadBuffers buffers = ThreadBuffers.current();
        long directory = state.nodes.acquire(parent, buffers);
        if (directory < 0) {
            return (int) directory;
        }
        int result = state.lookup.enter((int) directory, name, parent, buffers);
        if (result == 0) {
            state.fill(out, parent, buffers);
        } else if (result == -Errno.ENOENT && state.options.cache().cachesAbsence()) {
            // as ENOENT, but the client may remember it (include/uapi/linux/fuse.h, fuse_entry_out)
            out.validNanos = state.options.cache().validNanos();
            result = 0;
        }
        state.nodes.release(parent, directory);
        return result;
    }

    int mkdir(Request request, long parent, Name name, int mode, int umask, Entry out) {
        return make(request, parent, name, FileMode.S_IFDIR | (mode & PERMISSIONS), 0, null, umask, out);
    }

    int mknod(Request request, long parent, Name name, int mode, int rdev, int umask, Entry out) {
        int type = mode & FileMode.S_IFMT;
        boolean known = type == FileMode.S_IFREG
                || type == FileMode.S_IFIFO
                || type == FileMode.S_IFSOCK
                || type == FileMode.S_IFCHR
                || type == FileMode.S_IFBLK;
        if (!known) {
            return type == FileMode.S_IFDIR ? -Errno.EPERM : -Errno.EINVAL;
        }
        boolean device = type == FileMode.S_IFCHR || type == FileMode.S_IFBLK;
        long number = device ? FileMode.device((rdev & 0xfff00) >>> 8, (rdev & 0xff) | (rdev >>> 12 & 0xfff00)) : 0;
        return make(request, parent, name, type | (mode & PERMISSIONS), number, null, umask, out);
    }

    int symlink(Request request, long parent, Name name, Name target, Entry out) {
        return make(request, parent, name, FileMode.S_IFLNK, 0, target, 0, out);
    }

    private int make(
            Request request,
            long parent,
            Name name,
            int mode,
            long device,
            @Nullable Name target,
            int umask,
            Entry out) {
        int bad = SessionState.check(name);
        if (bad < 0) {
            return bad;
        }
        if (state.isReadOnly()) {
            return -Errno.EROFS;
        }
        ThreadBuffers buffers = ThreadBuffers.current();
        long directory = state.nodes.acquire(parent, buffers);
        if (directory < 0) {
            return (int) directory;
        }
        int result = state.lookup.reserve(name.length(), buffers);
        if (result == 0) {
            try {
                result = makeAs(request, (int) directory, name, mode, device, target, umask, buffers);
                if (result == 0 && request.securityContexts() > 0) {
                    result = label(request, (int) directory, name, mode, buffers);
                }
                if (result == 0) {
                    result = state.lookup.enterNew((int) directory, name, parent, buffers);
                }
            } finally {
                state.lookup.unreserve(buffers);
            }
        }
        if (result == 0) {
            state.fill(out, parent, buffers);
        }
        state.nodes.release(parent, directory);
        return result;
    }

    private int makeAs(
            Request request,
            int directory,
            Name name,
            int mode,
            long device,
            @Nullable Name target,
            int umask,
            ThreadBuffers buffers) {
        int assumed = state.assumeToMake(request, umask, buffers);
        if (assumed < 0) {
            return assumed;
        }
        int result;
        int resumed;
        try {
            if (target != null) {
                result = NameCalls.symlinkat(target.segment(), directory, name.segment());
            } else if ((mode & FileMode.S_IFMT) == FileMode.S_IFDIR) {
                result = NameCalls.mkdirat(directory, name.segment(), mode & PERMISSIONS);
            } else {
                result = NameCalls.mknodat(directory, name.segment(), mode, device);
            }
        } finally {
            resumed = buffers.identity.resume();
        }
        return resumed < 0 ? resumed : result;
    }

    /** Gives a new file its security contexts, or removes it. */
    private static int label(Request request, int directory, Name name, int mode, ThreadBuffers buffers) {
        int made = FileCalls.openat(directory, name.segment(), OpenFlags.O_PATH | OpenFlags.O_NOFOLLOW, 0);
        int result = Math.min(made, 0);
        if (made >= 0) {
            result = SecurityContexts.set(request, made, buffers);
            FileCalls.close(made);
        }
        if (result < 0) {
            boolean isDirectory = (mode & FileMode.S_IFMT) == FileMode.S_IFDIR;
            NameCalls.unlinkat(directory, name.segment(), isDirectory ? At.AT_REMOVEDIR : 0);
        }
        return result;
    }

    int link(long nodeid, long newParent, Name newName, Entry out) {
        int bad = SessionState.check(newName);
        if (bad < 0) {
            return bad;
        }
        if (state.isReadOnly()) {
            return -Errno.EROFS;
        }
        ThreadBuffers buffers = ThreadBuffers.current();
        long node = state.nodes.acquire(nodeid, buffers);
        if (node < 0) {
            return (int) node;
        }
        long directory = state.nodes.acquire(newParent, buffers);
        int result = (int) Math.min(directory, 0);
        if (result == 0) {
            result = state.lookup.reserve(newName.length(), buffers);
            if (result == 0) {
                try {
                    result = linkTo((int) node, (int) directory, newName, newParent, buffers);
                } finally {
                    state.lookup.unreserve(buffers);
                }
            }
            if (result == 0) {
                state.fill(out, newParent, buffers);
            }
            state.nodes.release(newParent, directory);
        }
        state.nodes.release(nodeid, node);
        return result;
    }

    private int linkTo(int node, int directory, Name newName, long newParent, ThreadBuffers buffers) {
        // The way that needs no privilege; the link of /proc is followed to the file, and no further.
        int result = NameCalls.linkat(
                At.AT_FDCWD, buffers.procPath.set(node), directory, newName.segment(), At.AT_SYMLINK_FOLLOW);
        return result == 0 ? state.lookup.enter(directory, newName, newParent, buffers) : result;
    }

    int remove(Request request, long parent, Name name, int flags) {
        int bad = SessionState.check(name);
        if (bad < 0) {
            return bad;
        }
        if (state.isReadOnly()) {
            return -Errno.EROFS;
        }
        ThreadBuffers buffers = ThreadBuffers.current();
        long directory = state.nodes.acquire(parent, buffers);
        if (directory < 0) {
            return (int) directory;
        }
        // nothing says whether the client has the file open, or works in the directory
        boolean mayBeUsed = state.zeroMessage || flags == At.AT_REMOVEDIR;
        boolean looked = mayBeUsed || !state.nodes.tellsFilesApart(parent);
        int result = looked ? hold(request, (int) directory, name, parent, buffers) : 0;
        if (result == 0) {
            result = NameCalls.unlinkat((int) directory, name.segment(), flags);
            if (looked) {
                state.lastNames.nameRemoved(result == 0, buffers);
            }
        }
        state.nodes.release(parent, directory);
        return result;
    }

    /**
     * Holds a file that is about to lose a name. One that the client may have open and that cannot be held must not
     * lose it, so who has removed many files waits a little until the client has forgotten some.
     *
     * @return 0; -ENFILE or WOULD_BLOCK: nothing is held
     */
    private int hold(Request request, int directory, Name name, long parent, ThreadBuffers buffers) {
        int result = state.lastNames.holdLastName(directory, name, parent, state.zeroMessage, buffers);
        if (result == -Errno.ENFILE && !request.mayBlock()) {
            return FileSystemSession.WOULD_BLOCK;
        }
        for (int i = 0; i < HOLD_ATTEMPTS && result == -Errno.ENFILE; i++) {
            LockSupport.parkNanos(HOLD_PAUSE_NANOS);
            result = state.lastNames.holdLastName(directory, name, parent, state.zeroMessage, buffers);
        }
        return result;
    }

    int rename(Request request, long parent, Name name, long newParent, Name newName, int flags) {
        int bad = Math.min(SessionState.check(name), SessionState.check(newName));
        if (bad < 0) {
            return bad;
        }
        if (state.isReadOnly()) {
            return -Errno.EROFS;
        }
        if ((flags & ~RENAME_FLAGS) != 0) {
            return -Errno.EINVAL;
        }
        ThreadBuffers buffers = ThreadBuffers.current();
        long from = state.nodes.acquire(parent, buffers);
        if (from < 0) {
            return (int) from;
        }
        long to = state.nodes.acquire(newParent, buffers);
        int result = (int) Math.min(to, 0);
        if (result == 0) {
            result = state.lookup.reserveForMove(newParent, newName.length(), buffers);
            if (result == 0) {
                try {
                    result = move(request, parent, (int) from, name, newParent, (int) to, newName, flags, buffers);
                } finally {
                    state.lookup.unreserve(buffers);
                }
            }
            state.nodes.release(newParent, to);
        }
        state.nodes.release(parent, from);
        return result;
    }

    private int move(
            Request request,
            long parent,
            int from,
            Name name,
            long newParent,
            int to,
            Name newName,
            int flags,
            ThreadBuffers buffers) {
        boolean replaces = (flags & (RenameFlags.RENAME_NOREPLACE | RenameFlags.RENAME_EXCHANGE)) == 0;
        int result = replaces ? hold(request, to, newName, newParent, buffers) : 0;
        if (result != 0) {
            return result;
        }
        result = renameAs(request, from, name, to, newName, flags, buffers);
        if (replaces) {
            state.lastNames.nameRemoved(result == 0, buffers);
        }
        if (result == 0) {
            state.lookup.moved(to, newName, newParent, buffers);
            if ((flags & RenameFlags.RENAME_EXCHANGE) != 0) {
                state.lookup.moved(from, name, parent, buffers);
            }
        }
        return result;
    }

    /**
     * A whiteout is made by the rename and belongs to the caller, so only there its ids matter. The caller's groups are
     * never sent along, and the client has checked both directories.
     */
    private int renameAs(Request request, int from, Name name, int to, Name newName, int flags, ThreadBuffers buffers) {
        if ((flags & RenameFlags.RENAME_WHITEOUT) == 0) {
            return NameCalls.renameat2(from, name.segment(), to, newName.segment(), flags);
        }
        int assumed = state.assume(request, 0, buffers);
        if (assumed < 0) {
            return assumed;
        }
        buffers.identity.override(REMOVES_ANY_NAME);
        int result;
        int resumed;
        try {
            result = NameCalls.renameat2(from, name.segment(), to, newName.segment(), flags);
        } finally {
            resumed = buffers.identity.resume();
        }
        return resumed < 0 ? resumed : result;
    }
}
