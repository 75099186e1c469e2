package dev.oriel.filesystem.layer;

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
import dev.oriel.linux.RenameFlags;

/**
 * One client of {@link TranslatedIds}: every request goes on with the host's ids, and every attribute comes back with
 * the client's.
 */
final class TranslatedIdsSession extends ForwardingSession {
    private final FileSystemSession behind;
    private final IdTranslation users;
    private final IdTranslation groups;
    private final ThreadLocal<TranslatedIds.Scratch> scratch;

    TranslatedIdsSession(
            FileSystemSession behind,
            IdTranslation users,
            IdTranslation groups,
            ThreadLocal<TranslatedIds.Scratch> scratch) {
        this.behind = behind;
        this.users = users;
        this.groups = groups;
        this.scratch = scratch;
    }

    @Override
    protected FileSystemSession delegate() {
        return behind;
    }

    @Override
    protected Request forward(Request request) {
        TranslatedRequest translated = scratch.get().request;
        translated.setOrigin(request);
        return translated;
    }

    /** Whether what the caller makes would belong to a forbidden id. */
    private boolean isForbidden(Request request) {
        return users.toHost(request.uid()) == IdTranslation.FORBIDDEN
                || groups.toHost(request.gid()) == IdTranslation.FORBIDDEN;
    }

    private int show(int result, Attributes attributes) {
        attributes.uid = users.toGuest(attributes.uid);
        attributes.gid = groups.toGuest(attributes.gid);
        return result;
    }

    @Override
    public int lookup(Request request, long parent, Name name, Entry out) {
        return show(super.lookup(request, parent, name, out), out.attributes);
    }

    @Override
    public int getattr(Request request, long nodeid, long fh, Attributes out) {
        return show(super.getattr(request, nodeid, fh, out), out);
    }

    @Override
    public int statx(Request request, long nodeid, long fh, int syncFlags, int mask, Attributes out) {
        return show(super.statx(request, nodeid, fh, syncFlags, mask, out), out);
    }

    @Override
    public int setattr(Request request, long nodeid, AttributeChange in, Attributes out) {
        AttributeChange change = in;
        if ((in.valid & (FuseFlags.FATTR_UID | FuseFlags.FATTR_GID)) != 0) {
            change = scratch.get().change;
            change.copyFrom(in);
            long uid = in.has(FuseFlags.FATTR_UID) ? users.toHost(in.uid) : 0;
            long gid = in.has(FuseFlags.FATTR_GID) ? groups.toHost(in.gid) : 0;
            if (uid == IdTranslation.FORBIDDEN || gid == IdTranslation.FORBIDDEN) {
                return -Errno.EPERM;
            }
            change.uid = (int) uid;
            change.gid = (int) gid;
        }
        return show(super.setattr(request, nodeid, change, out), out);
    }

    @Override
    public int symlink(Request request, long parent, Name name, Name target, Entry out) {
        return isForbidden(request)
                ? -Errno.EPERM
                : show(super.symlink(request, parent, name, target, out), out.attributes);
    }

    @Override
    public int mknod(Request request, long parent, Name name, int mode, int rdev, int umask, Entry out) {
        return isForbidden(request)
                ? -Errno.EPERM
                : show(super.mknod(request, parent, name, mode, rdev, umask, out), out.attributes);
    }

    @Override
    public int mkdir(Request request, long parent, Name name, int mode, int umask, Entry out) {
        return isForbidden(request)
                ? -Errno.EPERM
                : show(super.mkdir(request, parent, name, mode, umask, out), out.attributes);
    }

    /** A whiteout is the caller's. */
    @Override
    public int rename(Request request, long parent, Name name, long newParent, Name newName, int flags) {
        boolean makes = (flags & RenameFlags.RENAME_WHITEOUT) != 0;
        return makes && isForbidden(request)
                ? -Errno.EPERM
                : super.rename(request, parent, name, newParent, newName, flags);
    }

    @Override
    public int link(Request request, long nodeid, long newParent, Name newName, Entry out) {
        return show(super.link(request, nodeid, newParent, newName, out), out.attributes);
    }

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
        return isForbidden(request)
                ? -Errno.EPERM
                : show(
                        super.create(request, parent, name, flags, mode, umask, openFlags, entry, out),
                        entry.attributes);
    }

    @Override
    public int tmpfile(
            Request request, long parent, int flags, int mode, int umask, int openFlags, Entry entry, Opened out) {
        return isForbidden(request)
                ? -Errno.EPERM
                : show(super.tmpfile(request, parent, flags, mode, umask, openFlags, entry, out), entry.attributes);
    }

    @Override
    public int readdir(Request request, long nodeid, long fh, long offset, boolean plus, DirectoryEntries entries) {
        return super.readdir(
                request, nodeid, fh, offset, plus, plus ? scratch.get().entries.into(entries) : entries);
    }
}
