package dev.oriel.guesttests;

import dev.oriel.guests.GuestRun;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/**
 * Somebody who does with the files of a share what he is told, one operation after another: see performer.py. Several
 * threads may tell him; each waits for its own answer.
 */
final class Party {
    private static final Duration PATIENCE = Duration.ofMinutes(3);

    /** How a line gets to him, and how the next that begins so comes back. */
    private interface Way {
        void tell(String line) throws IOException;

        String await(String start) throws IOException, InterruptedException;
    }

    private final String name;
    private final boolean guest;
    private final Way way;
    private final Semaphore asked = new Semaphore(0);
    private final Map<Long, CompletableFuture<String>> answers = new ConcurrentHashMap<>();
    private volatile @Nullable Exception end;
    private long told;

    private Party(String name, boolean guest, Way way) {
        this.name = name;
        this.guest = guest;
        this.way = way;
        Thread.ofVirtual().name(name).start(this::deliver);
    }

    /** A process of the host that has the folder itself. */
    static Party onHost(NativeProgram program) {
        return new Party("host", false, new Way() {
            @Override
            public void tell(String line) throws IOException {
                program.tell(line);
            }

            @Override
            public String await(String start) throws IOException {
                return program.awaitLine(start);
            }
        });
    }

    /** The script that makes a guest take part, in a folder of its own. */
    static String script(String folder) {
        return GuestProgram.run("performer", folder);
    }

    /** A guest that runs {@link #script}. */
    static Party inGuest(String name, GuestRun run) {
        return new Party(name, true, new Way() {
            @Override
            public void tell(String line) throws IOException {
                run.type(line);
            }

            @Override
            public String await(String start) throws IOException, InterruptedException {
                return run.awaitLine("^" + start, PATIENCE);
            }
        });
    }

    /** Whether the tree is a mount to him. */
    boolean isGuest() {
        return guest;
    }

    /** Waits until he can begin. */
    void awaitReady() throws IOException, InterruptedException {
        way.await("READY");
    }

    /**
     * Has an operation performed.
     *
     * @return what it gave; "!" and the errno if it failed
     */
    String perform(String operation) throws IOException, InterruptedException {
        CompletableFuture<String> answer = new CompletableFuture<>();
        tell(operation, answer);
        asked.release();
        if (end != null) {
            answer.completeExceptionally(end);
        }
        try {
            return answer.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException ended) {
                throw ended;
            }
            throw new IOException(e);
        }
    }

    private synchronized void tell(String operation, CompletableFuture<String> answer) throws IOException {
        answers.put(++told, answer);
        way.tell(told + " " + operation);
    }

    /** Gives each answer to the thread that waits for it. */
    private void deliver() {
        try {
            while (true) {
                asked.acquire();
                String[] words = way.await("= ").split(" ", 3);
                Objects.requireNonNull(answers.remove(Long.valueOf(words[1]))).complete(words[2]);
            }
        } catch (IOException | InterruptedException | RuntimeException e) {
            end = e;
            answers.values().forEach(answer -> answer.completeExceptionally(e));
        }
    }

    /** Lets him come to his end. */
    void leave() throws IOException {
        way.tell("0 end");
    }

    @Override
    public String toString() {
        return name;
    }
}
