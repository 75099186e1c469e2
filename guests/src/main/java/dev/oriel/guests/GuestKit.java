package dev.oriel.guests;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The cache folder that {@code guests/fetch} fills: virtual machines, kernels and programs for guests.
 *
 * <p>Immutable and safe for all threads. What is in the folder is looked up at each call, so a kit may be fetched while
 * it is in use.
 */
public final class GuestKit {
    private final Path folder;

    private GuestKit(Path folder) {
        this.folder = folder.toAbsolutePath().normalize();
    }

    /** The kit in {@code folder}, which may be missing or incomplete. */
    public static GuestKit at(Path folder) {
        return new GuestKit(folder);
    }

    /**
     * The kit where this user has it: the system property {@code oriel.guests}, else the environment variable
     * {@code ORIEL_GUESTS}, else {@code oriel/guests} in {@code $XDG_CACHE_HOME}, else in {@code ~/.cache}.
     */
    public static GuestKit locate() {
        return locate(System.getProperty("oriel.guests"), System.getenv(), System.getProperty("user.home"));
    }

    static GuestKit locate(@Nullable String property, Map<String, String> environment, String home) {
        String named = property != null ? property : environment.getOrDefault("ORIEL_GUESTS", "");
        if (!named.isEmpty()) {
            return at(Path.of(named));
        }
        String caches = environment.getOrDefault("XDG_CACHE_HOME", "");
        Path cache = caches.isEmpty() ? Path.of(environment.getOrDefault("HOME", home), ".cache") : Path.of(caches);
        return at(cache.resolve("oriel/guests"));
    }

    /** The folder of the kit, absolute. */
    public Path folder() {
        return folder;
    }

    /** Those of {@code parts} that are not there, in their order. */
    public List<KitPart> missing(Collection<KitPart> parts) {
        return parts.stream()
                .filter(part -> !Files.exists(part(part).resolve("complete")))
                .toList();
    }

    /**
     * Makes sure of parts.
     *
     * @throws MissingPartException if one is missing; the message says how to get it
     */
    public void require(Collection<KitPart> parts) throws MissingPartException {
        List<KitPart> missing = missing(parts);
        if (missing.isEmpty()) {
            return;
        }
        List<String> reasons = new ArrayList<>();
        for (KitPart part : missing) {
            unavailable(part).ifPresent(reasons::add);
        }
        throw new MissingPartException(
                "the guest kit in " + folder + " lacks " + names(missing, ", ") + ": "
                        + (reasons.isEmpty() ? "" : String.join("; ", reasons) + ": ") + "run guests/fetch --for "
                        + names(missing, ","),
                !reasons.isEmpty());
    }

    /** Why the last {@code guests/fetch} found that the archive does not have {@code part}; empty if it has it. */
    public Optional<String> unavailable(KitPart part) {
        try {
            return Optional.of(Files.readString(folder.resolve("unavailable").resolve(part.folderName()))
                    .strip());
        } catch (IOException absent) {
            return Optional.empty();
        }
    }

    /**
     * Fetches what is missing of {@code parts}, as {@code guests/fetch} does: from the Debian archive, tens of
     * megabytes, some ten seconds for a part on a good network. Does nothing where nothing is missing.
     *
     * @param progress receives a line for each step, on a thread of its own
     * @throws GuestException if a part could not be fetched; the message says why and what to do
     */
    public void fetch(Collection<KitPart> parts, Consumer<String> progress) throws IOException, InterruptedException {
        List<KitPart> missing = missing(parts);
        if (missing.isEmpty()) {
            return;
        }
        Path state = Files.createTempDirectory("oriel-fetch-");
        Path script = state.resolve("fetch");
        Files.write(script, Scripts.bytes("fetch"));
        List<String> errors = new ArrayList<>();
        try (SupervisedProcess process = SupervisedProcess.start(
                Command.of(
                        List.of("bash", script.toString(), "--for", names(missing, ",")),
                        Map.of("ORIEL_GUESTS", folder.toString())),
                state,
                null,
                false,
                progress,
                errors::add,
                () -> {})) {
            int status = process.await();
            if (status != 0) {
                throw new GuestException(
                        errors.isEmpty()
                                ? "guests/fetch ended with status " + status
                                : String.join(System.lineSeparator(), errors));
            }
        }
    }

    /**
     * A root folder with amd64 programs for tests: python3 (with ctypes and sqlite3), git, sqlite3, rsync, tar, tcc,
     * bash, coreutils, acl, attr, e2fsprogs, util-linux, fio. Share it read-only with a guest and mount it at {@code
     * /tools}: there, {@code tools PROGRAM ARGS...} runs one. Its users are root, guest (1000, also in group friends,
     * 1001) and nobody.
     */
    public Path tools() {
        return part(KitPart.TOOLS).resolve("tree");
    }

    /** The same for s390x guests, without tcc (which has no code for them) and fio. */
    public Path toolsS390x() {
        return part(KitPart.TOOLS_S390X).resolve("tree");
    }

    /** The same for aarch64 guests. */
    public Path toolsAarch64() {
        return part(KitPart.TOOLS_AARCH64).resolve("tree");
    }

    /** A root folder of Debian's stable suite with what is essential, apt and systemd; copy it before it is used. */
    public Path debian() {
        return part(KitPart.DEBIAN).resolve("tree");
    }

    /**
     * The start of a command line that runs a program of {@link #tools()} on the host, whatever the host's own
     * libraries.
     *
     * @throws GuestException if the tools are missing or have no such program
     */
    public List<String> hostCommand(String program) throws GuestException {
        require(List.of(KitPart.TOOLS));
        return tree(KitPart.TOOLS).command(program);
    }

    /**
     * A process that is to be started: QEMU for x86_64 with devices but no processor that runs anything (qtest).
     *
     * @param arguments of QEMU: a machine, devices, and the socket of the qtest protocol
     * @throws GuestException if the part is missing
     */
    public ProcessBuilder devicesOnly(List<String> arguments) throws GuestException {
        require(List.of(KitPart.X86_64));
        Tree tree = tree(KitPart.X86_64);
        List<String> words = tree.command("qemu-system-x86_64");
        for (String data : new String[] {"usr/share/qemu", "usr/share/seabios"}) {
            words.add("-L");
            words.add(tree.root().resolve(data).toString());
        }
        words.addAll(List.of("-accel", "qtest", "-nodefaults", "-display", "none", "-qtest-log", "none"));
        words.addAll(arguments);
        ProcessBuilder process = new ProcessBuilder(words);
        process.environment().put("QEMU_MODULE_DIR", tree.qemuModules().toString());
        return process;
    }

    Path part(KitPart part) {
        return folder.resolve(part.folderName());
    }

    Tree tree(KitPart part) {
        return new Tree(part(part).resolve("tree"));
    }

    private static String names(List<KitPart> parts, String separator) {
        return parts.stream().map(KitPart::folderName).collect(Collectors.joining(separator));
    }
}
