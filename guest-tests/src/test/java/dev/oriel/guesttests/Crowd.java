package dev.oriel.guesttests;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/** Those who work on one tree, the host last: each is told what to do, and what all have done is remembered. */
final class Crowd {
    private static final int IN_HISTORY = 40;

    private final List<Party> parties;
    private final Deque<String> history = new ArrayDeque<>();
    private long step;
    private long told;

    Crowd(List<Party> parties) {
        this.parties = parties;
    }

    int size() {
        return parties.size();
    }

    /** The number of the host. */
    int host() {
        return parties.size() - 1;
    }

    Party party(int number) {
        return parties.get(number);
    }

    /** The number of the step. */
    long step() {
        return step;
    }

    /** A step begins. */
    void step(long number) {
        step = number;
    }

    /** How many operations have been performed. */
    long told() {
        return told;
    }

    String attempt(int party, SharedFile file, String operation) throws IOException, InterruptedException {
        told++;
        String answer = party(party).perform(operation);
        history.add("%d: file %d, %s: %s -> %s".formatted(step, file.id, party(party), operation, answer));
        if (history.size() > 4000) {
            history.remove();
        }
        return answer;
    }

    String tell(int party, SharedFile file, String operation) throws IOException, InterruptedException {
        String answer = attempt(party, file, operation);
        if (answer.startsWith("!")) {
            throw failure(party, file, operation + " fails with " + answer.substring(1));
        }
        return answer;
    }

    AssertionError failure(int party, SharedFile file, String what) {
        List<String> all = List.copyOf(history);
        List<String> own = all.stream()
                .filter(line -> line.contains(": file " + file.id + ","))
                .toList();
        return new AssertionError(
                "step %d, %s, %s of %d bytes: %s%nwhat was done with it:%n  %s%nwhat was done at last:%n  %s"
                        .formatted(
                                step,
                                party(party),
                                file,
                                file.size,
                                what,
                                String.join("\n  ", own.subList(Math.max(0, own.size() - IN_HISTORY), own.size())),
                                String.join("\n  ", all.subList(Math.max(0, all.size() - IN_HISTORY), all.size()))));
    }

    void expect(boolean right, int party, SharedFile file, String what) {
        if (!right) {
            throw failure(party, file, what);
        }
    }

    boolean isGuest(int party) {
        return party(party).isGuest();
    }
}
