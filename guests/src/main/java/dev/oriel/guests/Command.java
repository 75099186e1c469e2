package dev.oriel.guests;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How a program is run.
 *
 * @param words program and arguments
 * @param folder the working folder it needs; null: any
 * @param environment added to this process's own
 * @param oneProcessor whether it and what it starts share one of the host's processors
 */
record Command(List<String> words, @Nullable Path folder, Map<String, String> environment, boolean oneProcessor) {

    /** Anywhere, on any processors. */
    static Command of(List<String> words, Map<String, String> environment) {
        return new Command(words, null, environment, false);
    }
}
