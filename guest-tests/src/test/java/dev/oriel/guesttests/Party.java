package dev.oriel.guesttests;

import dev.oriel.guests.GuestRun;
import java.io.IOException;
import java.time.Duration;

/** Somebody who does with the files of a tree what he is told, one operation after another: see performer.py. */
final class Party {
    private static final Duration PATIENCE = Duration.ofMinutes(3);

    /** How a line gets to him, and how his answer comes back. */
    private interface Way {
        void tell(String line) throws IOException;

        String await(String start) throws IOException, InterruptedException;
    }

    private final String name;
    private final boolean guest;
    private final Way way;
    private long told;

    private Party(String name, boolean guest, Way way) {
        this.name = name;
        this.guest = guest;
        this.way = way;
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
        long number = ++told;
        way.tell(number + " " + operation);
        String start = "= " + number + " ";
        return way.await(start).substring(start.length());
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
