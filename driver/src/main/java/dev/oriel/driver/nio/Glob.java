package dev.oriel.driver.nio;

import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * Patterns of {@link java.nio.file.FileSystem#getPathMatcher}: "*" within a name, "**" across names, "?", "[...]" and
 * "{...,...}".
 */
final class Glob {
    private static final String SPECIAL = ".^$+|()\\{}[]";

    private Glob() {}

    static Pattern compile(String glob) {
        StringBuilder regex = new StringBuilder();
        boolean group = false;
        for (int i = 0; i < glob.length(); i++) {
            char c = glob.charAt(i);
            switch (c) {
                case '\\' -> {
                    i++;
                    if (i == glob.length()) {
                        throw new PatternSyntaxException("nothing behind a backslash", glob, i - 1);
                    }
                    regex.append(Pattern.quote(glob.substring(i, i + 1)));
                }
                case '*' -> {
                    boolean across = i + 1 < glob.length() && glob.charAt(i + 1) == '*';
                    i += across ? 1 : 0;
                    regex.append(across ? ".*" : "[^/]*");
                }
                case '?' -> regex.append("[^/]");
                case '[' -> i = appendClass(glob, i, regex);
                case '{' -> {
                    if (group) {
                        throw new PatternSyntaxException("groups cannot be nested", glob, i);
                    }
                    group = true;
                    regex.append("(?:(?:");
                }
                case '}' -> {
                    regex.append(group ? "))" : "\\}");
                    group = false;
                }
                case ',' -> regex.append(group ? ")|(?:" : ",");
                default -> regex.append(SPECIAL.indexOf(c) >= 0 ? "\\" : "").append(c);
            }
        }
        if (group) {
            throw new PatternSyntaxException("a group that does not end", glob, glob.length());
        }
        return Pattern.compile(regex.toString(), Pattern.DOTALL);
    }

    /** Appends a bracket expression: where it ends. */
    private static int appendClass(String glob, int start, StringBuilder regex) {
        int at = start + 1;
        regex.append("[[^/]&&[");
        if (at < glob.length() && glob.charAt(at) == '!') {
            regex.append('^');
            at++;
        }
        int first = at;
        for (; at < glob.length(); at++) {
            char c = glob.charAt(at);
            if (c == ']' && at > first) {
                regex.append("]]");
                return at;
            }
            if (c == '/') {
                throw new PatternSyntaxException("a / in brackets", glob, at);
            }
            regex.append(c == '\\' || c == '[' || c == '^' || c == '&' || c == ']' ? "\\" : "")
                    .append(c);
        }
        throw new PatternSyntaxException("a bracket that does not end", glob, start);
    }
}
