package dev.oriel.packaging;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** The manual page of one command, in the language of man(7). */
final class ManualPage {
    private final CommandLine command;
    private final CommandSpec spec;
    private final StringBuilder page = new StringBuilder();

    /**
     * Describes a command.
     *
     * @param date printed at the foot of the page
     */
    ManualPage(CommandLine command, String date) {
        this.command = command;
        spec = command.getCommandSpec();
        String version = spec.root().version()[0];
        macro(
                "TH",
                "\"" + name(command).toUpperCase(Locale.ROOT) + "\" 1 \"" + date + "\" \"" + escaped(version) + "\"");
    }

    /** How the page of a command is called: its names, from {@code oriel} on, with hyphens. */
    static String name(CommandLine command) {
        return command.getCommandSpec().qualifiedName("-");
    }

    String text() {
        section("NAME");
        line(escaped(name(command)) + " \\- " + escaped(summary(command)));
        section("SYNOPSIS");
        macro("nf", "");
        new CommandLine.Help(spec, CommandLine.Help.Ansi.OFF)
                .synopsis(0)
                .lines()
                .forEach(text -> line(escaped(text)));
        macro("fi", "");
        section("DESCRIPTION");
        paragraphs(spec.usageMessage().description());
        parameters();
        options();
        commands();
        footer();
        return page.toString();
    }

    /** The first sentence of its description, without the stop. */
    private static String summary(CommandLine command) {
        String description = expanded(command.getCommandSpec().usageMessage().description());
        int end = description.indexOf(". ");
        String sentence = end < 0 ? description : description.substring(0, end);
        return sentence.endsWith(".") ? sentence.substring(0, sentence.length() - 1) : sentence;
    }

    private void parameters() {
        List<PositionalParamSpec> shown = spec.positionalParameters().stream()
                .filter(parameter -> !parameter.hidden())
                .toList();
        if (shown.isEmpty()) {
            return;
        }
        section("PARAMETERS");
        for (PositionalParamSpec parameter : shown) {
            item("\\fI" + escaped(parameter.paramLabel()) + "\\fR", parameter.description());
        }
    }

    private void options() {
        Stream<OptionSpec> shown = spec.options().stream().filter(option -> !option.hidden());
        if (spec.usageMessage().sortOptions()) {
            shown = shown.sorted(Comparator.comparing(OptionSpec::longestName));
        }
        section("OPTIONS");
        shown.forEach(option ->
                item("\\fB" + escaped(names(option)) + "\\fR" + escaped(parameter(option)), option.description()));
    }

    /** As usage help writes them: {@code --[no-]xattr}. */
    private String names(OptionSpec option) {
        return Arrays.stream(option.names())
                .map(name ->
                        option.negatable() ? spec.negatableOptionTransformer().makeSynopsis(name, spec) : name)
                .collect(Collectors.joining(", "));
    }

    /** As usage help writes it: {@code =SIZE}, {@code [=MODE]}. */
    private static String parameter(OptionSpec option) {
        if (option.arity().max() == 0) {
            return "";
        }
        String named = "=" + option.paramLabel();
        return option.arity().min() == 0 ? "[" + named + "]" : named;
    }

    private void commands() {
        if (command.getSubcommands().isEmpty()) {
            return;
        }
        section("COMMANDS");
        for (Map.Entry<String, CommandLine> subcommand :
                command.getSubcommands().entrySet()) {
            String[] description =
                    subcommand.getValue().getCommandSpec().usageMessage().description();
            item("\\fB" + escaped(name(subcommand.getValue())) + "\\fR(1)", description);
        }
    }

    private void footer() {
        String[] footer = spec.usageMessage().footer();
        if (footer.length == 0) {
            return;
        }
        section("NOTES");
        for (String text : footer) {
            if (text.isEmpty()) {
                macro("PP", "");
            } else if (text.startsWith(" ")) {
                macro("nf", "");
                line(escaped(text));
                macro("fi", "");
            } else {
                line(escaped(expanded(text)));
            }
        }
    }

    private void section(String title) {
        macro("SH", title);
    }

    private void item(String label, String[] description) {
        macro("TP", "");
        line(label);
        line(escaped(expanded(description)));
    }

    private void paragraphs(String[] description) {
        boolean first = true;
        for (String paragraph : description) {
            if (!first) {
                macro("PP", "");
            }
            line(escaped(expanded(paragraph)));
            first = false;
        }
    }

    private void macro(String name, String argument) {
        page.append('.').append(name);
        if (!argument.isEmpty()) {
            page.append(' ').append(argument);
        }
        page.append('\n');
    }

    private void line(String text) {
        page.append(text).append('\n');
    }

    /** As usage help shows it: picocli has filled in the variables, and formats what is left. */
    private static String expanded(String... texts) {
        return String.join(" ", texts).replace("%n", " ").replace("%%", "%").strip();
    }

    /** A hyphen is to be copied as one, and a line that begins with a stop or an apostrophe is text. */
    private static String escaped(String text) {
        String safe = text.replace("\\", "\\e").replace("-", "\\-");
        return safe.startsWith(".") || safe.startsWith("'") ? "\\&" + safe : safe;
    }
}
