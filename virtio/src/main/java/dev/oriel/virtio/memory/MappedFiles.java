package dev.oriel.virtio.memory;

import dev.oriel.linux.Descriptor;
import dev.oriel.linux.Errno;
import dev.oriel.linux.FileCalls;
import java.util.HashMap;
import java.util.Map;

/**
 * The files of what is mapped in a window: a descriptor of each, however many parts of it are mapped, so that they can
 * be mapped once more. For one thread at a time.
 */
final class MappedFiles {
    /** A file, and whether its descriptor is for writing too. */
    record Id(int devMajor, int devMinor, long inode, boolean writable) {}

    private static final class Held {
        final Descriptor descriptor;
        long mappings;

        Held(Descriptor descriptor) {
            this.descriptor = descriptor;
        }
    }

    private final Map<Id, Held> files = new HashMap<>();

    /**
     * One mapping more of a file.
     *
     * @param fd of the file, which stays owned by the caller
     * @return 0, or -errno if this process may have no more descriptors
     */
    int hold(Id id, int fd) {
        Held held = files.get(id);
        if (held == null) {
            int own = FileCalls.dup(fd);
            if (own < 0) {
                return own;
            }
            held = new Held(new Descriptor(own));
            files.put(id, held);
        }
        held.mappings++;
        return 0;
    }

    /** One mapping more of a file that is held. */
    void holdAgain(Id id) {
        Held held = files.get(id);
        if (held != null) {
            held.mappings++;
        }
    }

    /** One mapping less. */
    void release(Id id) {
        Held held = files.get(id);
        if (held != null && --held.mappings == 0) {
            files.remove(id);
            held.descriptor.close();
        }
    }

    /** The descriptor of a file that is held; -EBADF if it is not. */
    int number(Id id) {
        Held held = files.get(id);
        return held == null ? -Errno.EBADF : held.descriptor.number();
    }

    void close() {
        files.values().forEach(held -> held.descriptor.close());
        files.clear();
    }
}
