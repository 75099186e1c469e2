package dev.oriel.app.serve;

import dev.oriel.filesystem.local.FileHandlePolicy;
import dev.oriel.filesystem.local.LocalOptions;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of {@code oriel serve} that only a directory of this host can have; another share refuses them. */
final class DirectoryOptions {
    @Option(
            names = "--zero-message-open",
            negatable = true,
            defaultValue = "true",
            fallbackValue = "true",
            description =
                    "With --cache always, as root: the guest opens and closes files without asking (default: it does,"
                            + " unless with --readonly, --allow-direct-io, --preserve-noatime, --posix-lock, --flock or"
                            + " --dax).")
    private boolean zeroMessageOpen = true;

    @Option(
            names = "--posix-lock",
            description =
                    "The guest's POSIX locks are the host's and other guests' too (default: its own). What waits for"
                            + " one can be neither interrupted nor killed. See docs/operating.md.")
    private boolean posixLock;

    @Option(names = "--flock", description = "The same for locks of flock(2).")
    private boolean flock;

    @Option(names = "--posix-acl", description = "Pass POSIX access control lists through; implies --xattr.")
    private boolean posixAcl;

    @Option(
            names = "--security-label",
            description = "Set the guest's security labels on what it creates; implies --xattr.")
    private boolean securityLabel;

    @Option(
            names = "--announce-submounts",
            negatable = true,
            defaultValue = "true",
            fallbackValue = "true",
            description = "Tell the guest which directories are mount points (default: told).")
    private boolean announceSubmounts = true;

    @Option(
            names = "--inode-file-handles",
            paramLabel = "WHEN",
            description =
                    "Remember files by file handle rather than by name: never, prefer or mandatory (default: never"
                            + " in a sandbox, prefer without). Handles need CAP_DAC_READ_SEARCH, with which a server that was"
                            + " taken over could leave its sandbox.")
    private @Nullable FileHandlePolicy fileHandles;

    @Option(names = "--writeback", description = "Let the guest collect writes before it sends them.")
    private boolean writeback;

    @Option(names = "--allow-direct-io", description = "Pass O_DIRECT on to the host; otherwise it is dropped.")
    private boolean allowDirectIo;

    @Option(
            names = "--killpriv-v2",
            negatable = true,
            description =
                    "Let the host clear set-user-ID bits and file capabilities on write (default: the guest does).")
    private boolean killprivV2;

    @Option(
            names = "--allow-project-ids",
            description = "Let the guest change the project of a file, and so whose project quota it counts against.")
    private boolean allowProjectIds;

    @Option(names = "--preserve-noatime", description = "Pass O_NOATIME on to the host; otherwise it is dropped.")
    private boolean preserveNoatime;

    @Option(
            names = "--dax-min-size",
            paramLabel = "SIZE",
            defaultValue = "512K",
            converter = ByteSize.class,
            description = "A guest that mounts without dax= reads files smaller than this by request (default:"
                    + " ${DEFAULT-VALUE}).")
    private long daxMinSize;

    boolean posixAcl() {
        return posixAcl;
    }

    boolean killprivV2() {
        return killprivV2;
    }

    /** How files are remembered, given what holds if nothing is said. */
    FileHandlePolicy fileHandles(FileHandlePolicy byDefault) {
        return fileHandles == null ? byDefault : fileHandles;
    }

    /** Adds what was typed. */
    void into(LocalOptions.Builder local) {
        local.zeroMessageOpen(zeroMessageOpen)
                .posixLock(posixLock)
                .flock(flock)
                .posixAcl(posixAcl)
                .securityLabel(securityLabel)
                .announceSubmounts(announceSubmounts)
                .writeback(writeback)
                .allowDirectIo(allowDirectIo)
                .killprivV2(killprivV2)
                .preserveNoatime(preserveNoatime)
                .allowProjectIds(allowProjectIds)
                .daxMinSize(daxMinSize);
    }
}
