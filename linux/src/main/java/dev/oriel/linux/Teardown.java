package dev.oriel.linux;

import org.jspecify.annotations.Nullable;

/**
 * Ends what has several parts, each in a step of its own: one that fails keeps none of the others from being done.
 *
 * <pre>
 *   Teardown all = new Teardown();
 *   all.step(queue::close);
 *   all.step(memory::close);
 *   all.finish();
 * </pre>
 *
 * <p>For one thread.
 */
public final class Teardown {
    private @Nullable Throwable failure;

    /** Does a step, whatever became of those before it. */
    public void step(Runnable step) {
        try {
            step.run();
        } catch (RuntimeException | Error failed) {
            if (failure == null) {
                failure = failed;
            } else if (!failed.equals(failure)) {
                failure.addSuppressed(failed);
            }
        }
    }

    /** What the first step that failed has thrown, those of later ones suppressed in it; null if none has failed. */
    public @Nullable Throwable failure() {
        return failure;
    }

    /** Throws the {@link #failure}, if there is one. */
    public void finish() {
        if (failure instanceof Error error) {
            throw error;
        }
        if (failure instanceof RuntimeException exception) {
            throw exception;
        }
    }
}
