package dev.oriel.filesystem;

import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * How a {@link ShareProvider} is to open a share.
 *
 * @param options what was typed for the provider, by name
 * @param readOnly whether clients can change nothing; what changes something does not reach the provider's sessions
 * @param nodeMemory how many bytes of heap all sessions may take for what their clients know
 * @param sessions how many sessions there may be at once
 * @param stagingFolder a folder of this host for bytes that are staged; null: memory
 * @param stagingBytes the bound of staged bytes
 */
public record ShareSettings(
        Map<String, String> options,
        boolean readOnly,
        long nodeMemory,
        int sessions,
        @Nullable Path stagingFolder,
        long stagingBytes) {

    public ShareSettings {
        options = Map.copyOf(options);
    }

    /**
     * Refuses options that the provider does not have.
     *
     * @param known all that it has
     * @throws IllegalArgumentException naming those that are known
     */
    public void requireKnown(Set<String> known) {
        for (String name : new TreeSet<>(options.keySet())) {
            if (!known.contains(name)) {
                throw new IllegalArgumentException(
                        known.isEmpty()
                                ? "unknown option '" + name + "'; a share of this kind has none"
                                : "unknown option '" + name + "'; known are "
                                        + String.join(", ", new TreeSet<>(known)));
            }
        }
    }
}
