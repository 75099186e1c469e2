package dev.oriel.app.command;

/**
 * Text of others, such as the names in a share, as it may go to a terminal: what a terminal would obey is shown as "?".
 */
public final class Printable {
    private Printable() {}

    public static String of(String text) {
        if (text.chars().noneMatch(Printable::isObeyed)) {
            return text;
        }
        StringBuilder shown = new StringBuilder(text.length());
        text.chars().forEach(c -> shown.append(isObeyed(c) ? '?' : (char) c));
        return shown.toString();
    }

    /** Control characters, and those that turn the direction of what follows. */
    private static boolean isObeyed(int c) {
        return Character.isISOControl(c) || (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
    }
}
