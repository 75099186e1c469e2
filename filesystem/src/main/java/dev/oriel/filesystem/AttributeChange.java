package dev.oriel.filesystem;

/** What a SETATTR sets. A plain value: the caller fills it, and the file system only reads it. */
public final class AttributeChange {
    /**
     * Which of the fields count, {@code FATTR_*}; {@code FATTR_ATIME_NOW} and {@code FATTR_MTIME_NOW} mean the time of
     * now.
     */
    public int valid;

    /** An open handle of the file, with {@code FATTR_FH}. */
    public long fh;

    /** Bytes, not negative. */
    public long size;

    /** Whose locks the change has to respect, with {@code FATTR_LOCKOWNER}. */
    public long lockOwner;

    public long atime;
    public int atimensec;
    public long mtime;
    public int mtimensec;
    public long ctime;
    public int ctimensec;

    /** Permissions, and the file type that the file has anyway. */
    public int mode;

    public int uid;
    public int gid;

    /** Whether all of these {@code FATTR_*} are set. */
    public boolean has(int wanted) {
        return (valid & wanted) == wanted;
    }

    /** Takes all that {@code other} has. */
    public void copyFrom(AttributeChange other) {
        valid = other.valid;
        fh = other.fh;
        size = other.size;
        lockOwner = other.lockOwner;
        atime = other.atime;
        atimensec = other.atimensec;
        mtime = other.mtime;
        mtimensec = other.mtimensec;
        ctime = other.ctime;
        ctimensec = other.ctimensec;
        mode = other.mode;
        uid = other.uid;
        gid = other.gid;
    }

    /** Sets everything to zero. */
    public void clear() {
        valid = 0;
        fh = 0;
        size = 0;
        lockOwner = 0;
        atime = 0;
        atimensec = 0;
        mtime = 0;
        mtimensec = 0;
        ctime = 0;
        ctimensec = 0;
        mode = 0;
        uid = 0;
        gid = 0;
    }
}
