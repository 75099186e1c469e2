package dev.oriel.app.serve;

import dev.oriel.app.command.CommandFailed;
import dev.oriel.filesystem.local.FileHandlePolicy;
import dev.oriel.linux.Errno;
import dev.oriel.linux.credential.ThreadCredentials;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The capabilities that serving needs, if the process has them; it gives up all others before anything is served. They
 * belong to threads: the main thread gives them up before it starts any that serves, and a thread that the JVM starts
 * gives them up itself.
 */
final class Privileges {
    private static final System.Logger LOG = System.getLogger("dev.oriel.app");

    /** As virtiofsd's: to act as any user, and to make, own and label what a guest's root may. */
    private static final long BASE = 1L << ThreadCredentials.CAP_CHOWN
            | 1L << ThreadCredentials.CAP_DAC_OVERRIDE
            | 1L << ThreadCredentials.CAP_FOWNER
            | 1L << ThreadCredentials.CAP_FSETID
            | 1L << ThreadCredentials.CAP_SETGID
            | 1L << ThreadCredentials.CAP_SETUID
            | 1L << ThreadCredentials.CAP_MKNOD
            | 1L << ThreadCredentials.CAP_SETFCAP;

    private final long kept;

    private Privileges(long kept) {
        this.kept = kept;
    }

    /**
     * Chooses.
     *
     * @param changes {@code --modcaps}: {@code +cap} keeps one more, {@code -cap} gives one up; null: none
     * @throws IllegalArgumentException saying what is wrong with it and what is valid
     */
    static Privileges of(FileHandlePolicy handles, @Nullable String changes) {
        long kept = BASE;
        if (handles != FileHandlePolicy.NEVER) {
            kept |= 1L << ThreadCredentials.CAP_DAC_READ_SEARCH;
        }
        if (changes != null) {
            for (String change : changes.split("[:,]", -1)) {
                long bit = 1L << capability(change);
                kept = change.startsWith("+") ? kept | bit : kept & ~bit;
            }
        }
        return new Privileges(kept);
    }

    private static int capability(String change) {
        boolean signed = change.startsWith("+") || change.startsWith("-");
        String name = signed ? change.substring(1).toLowerCase(Locale.ROOT) : "";
        int capability = ThreadCredentials.capability(name.startsWith("cap_") ? name.substring(4) : name);
        if (capability < 0) {
            throw new IllegalArgumentException("--modcaps '" + change
                    + "': it is + or - and the name of a capability, several with colons between them, as in"
                    + " +sys_admin:-mknod (man 7 capabilities)");
        }
        return capability;
    }

    /**
     * Gives up all others, for this thread and those that it will start.
     *
     * @throws CommandFailed if the kernel refuses
     */
    void dropOthers() throws CommandFailed {
        int result = ThreadCredentials.keepOnlyCapabilities(kept);
        if (result < 0) {
            throw new CommandFailed("cannot give up capabilities: " + Errno.name(-result));
        }
    }

    /** As {@link #dropOthers}, in a thread that the JVM has started, which has to go on. */
    void dropOthersHere() {
        int result = ThreadCredentials.keepOnlyCapabilities(kept);
        if (result < 0) {
            LOG.log(System.Logger.Level.WARNING, "a thread cannot give up capabilities: {0}", Errno.name(-result));
        }
    }
}
