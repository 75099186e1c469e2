package dev.oriel.hadoop;

import org.apache.hadoop.fs.Path;

/** Times that a guest has set while its file streamed: the end of a stream sets others. Under the lock of the file. */
final class PendingTimes {
    /** There was nothing to set. */
    static final int NONE = 1;

    private static final long AS_IT_IS = -1;

    private long modified = AS_IT_IS;
    private long accessed = AS_IT_IS;

    /** Remembers times, ms; -1: as it is. */
    void set(long newModified, long newAccessed) {
        modified = newModified >= 0 ? newModified : modified;
        accessed = newAccessed >= 0 ? newAccessed : accessed;
    }

    /** Something was written since: the time of that is the file's. */
    void written() {
        modified = AS_IT_IS;
    }

    /**
     * Sets them, once.
     *
     * @return 0, {@link #NONE}, or an errno
     */
    int apply(Cluster cluster, Path path) {
        long modifiedNow = modified;
        long accessedNow = accessed;
        modified = AS_IT_IS;
        accessed = AS_IT_IS;
        if (modifiedNow < 0 && accessedNow < 0) {
            return NONE;
        }
        return (int) cluster.ask(() -> {
            cluster.files().setTimes(path, modifiedNow, accessedNow);
            return 0;
        });
    }
}
