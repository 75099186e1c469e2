package dev.oriel.filesystem.layer;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.oriel.filesystem.Name;
import dev.oriel.linux.Errno;
import dev.oriel.linux.XattrFlags;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * What the names of a client's extended attributes are on the host, and back, in the language of virtiofsd's {@code
 * --xattrmap}: rules {@code :type:scope:key:prepend:}, of which the first that matches a name counts. Any character may
 * stand for the colon, in a rule of its own each, and white space between rules.
 *
 * <p>A rule of scope {@code client} matches a client's name that begins with {@code key}, one of scope {@code server} a
 * host's name that begins with {@code prepend}, one of {@code all} both. Its type is
 * <ul>
 *   <li>{@code prefix}: {@code prepend} goes before the client's name, and off the host's;
 *   <li>{@code ok}: the name is the same on both sides;
 *   <li>{@code bad}: the client may not set it and sees none;
 *   <li>{@code unsupported}: the client is told that there are no such attributes, and sees none.
 * </ul>
 * {@code :map:key:prepend:} stands for the rules by which names that begin with {@code key} live under {@code prepend}
 * on the host, and nothing else reaches either.
 */
public final class XattrMap {
    /** Of {@link #toClient}: the name is not the client's to see. */
    static final int HIDDEN = -1;

    private static final String CAPABILITY = "security.capability";
    private static final String FORM =
            "a rule is :TYPE:SCOPE:KEY:PREPEND: with the types prefix, ok, bad, unsupported and the scopes"
                    + " client, server, all; or :map:KEY:PREPEND:";

    private enum Type {
        PREFIX,
        OK,
        BAD,
        UNSUPPORTED
    }

    private static final class Rule {
        private final Type type;
        private final boolean client;
        private final boolean server;
        private final byte[] key;
        private final byte[] prepend;

        Rule(Type type, String scope, String key, String prepend) {
            this.type = type;
            client = !scope.equals("server");
            server = !scope.equals("client");
            this.key = key.getBytes(UTF_8);
            this.prepend = prepend.getBytes(UTF_8);
        }
    }

    private final Rule[] rules;

    private XattrMap(List<Rule> rules) {
        this.rules = rules.toArray(Rule[]::new);
    }

    /**
     * Reads rules.
     *
     * @throws IllegalArgumentException saying which rule is wrong and what is right, or that a name may match none
     */
    public static XattrMap parse(String text) {
        List<Rule> rules = new ArrayList<>();
        int at = skipSpace(text, 0);
        while (at < text.length()) {
            at = skipSpace(text, parseRule(text, at, rules));
        }
        if (rules.stream().noneMatch(rule -> rule.client && rule.key.length == 0)
                || rules.stream().noneMatch(rule -> rule.server && rule.prepend.length == 0)) {
            throw new IllegalArgumentException(
                    "a name may match no rule: let the last one match all that is left, as :bad:all::: or :ok:all:::");
        }
        return new XattrMap(rules);
    }

    private static int skipSpace(String text, int from) {
        int at = from;
        while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
            at++;
        }
        return at;
    }

    /** Reads one rule; where it ends. */
    private static int parseRule(String text, int start, List<Rule> rules) {
        char separator = text.charAt(start);
        List<String> fields = new ArrayList<>();
        int at = start + 1;
        int wanted = text.startsWith("map" + separator, at) ? 3 : 4;
        while (fields.size() < wanted) {
            int end = text.indexOf(separator, at);
            if (end < 0) {
                throw new IllegalArgumentException("'" + text.substring(start).strip() + "' ends early: " + FORM);
            }
            fields.add(text.substring(at, end));
            at = end + 1;
        }
        String rule = text.substring(start, at);
        if (wanted == 3) {
            addMap(rule, fields.get(1), fields.get(2), rules);
            return at;
        }
        Type type = switch (fields.get(0)) {
            case "prefix" -> Type.PREFIX;
            case "ok" -> Type.OK;
            case "bad" -> Type.BAD;
            case "unsupported" -> Type.UNSUPPORTED;
            default ->
                throw new IllegalArgumentException("'" + rule + "': there is no type '" + fields.get(0) + "'; " + FORM);
        };
        String scope = fields.get(1);
        if (!scope.equals("client") && !scope.equals("server") && !scope.equals("all")) {
            throw new IllegalArgumentException("'" + rule + "': there is no scope '" + scope + "'; " + FORM);
        }
        rules.add(new Rule(type, scope, fields.get(2), fields.get(3)));
        return at;
    }

    private static void addMap(String rule, String key, String prepend, List<Rule> rules) {
        if (prepend.isEmpty()) {
            throw new IllegalArgumentException("'" + rule + "': there is nothing to prepend; " + FORM);
        }
        rules.add(new Rule(Type.PREFIX, "all", key, prepend));
        if (key.isEmpty()) {
            rules.add(new Rule(Type.BAD, "all", "", ""));
        } else {
            rules.add(new Rule(Type.BAD, "server", "", key));
            rules.add(new Rule(Type.BAD, "client", prepend, ""));
            rules.add(new Rule(Type.OK, "all", "", ""));
        }
    }

    /**
     * Translates a client's name.
     *
     * @param out gets the host's name, and has room for the longest one
     * @return 0; -EPERM if the name is bad, -EOPNOTSUPP if it is unsupported, -ERANGE if the host's is too long
     */
    int toHost(Name name, Name out) {
        return toHost(name.segment(), name.length(), out);
    }

    /** As {@link #toHost(Name, Name)}, for {@code length} bytes of a segment. */
    int toHost(MemorySegment name, int length, Name out) {
        for (int i = 0; i < rules.length; i++) {
            Rule rule = rules[i];
            if (rule.client && startsWith(name, 0, length, rule.key)) {
                return switch (rule.type) {
                    case PREFIX -> out.set(rule.prepend, name, length) ? 0 : -Errno.ERANGE;
                    case OK -> out.set(name, 0, length) ? 0 : -Errno.ERANGE;
                    case BAD -> -Errno.EPERM;
                    case UNSUPPORTED -> -Errno.EOPNOTSUPP;
                };
            }
        }
        return -Errno.EPERM;
    }

    /**
     * Translates a host's name.
     *
     * @param offset where it begins in {@code list}
     * @return how many bytes at its beginning the client does not see, or {@link #HIDDEN}
     */
    int toClient(MemorySegment list, long offset, int length) {
        for (int i = 0; i < rules.length; i++) {
            Rule rule = rules[i];
            if (rule.server && startsWith(list, offset, length, rule.prepend)) {
                return switch (rule.type) {
                    case PREFIX -> rule.prepend.length < length ? rule.prepend.length : HIDDEN;
                    case OK -> 0;
                    case BAD, UNSUPPORTED -> HIDDEN;
                };
            }
        }
        return HIDDEN;
    }

    private static boolean startsWith(MemorySegment memory, long offset, int length, byte[] beginning) {
        if (length < beginning.length) {
            return false;
        }
        for (int i = 0; i < beginning.length; i++) {
            if (memory.get(JAVA_BYTE, offset + i) != beginning[i]) {
                return false;
            }
        }
        return true;
    }

    /** Whether the host knows an attribute of the client by another name, or not at all. */
    public boolean changes(String name) {
        Name mapped = new Name(Arena.ofAuto().allocate(XattrFlags.XATTR_NAME_MAX + 1));
        byte[] bytes = name.getBytes(UTF_8);
        int result = toHost(MemorySegment.ofArray(bytes), bytes.length, mapped);
        return result < 0 || !mapped.toString().equals(name);
    }

    /**
     * What the host calls the client's file capabilities.
     *
     * @param out gets the name
     * @return whether it is another name: then the host's kernel does not know them for what they are
     */
    boolean movesCapabilities(Name out) {
        byte[] bytes = CAPABILITY.getBytes(UTF_8);
        return toHost(MemorySegment.ofArray(bytes), bytes.length, out) == 0
                && !out.toString().equals(CAPABILITY);
    }
}
