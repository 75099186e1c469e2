package dev.oriel.device.dax;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The mappings of the window, by their place in it: no two of them overlap. Not for several threads. */
final class DaxMappings {
    private final TreeMap<Long, DaxMapping> byOffset = new TreeMap<>();

    int size() {
        return byOffset.size();
    }

    boolean isEmpty() {
        return byOffset.isEmpty();
    }

    /** The one that begins there. */
    @Nullable
    DaxMapping at(long offset) {
        return byOffset.get(offset);
    }

    void add(DaxMapping mapping) {
        byOffset.put(mapping.offset, mapping);
    }

    void remove(DaxMapping mapping) {
        byOffset.remove(mapping.offset);
    }

    void clear() {
        byOffset.clear();
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
