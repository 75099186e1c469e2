package dev.oriel.app.serve;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The {@code -o name=value,name,...} options of the first virtiofsd, which older libvirt and many scripts still type,
 * written as the options of today. The names are those that the Rust virtiofsd takes.
 */
public final class LegacyOptions {

    /** An {@code -o} option that nobody knows, or a value that it cannot have. */
    public static final class Refused extends Exception {
        private static final long serialVersionUID = 1L;

        public Refused(String message) {
            super(message);
        }
    }

    /**
     * Switches, on and (with {@code no_} before it) off: what to put on the command line for each; empty is the
     * default.
     */
    private static final Map<String, List<String>> SWITCHES = Map.of(
            "xattr", List.of("--xattr", ""),
            "readdirplus", List.of("", "--no-readdirplus"),
            "writeback", List.of("--writeback", ""),
            "allow_direct_io", List.of("--allow-direct-io", ""),
            "announce_submounts", List.of("--announce-submounts", "--no-announce-submounts"),
            "killpriv_v2", List.of("--killpriv-v2", "--no-killpriv-v2"),
            "posix_acl", List.of("--posix-acl", ""),
            "security_label", List.of("--security-label", ""),
            "posix_lock", List.of("--posix-lock", ""),
            "flock", List.of("--flock", ""));

    private LegacyOptions() {}

    /**
     * Replaces each {@code -o} and its value; a later switch replaces an earlier one, as it always did.
     *
     * @throws Refused saying what is wrong and what is valid
     */
    public static List<String> translate(List<String> arguments) throws Refused {
        List<String> translated = new ArrayList<>();
        Map<String, String> last = new LinkedHashMap<>();
        for (int i = 0; i < arguments.size(); i++) {
            String argument = arguments.get(i);
            if (argument.equals("--")) {
                translated.addAll(arguments.subList(i, arguments.size()));
                break;
            } else if (argument.equals("-o")) {
                if (++i == arguments.size()) {
                    throw new Refused("-o needs a value, as in -o source=DIR,cache=auto");
                }
                translateList(arguments.get(i), last);
            } else if (argument.startsWith("-o") && argument.length() > 2) {
                translateList(argument.substring(2), last);
            } else {
                translated.add(argument);
            }
        }
        List<String> legacy =
                last.values().stream().filter(word -> !word.isEmpty()).toList();
        int end = translated.indexOf("--");
        translated.addAll(end < 0 ? translated.size() : end, legacy);
        return translated;
    }

    private static void translateList(String list, Map<String, String> last) throws Refused {
        for (String option : list.split(",", -1)) {
            int equals = option.indexOf('=');
            if (equals >= 0) {
                String name = option.substring(0, equals);
                last.put(name, translateValue(name, option.substring(equals + 1)));
            } else {
                boolean off = option.startsWith("no_");
                String name = off ? option.substring(3) : option;
                List<String> words = SWITCHES.get(name);
                if (words == null) {
                    throw new Refused("unknown option '-o " + option
                            + "'; known are source=, cache=, loglevel=, sandbox=, modcaps=, xattrmap= and the switches "
                            + String.join(
                                    ", ", SWITCHES.keySet().stream().sorted().toList())
                            + ", each also with no_ before it");
                }
                last.put(name, words.get(off ? 1 : 0));
            }
        }
    }

    private static String translateValue(String name, String value) throws Refused {
        return switch (name) {
            case "source" -> "--shared-dir=" + value;
            case "cache" -> "--cache=" + (value.equals("none") ? "never" : value);
            case "loglevel" -> "--log-level=" + (value.equals("err") ? "error" : value);
            case "sandbox", "modcaps", "xattrmap" -> "--" + name + "=" + value;
            default ->
                throw new Refused("unknown option '-o " + name
                        + "='; known are source=, cache=, loglevel=, sandbox=, modcaps= and xattrmap=");
        };
    }
}
