package dev.oriel.packaging;

import dev.oriel.app.Oriel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import picocli.AutoComplete;
import picocli.CommandLine;

/**
 * Writes a manual page for each command, of the text of its {@code --help}, and the completion of bash.
 *
 * <p>{@code ManualPages DATE FOLDER}: into {@code FOLDER/man/man1} and {@code FOLDER/bash-completion/completions}.
 */
public final class ManualPages {
    private ManualPages() {}

    /** Writes them; the date is printed at the foot of each page. */
    public static void main(String[] arguments) throws IOException {
        Path folder = Path.of(arguments[1]);
        Path manual = Files.createDirectories(folder.resolve("man/man1"));
        for (Map.Entry<String, String> page : pages(arguments[0]).entrySet()) {
            Files.writeString(manual.resolve(page.getKey() + ".1"), page.getValue());
        }
        Path completions = Files.createDirectories(folder.resolve("bash-completion/completions"));
        Files.writeString(completions.resolve("oriel"), AutoComplete.bash("oriel", Oriel.described()));
    }

    /**
     * The pages by their names, as {@code oriel-serve}.
     *
     * @param date printed at the foot of each
     */
    static Map<String, String> pages(String date) {
        Map<String, String> pages = new TreeMap<>();
        add(Oriel.described(), date, pages);
        // It is a name of the same command.
        pages.put("virtiofsd-oriel", ".so man1/oriel-serve.1\n");
        return pages;
    }

    private static void add(CommandLine command, String date, Map<String, String> pages) {
        pages.put(ManualPage.name(command), new ManualPage(command, date).text());
        command.getSubcommands().values().forEach(subcommand -> add(subcommand, date, pages));
    }
}
