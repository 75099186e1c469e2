package dev.oriel.device.dax;

import dev.oriel.linux.Errno;
import dev.oriel.virtio.memory.MappableRegion;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What is mapped into the window at the other side: never more than that can bear, never two over each other, and each
 * taken away as it was made. Not for several threads.
 *
 * <p>At the end of a session nothing stays mapped: QEMU 11.1 dies at the start of a device that was reset while
 * something was.
 *
 * <p>When the device is reset, the front-end takes all mappings away by itself, as vhost-user wants it, or not all of
 * them, as some do. They are then in doubt, and are taken away before the next is made: a front-end that knows nothing
 * of one says so, which does no harm.
 *
 * <p>A stand-in that is {@link #show shown} stays mapped when it is hidden again, as whoever shows it next at that
 * place then needs no answer of the front-end; and so do the places behind it that are free, which are mapped with it:
 *
 * <pre>
 *   window  | a file's pages | stand-in | stand-in | not used yet      | a file's pages |
 *   mapped  +----------------+----------------------------------------+----------------+
 *           one mapping        another, of the stand-ins' memory         a third
 * </pre>
 *
 * <p>It is taken away when nothing of it is shown and a file's pages are to be mapped there, or when there are too
 * many.
 */
final class WindowMappings {
    private static final Logger LOG = System.getLogger("dev.oriel.device");

    /** How much is mapped at once for stand-ins, bytes. */
    static final long STAND_INS = 8 * DaxWindow.LINUX_RANGE;

    private final TreeMap<Long, Long> live = new TreeMap<>();
    private final TreeMap<Long, Long> doubtful = new TreeMap<>();

    /** How many ranges are shown in each mapping of stand-ins; by its offset, as in {@link #live}. */
    private final Map<Long, Integer> standIns = new HashMap<>();

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

    /** Tells what the limit was good for. */
    void logMost() {
        LOG.log(
                Level.DEBUG,
                "the DAX window had at most {0} mappings at a time; the front-end can bear {1}",
                most,
                mappingsMax);
    }

    /** All mappings are in doubt. */
    void doubt() {
        doubtful.putAll(live);
        live.clear();
        standIns.clear();
    }

    /** Whether no stand-in that is shown lies in a range. */
    boolean isFreeOfStandIns(long offset, long length) {
        for (long standIn : standInsIn(offset, length)) {
            if (standIns.getOrDefault(standIn, 0) > 0) {
                return false;
            }
        }
        return true;
    }

    /**
     * Shows a range of the memory of stand-ins, which is as long as the window.
     *
     * @return 0, or an errno; then nothing of it is shown
     */
    int show(long offset, long length, int fd) {
        long at = offset;
        while (at < offset + length) {
            Map.Entry<Long, Long> before = live.floorEntry(at);
            if (before == null || before.getKey() + before.getValue() <= at) {
                int error = map(at, unmapped(at), fd, at);
                if (error != 0) {
                    hide(offset, at - offset);
                    return error;
                }
                standIns.put(at, 0);
                before = Map.entry(at, live.getOrDefault(at, 0L));
            }
            standIns.merge(before.getKey(), 1, Integer::sum);
            at = before.getKey() + before.getValue();
        }
        return 0;
    }

    /** Nothing is seen of a range of stand-ins any more, but zeros. */
    void hide(long offset, long length) {
        for (long standIn : standInsIn(offset, length)) {
            standIns.merge(standIn, -1, Integer::sum);
        }
    }

    /** How many bytes from an offset on are mapped at once for stand-ins: as far as nothing else is there. */
    private long unmapped(long offset) {
        Long next = live.higherKey(offset);
        long end = region == null ? offset : region.length();
        return Math.min(STAND_INS, (next == null ? end : next) - offset);
    }

    private long[] standInsIn(long offset, long length) {
        Long first = live.floorKey(offset);
        return live.subMap(first == null ? offset : first, offset + length).entrySet().stream()
                .filter(mapping -> mapping.getKey() + mapping.getValue() > offset)
                .mapToLong(Map.Entry::getKey)
                .filter(standIns::containsKey)
                .toArray();
    }

    /** Takes mappings of stand-ins away of which nothing is shown. */
    private void dropHidden(long[] among) {
        for (long standIn : among) {
            Long length = live.get(standIn);
            if (length != null && standIns.remove(standIn, 0)) {
                int _ = unmap(standIn, length);
            }
        }
    }

    /**
     * Has a mapping made.
     *
     * @return 0, or an errno: {@code -ENOMEM} if the other side can bear no more
     */
    int map(long offset, long length, int fd, long fdOffset) {
        settleDoubts();
        dropHidden(standInsIn(offset, length));
        if (room() <= 0 && region != null) {
            dropHidden(standInsIn(0, region.length()));
        }
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

    /** Takes away what is in doubt; it stays in doubt while the other side does not answer. */
    void settleDoubts() {
        while (region != null && !doubtful.isEmpty()) {
            Map.Entry<Long, Long> mapping = doubtful.firstEntry();
            if (region.unmap(mapping.getKey(), mapping.getValue()) == -Errno.EINTR) {
                return;
            }
            doubtful.remove(mapping.getKey());
        }
    }
}
