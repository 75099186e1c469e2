package dev.oriel.driver;

import dev.oriel.fuse.FuseFlags;
import dev.oriel.fuse.FuseSetattrIn;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** What SETATTR is to change: nothing, until told. For one thread. */
public final class AttributeChange {
    private int valid;
    private int mode;
    private int uid;
    private int gid;
    private long size;
    private long fh;
    private @Nullable FileTime atime;
    private @Nullable FileTime mtime;

    /** Permissions; the type of a node never changes. */
    public AttributeChange mode(int value) {
        mode = value;
        valid |= FuseFlags.FATTR_MODE;
        return this;
    }

    public AttributeChange uid(int value) {
        uid = value;
        valid |= FuseFlags.FATTR_UID;
        return this;
    }

    public AttributeChange gid(int value) {
        gid = value;
        valid |= FuseFlags.FATTR_GID;
        return this;
    }

    /** In bytes. */
    public AttributeChange size(long value) {
        size = value;
        valid |= FuseFlags.FATTR_SIZE;
        return this;
    }

    public AttributeChange atime(FileTime value) {
        atime = value;
        valid |= FuseFlags.FATTR_ATIME;
        return this;
    }

    public AttributeChange mtime(FileTime value) {
        mtime = value;
        valid |= FuseFlags.FATTR_MTIME;
        return this;
    }

    /** By way of an open file, whose rights count. */
    public AttributeChange by(OpenFile file) {
        fh = file.fh();
        valid |= FuseFlags.FATTR_FH;
        return this;
    }

    void writeTo(ClientRequest request) {
        FuseSetattrIn in = request.argument(new FuseSetattrIn());
        in.valid(valid).fh(fh).size(size).mode(mode).uid(uid).gid(gid);
        FileTime access = atime;
        if (access != null) {
            Instant instant = access.toInstant();
            in.atime(instant.getEpochSecond()).atimensec(instant.getNano());
        }
        FileTime modification = mtime;
        if (modification != null) {
            Instant instant = modification.toInstant();
            in.mtime(instant.getEpochSecond()).mtimensec(instant.getNano());
        }
    }
}
