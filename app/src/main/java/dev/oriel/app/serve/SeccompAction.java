package dev.oriel.app.serve;

import dev.oriel.linux.credential.SystemCallFilter;
import org.jspecify.annotations.Nullable;

/** The values of {@code --seccomp}. */
enum SeccompAction {
    KILL(SystemCallFilter.Action.KILL),
    TRAP(SystemCallFilter.Action.TRAP),
    LOG(SystemCallFilter.Action.LOG),
    NONE(null);

    private final SystemCallFilter.@Nullable Action filter;

    SeccompAction(SystemCallFilter.@Nullable Action filter) {
        this.filter = filter;
    }

    /** What the filter does; null: there is none. */
    SystemCallFilter.@Nullable Action filter() {
        return filter;
    }
}
