package dev.oriel.device.dax;

import dev.oriel.device.statistics.WindowFigures;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The mappings of the window, by their place in it: no two of them overlap. Not for several threads, but for the
 * figures.
 */
final class DaxMappings {
    private final TreeMap<Long, DaxMapping> byOffset = new TreeMap<>();

    // Written by one thread at a time, read by any.
    private final AtomicInteger count = new AtomicInteger();
    private final AtomicLong mapped = new AtomicLong();
    private final AtomicLong staged = new AtomicLong();

    int size() {
        return byOffset.size();
    }

    /** The one that begins there. */
    @Nullable
    DaxMapping at(long offset) {
        return byOffset.get(offset);
    }

    void add(DaxMapping mapping) {
        DaxMapping before = byOffset.put(mapping.offset, mapping);
        count(before, -1);
        count(mapping, 1);
    }

    void remove(DaxMapping mapping) {
        count(byOffset.remove(mapping.offset), -1);
    }

    void clear() {
        byOffset.clear();
        count.setOpaque(0);
        mapped.setOpaque(0);
        staged.setOpaque(0);
    }

    private void count(@Nullable DaxMapping mapping, int sign) {
        if (mapping != null) {
            count.setOpaque(byOffset.size());
            mapped.setOpaque(mapped.getPlain() + sign * mapping.length);
            staged.setOpaque(staged.getPlain() + sign * mapping.standInLength());
        }
    }

    /** How many there are and what they show, in a window of this length. Any thread. */
    WindowFigures figures(long length) {
        return new WindowFigures(length, count.getOpaque(), mapped.getOpaque(), staged.getOpaque());
    }

    /** Those of which something lies in a range. */
    List<DaxMapping> overlapping(long from, long to) {
        List<DaxMapping> found = new ArrayList<>();
        Map.Entry<Long, DaxMapping> before = byOffset.lowerEntry(from);
        if (before != null && before.getValue().end() > from) {
            found.add(before.getValue());
        }
        found.addAll(byOffset.subMap(from, to).values());
        return found;
    }
}
