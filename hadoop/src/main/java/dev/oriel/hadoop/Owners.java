package dev.oriel.hadoop;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * Users and groups: Hadoop has names for them, a guest numbers. A name and a number belong together as this host's
 * table says ({@code /etc/passwd}, {@code /etc/group}); a number that is not in it is its own name, and a name that is
 * not in it is nobody. Read once. For all threads.
 */
final class Owners {
    private static final System.Logger LOG = System.getLogger("dev.oriel.hadoop");

    /** Whom Linux takes for nobody. */
    static final int NOBODY = 65534;

    private static final int MOST_ENTRIES = 100_000;
    private static final int NUMBER = 2;

    private final Map<String, Integer> numbers = new HashMap<>();
    private final Map<Integer, String> names = new HashMap<>();

    /** @param table {@code /etc/passwd} or {@code /etc/group}, or a file of that form */
    Owners(Path table) {
        try {
            for (String line : Files.readAllLines(table, StandardCharsets.ISO_8859_1)) {
                String[] fields = line.split(":", -1);
                if (fields.length > NUMBER && numbers.size() < MOST_ENTRIES && fields[NUMBER].matches("[0-9]{1,9}")) {
                    int number = Integer.parseInt(fields[NUMBER]);
                    numbers.putIfAbsent(fields[0], number);
                    names.putIfAbsent(number, fields[0]);
                }
            }
        } catch (IOException absent) {
            LOG.log(Level.DEBUG, "{0} cannot be read: owners are known by number only", table);
        }
    }

    int number(String name) {
        Integer number = numbers.get(name);
        if (number != null) {
            return number;
        }
        return name.matches("[0-9]{1,9}") ? Integer.parseInt(name) : NOBODY;
    }

    String name(int number) {
        String name = names.get(number);
        return name != null ? name : Integer.toUnsignedString(number);
    }
}
