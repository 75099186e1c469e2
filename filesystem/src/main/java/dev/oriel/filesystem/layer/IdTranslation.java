package dev.oriel.filesystem.layer;

import java.util.ArrayList;
import java.util.List;

/**
 * What the user ids, or the group ids, of a guest are on the host and back: the rules of virtiofsd's {@code
 * --translate-uid} and {@code --translate-gid}. The two directions are independent. An id without a rule is the same on
 * both sides, and -1, which is no id, has none.
 */
public final class IdTranslation {
    /** Of {@link #toHost}: the guest must not use this id. */
    public static final long FORBIDDEN = IdRanges.FORBIDDEN;

    /** The last id; the one behind it is -1. */
    private static final long LAST_ID = 0xffff_fffeL;

    private static final String FORM =
            "it is TYPE:SOURCE:TARGET:COUNT, as in map:0:100000:65536, with the types guest, host,"
                    + " squash-guest, squash-host and map, or forbid-guest:SOURCE:COUNT";

    private final IdRanges toHost;
    private final IdRanges toGuest;

    private IdTranslation(IdRanges toHost, IdRanges toGuest) {
        this.toHost = toHost;
        this.toGuest = toGuest;
    }

    /**
     * Reads rules.
     *
     * @param rules any number, in any order
     * @throws IllegalArgumentException naming the rule that is wrong and what is right, or two that contradict each
     *     other
     */
    public static IdTranslation parse(List<String> rules) {
        List<IdRanges.Range> fromGuest = new ArrayList<>();
        List<IdRanges.Range> fromHost = new ArrayList<>();
        for (String rule : rules) {
            parse(rule, fromGuest, fromHost);
        }
        return new IdTranslation(new IdRanges(fromGuest, "guest"), new IdRanges(fromHost, "host"));
    }

    private static void parse(String rule, List<IdRanges.Range> fromGuest, List<IdRanges.Range> fromHost) {
        String[] words = rule.split(":", -1);
        boolean forbids = words[0].equals("forbid-guest");
        if (words.length != (forbids ? 3 : 4)) {
            throw new IllegalArgumentException(rule + ": " + FORM);
        }
        long source = number(rule, words[1]);
        long target = forbids ? IdRanges.FORBIDDEN : number(rule, words[2]);
        long count = number(rule, words[words.length - 1]);
        boolean squashes = words[0].startsWith("squash-");
        if (count == 0) {
            throw new IllegalArgumentException(rule + ": a range has 1 id or more");
        }
        if (source + count - 1 > LAST_ID || target + (squashes ? 1 : count) - 1 > LAST_ID) {
            throw new IllegalArgumentException(rule + ": ids end at " + LAST_ID);
        }
        IdRanges.Range range = new IdRanges.Range(rule, source, count, target, squashes);
        switch (words[0]) {
            case "guest", "squash-guest", "forbid-guest" -> fromGuest.add(range);
            case "host", "squash-host" -> fromHost.add(range);
            case "map" -> {
                fromGuest.add(range);
                fromHost.add(new IdRanges.Range(rule, target, count, source, false));
            }
            default -> throw new IllegalArgumentException(rule + ": " + FORM);
        }
    }

    private static long number(String rule, String word) {
        if (!word.matches("[0-9]{1,10}")) {
            throw new IllegalArgumentException(rule + ": " + FORM);
        }
        return Long.parseLong(word);
    }

    /** Whether no rule was given: all ids are the same on both sides. */
    public boolean isEmpty() {
        return toHost.isEmpty() && toGuest.isEmpty();
    }

    /** What an id of the guest is on the host, 0 to 0xffffffff, or {@link #FORBIDDEN}. */
    public long toHost(int id) {
        return toHost.translate(id);
    }

    /** What an id of the host is in the guest. */
    public int toGuest(int id) {
        return (int) toGuest.translate(id);
    }
}
