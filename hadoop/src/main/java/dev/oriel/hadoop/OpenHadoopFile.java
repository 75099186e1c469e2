package dev.oriel.hadoop;

import dev.oriel.filesystem.node.Handle;
import dev.oriel.filesystem.staging.StagedOpen;
import dev.oriel.linux.OpenFlags;
import org.jspecify.annotations.Nullable;

/** An open file of a client. */
final class OpenHadoopFile extends Handle {
    private final HadoopFiles files;
    private final HadoopFile file;
    private final int access;
    private @Nullable StagedOpen staged;
    private long told;

    /** @param flags the {@code O_*} flags of the open */
    OpenHadoopFile(HadoopFiles files, HadoopFile file, long nodeid, int flags) {
        super(nodeid);
        this.files = files;
        this.file = file;
        access = flags & OpenFlags.O_ACCMODE;
    }

    HadoopFile file() {
        return file;
    }

    boolean reads() {
        return access != OpenFlags.O_WRONLY;
    }

    boolean writes() {
        return access != OpenFlags.O_RDONLY;
    }

    /** By the file, under its lock: what was told before is not told to this open. */
    void opened(StagedOpen open, long errors) {
        staged = open;
        told = errors;
    }

    /** By the file, under its lock. */
    StagedOpen staged() {
        if (staged == null) {
            throw new IllegalStateException("not open");
        }
        return staged;
    }

    /** By the file, under its lock: whether there is an error that this open was not told of; it is told now. */
    boolean toldUntil(long errors) {
        boolean isNew = told != errors;
        told = errors;
        return isNew;
    }

    /** Whoever released it last waits for the cluster: RELEASE comes where it may block. */
    @Override
    protected void dispose() {
        files.close(this);
    }
}
