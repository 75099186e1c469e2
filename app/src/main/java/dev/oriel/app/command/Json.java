package dev.oriel.app.command;

import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Writes JSON (RFC 8259), indented, from maps, lists, strings, numbers, booleans and null. */
public final class Json {
    private Json() {}

    /**
     * Writes a value, without a line break at its end.
     *
     * @throws IllegalArgumentException for a value of any other type, or a number that JSON has not
     */
    public static String write(@Nullable Object value) {
        StringBuilder out = new StringBuilder();
        write(out, value, "\n");
        return out.toString();
    }

    private static void write(StringBuilder out, @Nullable Object value, String lineBreak) {
        switch (value) {
            case null -> out.append("null");
            case Map<?, ?> map -> object(out, map, lineBreak);
            case List<?> list -> array(out, list, lineBreak);
            case String text -> string(out, text);
            case Boolean truth -> out.append(truth.booleanValue());
            case Integer number -> out.append(number.intValue());
            case Long number -> out.append(number.longValue());
            case Double number when Double.isFinite(number) -> out.append(number.doubleValue());
            default -> throw new IllegalArgumentException("JSON has no " + value.getClass() + ": " + value);
        }
    }

    private static void object(StringBuilder out, Map<?, ?> map, String lineBreak) {
        if (map.isEmpty()) {
            out.append("{}");
            return;
        }
        out.append('{');
        String inner = lineBreak + "  ";
        for (Iterator<? extends Map.Entry<?, ?>> entries = map.entrySet().iterator(); entries.hasNext(); ) {
            Map.Entry<?, ?> entry = entries.next();
            out.append(inner);
            string(out, String.valueOf(entry.getKey()));
            out.append(": ");
            write(out, entry.getValue(), inner);
            if (entries.hasNext()) {
                out.append(',');
            }
        }
        out.append(lineBreak).append('}');
    }

    private static void array(StringBuilder out, List<?> list, String lineBreak) {
        if (list.isEmpty()) {
            out.append("[]");
            return;
        }
        out.append('[');
        String inner = lineBreak + "  ";
        for (Iterator<?> values = list.iterator(); values.hasNext(); ) {
            out.append(inner);
            write(out, values.next(), inner);
            if (values.hasNext()) {
                out.append(',');
            }
        }
        out.append(lineBreak).append(']');
    }

    private static void string(StringBuilder out, String text) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"', '\\' -> out.append('\\').append(c);
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                default -> {
                    if (Character.isISOControl(c) || (Character.isSurrogate(c) && !isPaired(text, i))) {
                        out.append("\\u").append(Character.forDigit(c >> 12, 16));
                        out.append(Character.forDigit(c >> 8 & 15, 16)).append(Character.forDigit(c >> 4 & 15, 16));
                        out.append(Character.forDigit(c & 15, 16));
                    } else {
                        out.append(c);
                    }
                }
            }
        }
        out.append('"');
    }

    private static boolean isPaired(String text, int index) {
        return Character.isHighSurrogate(text.charAt(index))
                ? index + 1 < text.length() && Character.isLowSurrogate(text.charAt(index + 1))
                : index > 0 && Character.isHighSurrogate(text.charAt(index - 1));
    }
}
