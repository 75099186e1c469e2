package dev.oriel.app.serve;

import dev.oriel.app.command.CommandFailed;
import dev.oriel.filesystem.local.FileHandlePolicy;
import dev.oriel.linux.LinuxException;
import dev.oriel.linux.credential.Landlock;
import dev.oriel.linux.credential.SystemCallFilter;
import dev.oriel.linux.credential.ThreadCredentials;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The walls around a server, as the command line asks for them (docs/confinement.md).
 *
 * @param sandbox what it sees of the host
 * @param seccomp what becomes of it when it makes a system call that it does not need; null: it may make all
 */
record Confinement(Sandbox sandbox, SystemCallFilter.@Nullable Action seccomp) {
    private static final System.Logger LOG = System.getLogger("dev.oriel.app");

    /** Part of what is said where the host has no sandbox; by scripts/enter.sh too. */
    static final String IMPOSSIBLE = " cannot be had here: ";

    /** Set by scripts/sandbox.sh: why the host does not let it put up the sandbox. */
    private static final String REFUSAL = "oriel.sandbox.refusal";

    /** Set by it too: whether the network of the host was left to this process. */
    private static final String NETWORK = "oriel.sandbox.network";

    /**
     * Judges what was typed.
     *
     * @param uidMaps {@code --uid-map}, as typed
     * @param gidMaps {@code --gid-map}
     * @throws IllegalArgumentException saying what is wrong and what is valid
     */
    static Confinement of(
            Sandbox sandbox, SystemCallFilter.@Nullable Action seccomp, List<String> uidMaps, List<String> gidMaps) {
        if (!uidMaps.isEmpty() || !gidMaps.isEmpty()) {
            String option = uidMaps.isEmpty() ? "--gid-map" : "--uid-map";
            if (sandbox != Sandbox.NAMESPACE) {
                throw new IllegalArgumentException(option + ": ids are mapped by --sandbox namespace only");
            }
            if (isRoot() && Sandbox.entered() == Sandbox.NONE) {
                throw new IllegalArgumentException(
                        option + ": root needs no map of ids; it is for who serves without root");
            }
            if (uidMaps.isEmpty() || gidMaps.isEmpty()) {
                throw new IllegalArgumentException(option + ": say both --uid-map and --gid-map");
            }
            IdMap.check("--uid-map", uidMaps);
            IdMap.check("--gid-map", gidMaps);
        }
        if (sandbox == Sandbox.CHROOT && !isRoot()) {
            throw new IllegalArgumentException("--sandbox chroot: only root can; say --sandbox namespace");
        }
        return new Confinement(sandbox, seccomp);
    }

    private static boolean isRoot() {
        return ThreadCredentials.geteuid() == 0;
    }

    /**
     * What holds if nothing is said of file handles: with them a server that was taken over could leave its sandbox.
     */
    FileHandlePolicy handlesByDefault() {
        return sandbox == Sandbox.NONE ? FileHandlePolicy.PREFER : FileHandlePolicy.NEVER;
    }

    /**
     * Makes sure that this process is where it shall be.
     *
     * @throws CommandFailed if it is not: nothing may be served then
     */
    void requireEntered() throws CommandFailed {
        if (Sandbox.entered() == sandbox) {
            return;
        }
        String refusal = System.getProperty(REFUSAL);
        throw new CommandFailed(
                refusal == null
                        ? "--sandbox " + sandbox
                                + ": this process was not started in one. Start it by the launcher, oriel"
                                + " or virtiofsd, or say --sandbox none"
                        : "--sandbox " + sandbox + IMPOSSIBLE + refusal + ". Nothing was served. Where the"
                                + " host confines the server in another way (docs/operating.md), say --sandbox none");
    }

    /**
     * Makes sure that what is shared can be reached.
     *
     * @throws CommandFailed if it lies in a network that this process does not have
     */
    void requireNetwork(Source source) throws CommandFailed {
        if (sandbox == Sandbox.NAMESPACE && source.network() && !Boolean.getBoolean(NETWORK)) {
            throw new CommandFailed("--share " + source.described()
                    + ": this needs a network, and the sandbox has none for a URI without a host; name the host, or say"
                    + " --sandbox none");
        }
    }

    /**
     * Puts up the last walls: for this thread and those that it will start, and, of system calls, for all threads.
     *
     * @param source what is shared
     * @param socketFolders from where sockets are removed at the end
     * @param practice where it practises, and which it removes then; null: nowhere
     * @param connects whether the server may have to connect to another process, as to syslog's
     * @throws CommandFailed if the kernel refuses
     */
    void close(Source source, List<Path> socketFolders, @Nullable Path practice, boolean connects)
            throws CommandFailed {
        if (source.handles() == FileHandlePolicy.NEVER && Landlock.version() > 0) {
            try {
                Landlock.restrictWritingTo(source.written(), socketFolders, practice);
            } catch (LinuxException refused) {
                throw new CommandFailed("cannot " + refused.getMessage(), refused);
            }
        }
        if (seccomp == null) {
            return;
        }
        try {
            SystemCallFilter.install(seccomp, connects, source.network());
        } catch (LinuxException refused) {
            throw new CommandFailed(
                    "--seccomp: cannot " + refused.getMessage() + "; --seccomp none serves without a filter", refused);
        }
        LOG.log(System.Logger.Level.DEBUG, "confined: sandbox {0}, seccomp {1}", sandbox, seccomp);
    }
}
