package dev.oriel.device.dax;

import dev.oriel.linux.Errno;
import dev.oriel.virtio.memory.MappableRegion;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What is mapped into the window at the other side: never more than that can bear, never two over each other, and each
 * taken away as it was made. Not for several threads.
 *
 * <p>When the device is reset, the front-end takes all mappings away by itself, as vhost-user wants it, or not all of
 * them, as some do. They are then in doubt, and are taken away before the next is made: a front-end that knows nothing
 * of one says so, which does no harm.
 */
final class WindowMappings {
    private final TreeMap<Long, Long> live = new TreeMap<>();
    private final TreeMap<Long, Long> doubtful = new TreeMap<>();
    private final @Nullable MappableRegion region;
    private final int mappingsMax;
    private int most;

    /** @param region what is mapped into; null if the window is memory, in which nothing is ever mapped */
    WindowMappings(@Nullable MappableRegion region) {
        this.region = region;
        mappingsMax = region == null ? 0 : region.mappingsMax();
    }

    /** How many more mappings the other side can bear. */
    int room() {
        return mappingsMax - live.size() - doubtful.size();
    }

    /**
     * Whether there are so many that each one more is dear: QEMU 11.1 takes some 3 ms for one of the first 200, 25 for
     * the 240th, and 100 for the 400th.
     */
    boolean hasMany() {
        return live.size() >= mappingsMax / 4;
    }

    int mappingsMax() {
        return mappingsMax;
    }

    int count() {
        return live.size();
    }

    /** The most that there have been at a time. */
    int most() {
        return most;
    }

    /** All mappings are in doubt. */
    void doubt() {
        doubtful.putAll(live);
        live.clear();
    }

    /**
     * Has a mapping made.
     *
     * @return 0, or an errno: {@code -ENOMEM} if the other side can bear no more
     */
    int map(long offset, long length, int fd, long fdOffset) {
        settleDoubts();
        if (region == null || room() <= 0) {
            return -Errno.ENOMEM;
        }
        int error = region.map(offset, length, fd, fdOffset);
        if (error == 0) {
            live.put(offset, length);
        } else if (error == -Errno.EINTR) {
            // Nobody waited for the answer: it may have been done.
            doubtful.put(offset, length);
        }
        most = Math.max(most, live.size() + doubtful.size());
        return error;
    }

    /**
     * Has a mapping taken away, if there is one with these bounds.
     *
     * @return 0, or an errno if the other side still has it
     */
    int unmap(long offset, long length) {
        if (region == null || !live.remove(offset, length)) {
            return 0;
        }
        int error = region.unmap(offset, length);
        if (error == -Errno.EINTR) {
            doubtful.put(offset, length);
            return 0;
        }
        return error;
    }

    private void settleDoubts() {
        while (region != null && !doubtful.isEmpty()) {
            Map.Entry<Long, Long> mapping = doubtful.firstEntry();
            if (region.unmap(mapping.getKey(), mapping.getValue()) == -Errno.EINTR) {
                return;
            }
            doubtful.remove(mapping.getKey());
        }
    }
}
