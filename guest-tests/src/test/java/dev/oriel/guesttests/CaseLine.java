package dev.oriel.guesttests;

import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a program of {@code src/test/resources/guest} reports about one case, see cases.py.
 *
 * @param text why it failed or was skipped; or what it found out, empty if nothing that depends on the file system
 */
record CaseLine(Verdict verdict, String name, String text) {
    enum Verdict {
        OK,
        FAILED,
        SKIPPED
    }

    private static final Pattern FORM = Pattern.compile("(ok|not ok|skip) (\\w+)(?:(?: =|:) (.*))?");

    static Optional<CaseLine> parse(String line) {
        Matcher matcher = FORM.matcher(line);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        Verdict verdict = switch (matcher.group(1)) {
            case "ok" -> Verdict.OK;
            case "skip" -> Verdict.SKIPPED;
            default -> Verdict.FAILED;
        };
        String text = matcher.group(3);
        return Optional.of(new CaseLine(verdict, matcher.group(2), text == null ? "" : text));
    }

    static List<CaseLine> of(List<String> lines) {
        return lines.stream().map(CaseLine::parse).flatMap(Optional::stream).toList();
    }
}
