package dev.oriel.guesttests;

import dev.oriel.guesttests.Promises.Slot;
import java.io.IOException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/** Holds bytes that a party reads against those that the model has. */
final class Comparison {
    private static final int PAGE = SharedFile.PAGE;

    private final Crowd crowd;
    private final Promises promises;

    Comparison(Crowd crowd, Promises promises) {
        this.crowd = crowd;
        this.promises = promises;
    }

    void compare(int party, SharedFile file, String operation, int from, int to, BitSet unsure)
            throws IOException, InterruptedException {
        List<Integer> cuts = new ArrayList<>(List.of(from));
        for (int page = from / PAGE + 1; page * PAGE < to; page++) {
            if (unsure.get(page) != unsure.get(page - 1)) {
                cuts.add(page * PAGE);
            }
        }
        cuts.add(to);
        StringBuilder told = new StringBuilder(operation + " " + from);
        StringBuilder expected = new StringBuilder(Integer.toString(to - from));
        for (int i = 1; i < cuts.size(); i++) {
            told.append(' ').append(cuts.get(i) - cuts.get(i - 1));
        }
        String[] sums = crowd.tell(party, file, told.toString()).split(" ", -1);
        boolean right = sums[0].equals(Integer.toString(to - from));
        for (int i = 1; i < cuts.size(); i++) {
            int begun = cuts.get(i - 1);
            String sum = file.checksum(begun, cuts.get(i) - begun);
            expected.append(' ').append(unsure.get(begun / PAGE) ? "?" : sum);
            right &= unsure.get(begun / PAGE) || (sums.length > i && sums[i].equals(sum));
        }
        if (!right) {
            throw crowd.failure(
                    party,
                    file,
                    "%s is not what was written (%s)%n  has      %s%n  on host  %s%n  expected %s"
                            .formatted(
                                    told,
                                    expected,
                                    show(party, file, from, to),
                                    show(crowd.host(), file, from, to),
                                    file.show(from, to - from)));
        }
    }

    String show(int party, SharedFile file, int from, int to) throws IOException, InterruptedException {
        Slot slot = promises.opened(party, file);
        return slot == null ? "?" : crowd.party(party).perform("show %d %d %d".formatted(slot.fd, from, to - from));
    }
}
