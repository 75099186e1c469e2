package dev.oriel.app;

import dev.oriel.app.bench.BenchCommand;
import dev.oriel.app.command.BuildVersion;
import dev.oriel.app.command.CommandFailed;
import dev.oriel.app.log.Log;
import dev.oriel.app.serve.LegacyOptions;
import dev.oriel.app.serve.PeerOptions;
import dev.oriel.app.serve.ServeCommand;
import dev.oriel.app.share.CatCommand;
import dev.oriel.app.share.CpCommand;
import dev.oriel.app.share.DfCommand;
import dev.oriel.app.share.LsCommand;
import dev.oriel.app.share.StatCommand;
import dev.oriel.app.share.TreeCommand;
import dev.oriel.app.tour.TryCommand;
import dev.oriel.app.watch.StatusCommand;
import dev.oriel.app.watch.TopCommand;
import java.io.PrintWriter;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The command {@code oriel}, and, by the name {@code virtiofsd}, its {@code serve} alone. */
@Command(
        name = "oriel",
        description = "Shares host directories with virtual machines by virtio-fs.",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND",
        footer = {
            "",
            "Begin with:",
            "  oriel try                  boot a Linux guest and show it a shared directory",
            "  oriel serve --help         share a directory with your own virtual machine",
            "",
            "Exit status: 0 all went well; 1 it failed; 2 the command line was wrong."
        })
public final class Oriel implements Runnable {
    /** The system property with the name that the launcher was called by. */
    static final String NAME_PROPERTY = "oriel.name";

    private static final Map<String, Supplier<?>> SUBCOMMANDS = subcommands();

    private static final int FAILED = 1;
    private static final int WRONG_USAGE = 2;

    @Spec
    @SuppressWarnings("NullAway.Init") // by picocli
    private CommandSpec spec;

    private Oriel() {}

    /** Runs the command line and ends the process with its status. */
    public static void main(String[] arguments) {
        System.exit(run(arguments));
    }

    private static int run(String[] arguments) {
        boolean asVirtiofsd = "virtiofsd".equals(System.getProperty(NAME_PROPERTY));
        CommandLine command = asVirtiofsd ? virtiofsd() : oriel(arguments);
        command.setCaseInsensitiveEnumValuesAllowed(true);
        command.setUsageHelpAutoWidth(false);
        command.setUsageHelpWidth(100);
        command.setParameterExceptionHandler(Oriel::wrongUsage);
        command.setExecutionExceptionHandler(Oriel::failed);
        try {
            List<String> translated = LegacyOptions.translate(Arrays.asList(arguments));
            return command.execute(translated.toArray(String[]::new));
        } catch (LegacyOptions.Refused refused) {
            return wrongUsage(new ParameterException(command, String.valueOf(refused.getMessage())), arguments);
        } catch (LinkageError unusable) {
            // What the bindings say of a Java or a C library that they cannot work with.
            command.getErr().println(command.getCommandName() + ": " + unusable.getMessage());
            return FAILED;
        }
    }

    /**
     * The command that is named, or all of them if none is: to describe one to picocli takes as long as to start the
     * JVM.
     */
    private static CommandLine oriel(String[] arguments) {
        CommandLine command = new CommandLine(new Oriel());
        Supplier<?> named = arguments.length > 0 ? SUBCOMMANDS.get(arguments[0]) : null;
        if (named != null) {
            command.addSubcommand(named.get());
        } else {
            SUBCOMMANDS.values().forEach(subcommand -> command.addSubcommand(subcommand.get()));
        }
        tellVersion(command);
        command.getSubcommands().values().forEach(Oriel::tellVersion);
        return command;
    }

    /** All of {@code oriel}, for those who describe it: manual pages, completions. */
    public static CommandLine described() {
        return oriel(new String[0]);
    }

    /** The command by the name {@code virtiofsd}, for those who describe it. */
    public static CommandLine virtiofsd() {
        CommandLine command = new CommandLine(ServeCommand.asVirtiofsd());
        command.setCommandName("virtiofsd");
        command.getCommandSpec().versionProvider(BuildVersion::linesOfVirtiofsd);
        return command;
    }

    private static void tellVersion(CommandLine command) {
        command.getCommandSpec().versionProvider(BuildVersion::lines);
    }

    private static Map<String, Supplier<?>> subcommands() {
        Map<String, Supplier<?>> commands = new LinkedHashMap<>();
        commands.put("serve", ServeCommand::new);
        commands.put("try", TryCommand::new);
        commands.put("bench", BenchCommand::new);
        commands.put("ls", LsCommand::new);
        commands.put("cat", CatCommand::new);
        commands.put("cp", CpCommand::new);
        commands.put("stat", StatCommand::new);
        commands.put("tree", TreeCommand::new);
        commands.put("df", DfCommand::new);
        commands.put("status", StatusCommand::new);
        commands.put("top", TopCommand::new);
        return commands;
    }

    private static int wrongUsage(ParameterException wrong, String[] arguments) {
        CommandLine command = wrong.getCommandLine();
        PrintWriter err = command.getErr();
        String name = command.getCommandSpec().qualifiedName();
        err.println(name + ": " + wrong.getMessage());
        String peerOption = PeerOptions.explain(wrong);
        if (!peerOption.isEmpty()) {
            err.println(peerOption);
        } else if (wrong instanceof CommandLine.UnmatchedArgumentException unmatched) {
            List<String> suggestions = unmatched.getSuggestions();
            if (!suggestions.isEmpty()) {
                err.println("Did you mean " + String.join(" or ", suggestions) + "?");
            }
        }
        err.println("Try '" + name + " --help'.");
        err.flush();
        return WRONG_USAGE;
    }

    private static int failed(Exception failure, CommandLine command, CommandLine.ParseResult parsed) {
        PrintWriter err = command.getErr();
        String name = command.getCommandSpec().qualifiedName();
        if (failure instanceof CommandFailed) {
            err.println(name + ": " + failure.getMessage());
        } else if (!isEnding()) {
            err.println(name + ": this is a fault in Oriel: " + failure + " (--log-level debug shows more)");
        }
        if (Log.isVerbose()) {
            failure.printStackTrace(err);
        }
        err.flush();
        return FAILED;
    }

    /** Whether a signal ends the process: whatever was under way fails by that. */
    private static boolean isEnding() {
        Thread hook = new Thread(() -> {});
        try {
            Runtime.getRuntime().addShutdownHook(hook);
            Runtime.getRuntime().removeShutdownHook(hook);
            return false;
        } catch (IllegalStateException ending) {
            return true;
        }
    }

    /** Called without a subcommand. */
    @Override
    public void run() {
        throw new ParameterException(
                spec.commandLine(), "say what to do: serve, try or bench (oriel try is a good beginning)");
    }
}
