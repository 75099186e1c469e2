package dev.oriel.app.serve;

import java.util.ArrayList;
import java.util.List;

/**
 * A range of ids of {@code --uid-map} and {@code --gid-map}, as virtiofsd takes them: {@code :INSIDE:OUTSIDE:COUNT:},
 * in which any one character may be in place of the colon. The launcher reads them too (scripts/sandbox.sh).
 *
 * @param inside the first id in the server's user namespace, which is what the guest sees
 * @param outside the first id on the host
 */
record IdMap(long inside, long outside, long count) {
    private static final long IDS = 1L << Integer.SIZE;

    private static IdMap parse(String option, String typed) {
        String wrong = option + " " + typed + ": it is :INSIDE:OUTSIDE:COUNT:, as in :0:100000:65536:";
        if (typed.isEmpty() || Character.isDigit(typed.charAt(0))) {
            throw new IllegalArgumentException(wrong);
        }
        List<Long> numbers = new ArrayList<>();
        String separator = typed.substring(0, 1);
        String ranges = typed.endsWith(separator) ? typed.substring(1, typed.length() - 1) : typed.substring(1);
        for (String word : ranges.split(java.util.regex.Pattern.quote(separator), -1)) {
            if (!word.matches("[0-9]{1,10}")) {
                throw new IllegalArgumentException(wrong);
            }
            numbers.add(Long.parseLong(word));
        }
        if (numbers.size() != 3 || numbers.get(2) == 0) {
            throw new IllegalArgumentException(wrong);
        }
        IdMap map = new IdMap(numbers.get(0), numbers.get(1), numbers.get(2));
        if (map.inside + map.count > IDS || map.outside + map.count > IDS) {
            throw new IllegalArgumentException(option + " " + typed + ": ids end at " + (IDS - 1));
        }
        return map;
    }

    /** @throws IllegalArgumentException saying what is wrong with one of them, or which two of them overlap */
    static void check(String option, List<String> typed) {
        List<IdMap> maps = typed.stream().map(words -> parse(option, words)).toList();
        for (int i = 0; i < maps.size(); i++) {
            for (int j = 0; j < i; j++) {
                IdMap a = maps.get(i);
                IdMap b = maps.get(j);
                if (overlap(a.inside, a.count, b.inside, b.count) || overlap(a.outside, a.count, b.outside, b.count)) {
                    throw new IllegalArgumentException(
                            option + " " + typed.get(j) + " and " + typed.get(i) + " overlap: an id has one place");
                }
            }
        }
    }

    private static boolean overlap(long a, long aCount, long b, long bCount) {
        return a < b + bCount && b < a + aCount;
    }
}
