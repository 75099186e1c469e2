package dev.oriel.app.serve;

import dev.oriel.filesystem.local.FileHandlePolicy;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of {@code oriel serve} that say what the server can still see and do (docs/confinement.md). */
final class ConfinementOptions {
    @Option(
            names = "--sandbox",
            paramLabel = "MODE",
            defaultValue = "namespace",
            description = "What the server sees of the host: namespace (a root of its own, with the share and nothing"
                    + " else that it does not need, and no network), chroot (such a root, for root alone) or none"
                    + " (default: ${DEFAULT-VALUE}). See docs/confinement.md.")
    private Sandbox sandbox = Sandbox.NAMESPACE;

    @Option(
            names = "--seccomp",
            paramLabel = "ACTION",
            defaultValue = "kill",
            description = "What becomes of a server that makes a system call which serving does not need: kill, trap"
                    + " (SIGSYS), log (it is made, and logged) or none (default: ${DEFAULT-VALUE}).")
    private SeccompAction seccomp = SeccompAction.KILL;

    @Option(
            names = "--uid-map",
            paramLabel = ":INSIDE:OUTSIDE:COUNT:",
            description = "Without root: which users of the host a guest's are, a range each time (default: all that"
                    + " /etc/subuid gives, and this user as the guest's root).")
    private List<String> uidMaps = List.of();

    @Option(names = "--gid-map", paramLabel = ":INSIDE:OUTSIDE:COUNT:", description = "The same for groups.")
    private List<String> gidMaps = List.of();

    @Option(
            names = "--modcaps",
            paramLabel = "LIST",
            description = "Capabilities to keep (+) or to give up (-) beside those that serving needs, as in"
                    + " +sys_admin:-mknod. Kept are chown, dac_override, fowner, fsetid, setgid, setuid, mknod, setfcap,"
                    + " and dac_read_search for file handles, if the process has them.")
    private @Nullable String modcaps;

    /**
     * The walls, judged as far as the command line alone allows.
     *
     * @throws IllegalArgumentException saying which option is wrong and what is valid
     */
    Confinement confinement() {
        return Confinement.of(sandbox, seccomp.filter(), uidMaps, gidMaps);
    }

    /**
     * The capabilities that the server keeps.
     *
     * @throws IllegalArgumentException saying what is wrong with {@code --modcaps}
     */
    Privileges privileges(FileHandlePolicy handles) {
        return Privileges.of(handles, modcaps);
    }
}
