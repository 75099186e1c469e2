package dev.oriel.packaging;

import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.app.Oriel;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** The manual is the text of {@code --help}, all of it, for all commands. */
class ManualPagesTest {
    private final Map<String, String> pages = ManualPages.pages("2026-11-29");

    /** Words as a reader sees them, without what lays them out. */
    private static List<String> words(String text) {
        return Arrays.stream(text.split("[\\s\\[\\]=,]+", -1))
                .filter(word -> word.chars().anyMatch(Character::isLetter))
                .toList();
    }

    private static String shown(String page) {
        return page.replaceAll("(?m)^\\.[A-Z][A-Za-z]+", "")
                .replaceAll("\\\\f[BIR]", "")
                .replace("\\-", "-")
                .replace("\\&", "")
                .replace("(1)", "")
                .replace("\\e", "\\");
    }

    private void assertHasAllOf(CommandLine command) {
        String name = ManualPage.name(command);
        List<String> missing = words(command.getUsageMessage(CommandLine.Help.Ansi.OFF)).stream()
                .filter(word -> !List.of("Usage:", "Commands:", "Options:").contains(word))
                .toList();
        // A command names its subcommands, which have pages of their own.
        assertThat(words(shown(pages.getOrDefault(name, "")).replace(name + "-", "")))
                .as(name)
                .containsAll(missing.stream()
                        .map(word -> word.replace(name + "-", ""))
                        .toList());
        command.getSubcommands().values().forEach(this::assertHasAllOf);
    }

    @Test
    void eachPageHasAllThatHelpSays() {
        CommandLine oriel = Oriel.described();
        oriel.setUsageHelpWidth(10_000);
        assertHasAllOf(oriel);
        assertThat(pages).containsKeys("oriel", "oriel-serve", "oriel-bench-dax-guest", "virtiofsd-oriel");
    }

    @Test
    void pagesHaveNoTextThatIsTakenForAMacro() {
        pages.values()
                .forEach(page -> assertThat(page.lines())
                        .filteredOn(line -> line.startsWith(".") || line.startsWith("'"))
                        .allMatch(line -> line.matches("\\.(TH|SH|TP|PP|nf|fi)( .*)?|\\.so man1/oriel-serve\\.1")));
    }
}
