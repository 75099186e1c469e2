package dev.oriel.app.serve;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.oriel.app.command.CommandFailed;
import dev.oriel.device.DaxOptions;
import dev.oriel.filesystem.local.FileHandlePolicy;
import dev.oriel.filesystem.local.LocalOptions;
import dev.oriel.linux.LinuxException;
import dev.oriel.linux.ResourceLimits;
import dev.oriel.linux.UnixSocket;
import dev.oriel.linux.credential.ThreadCredentials;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.GroupPrincipal;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipalNotFoundException;
import org.jspecify.annotations.Nullable;

/** What serving needs of the host, checked and made before anybody can connect, so that a fault is told at once. */
public final class Host {
    private static final System.Logger LOG = System.getLogger("dev.oriel.app");
    private static final int BACKLOG = 16;
    private static final long SENSIBLE_OPEN_FILES = 1_000_000;

    /** Descriptors of the process itself: jars, the socket, the log. */
    private static final long PROCESS_DESCRIPTORS = 256;

    /** Of a connection: its sockets, epoll instances and memory; and of each queue. */
    private static final long CONNECTION_DESCRIPTORS = 32;

    private static final long QUEUE_DESCRIPTORS = 5;
    private static final int ONLY_OWNER = 0177;
    private static final Path SELINUX = Path.of("/sys/fs/selinux/enforce");

    /** The largest window of which QEMU can map every range, some with a stand-in besides (docs/dax.md). */
    private static final long MOST_DAX_WINDOW = 512L << 20;

    private Host() {}

    /**
     * The shared directory, absolute, as this process sees it; its own name may be a symbolic link.
     *
     * @param typed its name outside of a sandbox
     */
    public static Path sharedDirectory(Path typed) throws CommandFailed {
        Path named = Sandbox.entered().share(typed);
        if (!Files.exists(named)) {
            throw new CommandFailed("the directory " + typed + " does not exist, or lies where this user may not look");
        }
        if (!Files.isDirectory(named)) {
            throw new CommandFailed(typed + " is no directory");
        }
        if (!Files.isReadable(named) || !Files.isExecutable(named)) {
            throw new CommandFailed("the directory " + typed
                    + " cannot be read by this user; serve as one who may, or give it r-x permission");
        }
        return named.toAbsolutePath().normalize();
    }

    /**
     * Listens where the options say. Only this user may connect to a socket made here, and the group if one is named.
     *
     * @throws CommandFailed saying what stands in the way
     */
    static UnixSocket listen(ShareOptions options) throws CommandFailed {
        try {
            if (options.fd() != null) {
                return UnixSocket.fromDescriptor(options.fd());
            }
        } catch (LinuxException unusable) {
            throw new CommandFailed("--fd: cannot " + unusable.getMessage(), unusable);
        }
        Path path = socketPath(options);
        UnixSocket socket = listen(options.protocol().pathOption(), path, String.valueOf(options.socketPath()));
        String group = options.socketGroup();
        if (group != null) {
            try {
                admit(group, path);
            } catch (CommandFailed failed) {
                socket.close();
                throw failed;
            }
        }
        return socket;
    }

    /**
     * Listens at a path where only this user may connect.
     *
     * @param option that named it
     * @param path as this process sees it
     * @param typed as it was typed
     * @throws CommandFailed saying what stands in the way
     */
    static UnixSocket listen(String option, Path path, String typed) throws CommandFailed {
        int umask = ThreadCredentials.umask(ONLY_OWNER);
        try {
            return UnixSocket.listen(path, BACKLOG);
        } catch (LinuxException refused) {
            String reason = String.valueOf(refused.getMessage()).replace(path.toString(), typed);
            throw new CommandFailed(option + ": cannot " + reason, refused);
        } finally {
            ThreadCredentials.umask(umask);
        }
    }

    /**
     * Makes sure that there is a folder for the socket, which guests cannot reach.
     *
     * @param share the shared directory; null: no directory of this host is shared
     * @throws CommandFailed if there is none, or it lies in the share
     */
    static void requireSocketFolder(ShareOptions options, @Nullable Path share) throws CommandFailed {
        Path folder = socketFolder(options);
        Path path = options.socketPath();
        if (folder != null && path != null) {
            requireSocketFolder(options.protocol().pathOption(), path, folder, share);
        }
    }

    /**
     * As {@link #requireSocketFolder(ShareOptions, Path)}, for another socket.
     *
     * @param named the option that named it
     * @param path as it was typed
     * @param folder its folder, as this process sees it
     */
    static void requireSocketFolder(String named, Path path, Path folder, @Nullable Path share) throws CommandFailed {
        String option = named + " " + path;
        if (!Files.isDirectory(folder)) {
            Path typed = path.getParent();
            throw new CommandFailed(option + ": there is no directory " + typed + "; make it first");
        }
        try {
            if (Sandbox.entered() == Sandbox.NONE && folder.toRealPath().getParent() == null) {
                throw new CommandFailed(
                        option + ": the server sees all that lies beside its socket, here the whole host;"
                                + " make a directory for it");
            }
            if (share == null) {
                return;
            }
            // Who shares all of the host shares the socket's folder wherever it is.
            Path shared = Sandbox.entered().share(share).toRealPath();
            if (shared.getParent() != null && folder.toRealPath().startsWith(shared)) {
                throw new CommandFailed(
                        option + ": this directory lies in the share, where a guest could take the socket"
                                + " away; make another directory for it");
            }
        } catch (IOException unknown) {
            throw new CommandFailed(option + ": cannot look at its directory: " + unknown.getMessage(), unknown);
        }
    }

    /** The folder in which the socket is made, as this process sees it; null if it is made by another. */
    static @Nullable Path socketFolder(ShareOptions options) {
        Path path = options.socketPath();
        if (path == null) {
            return null;
        }
        return Sandbox.entered().socketFolder(path.getParent() == null ? Path.of(".") : path.getParent());
    }

    /**
     * As this process sees it. It stays relative if it was typed so: made absolute it could become too long for a
     * socket.
     */
    private static Path socketPath(ShareOptions options) {
        Path path = Sandbox.entered().socket(options.socketPath());
        if (path == null) {
            throw new IllegalStateException("neither a socket path nor a descriptor");
        }
        return path;
    }

    private static void admit(String group, Path socket) throws CommandFailed {
        try {
            GroupPrincipal principal =
                    socket.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByGroupName(group);
            PosixFileAttributeView view = Files.getFileAttributeView(socket, PosixFileAttributeView.class);
            view.setGroup(principal);
            view.setPermissions(PosixFilePermissions.fromString("rw-rw----"));
        } catch (UserPrincipalNotFoundException unknown) {
            throw new CommandFailed("--socket-group " + group + ": this host has no such group", unknown);
        } catch (IOException refused) {
            throw new CommandFailed(
                    "--socket-group " + group + ": cannot give it the socket " + socket + " (" + refused.getMessage()
                            + "); this user has to be a member",
                    refused);
        }
    }

    /**
     * Sets the limit of open files.
     *
     * @param wanted as typed: 0 leaves it alone, null is as many as sensible
     * @param raises whether that may be more than the hard limit with which this process was started
     * @return the limit that holds now
     */
    static long limitOpenFiles(@Nullable Long wanted, boolean raises) throws CommandFailed {
        try {
            ResourceLimits.Limit limit = ResourceLimits.openFiles();
            boolean unlimited = limit.hard() < 0;
            if (wanted == null) {
                long most = Math.min(SENSIBLE_OPEN_FILES, mostOpenFiles());
                long allowed = (raises && mayRaise()) || unlimited ? most : Math.min(most, limit.hard());
                ResourceLimits.setOpenFiles(
                        new ResourceLimits.Limit(allowed, unlimited ? -1 : Math.max(allowed, limit.hard())));
            } else if (wanted != 0) {
                ResourceLimits.setOpenFiles(new ResourceLimits.Limit(wanted, wanted));
            }
            long holds = ResourceLimits.openFiles().soft();
            return holds < 0 ? Long.MAX_VALUE : holds;
        } catch (LinuxException refused) {
            throw new CommandFailed(
                    "--rlimit-nofile: cannot " + refused.getMessage() + "; choose fewer, or 0 to leave the limit alone",
                    refused);
        }
    }

    /**
     * How many descriptors all guests' sessions may hold, given the limit of the process: what the process itself and
     * its connections need is put aside, but no more than a quarter.
     */
    static int descriptorsForSessions(long openFiles, int requestQueues) {
        long limit = Math.min(openFiles, SENSIBLE_OPEN_FILES);
        long connection = CONNECTION_DESCRIPTORS + QUEUE_DESCRIPTORS * (requestQueues + 1);
        long own = PROCESS_DESCRIPTORS + Server.MOST_CONNECTIONS * connection;
        return (int) (limit - Math.min(own, limit / 4));
    }

    /**
     * How much of the heap nodes may take.
     *
     * @param wanted as typed: null is half of the heap
     * @throws CommandFailed if too little would be left for the rest
     */
    static long nodeMemory(@Nullable Long wanted) throws CommandFailed {
        long heap = Runtime.getRuntime().maxMemory();
        if (wanted == null) {
            return heap / 2;
        }
        if (wanted < LocalOptions.MIN_NODE_MEMORY) {
            throw new CommandFailed("--node-memory %d: nodes need at least %d KiB"
                    .formatted(wanted, LocalOptions.MIN_NODE_MEMORY >> 10));
        }
        if (wanted > heap / 4 * 3) {
            throw new CommandFailed(
                    "--node-memory %d MiB: Java's heap has %d MiB, of which nodes may take three quarters; choose less, or"
                                    .formatted(wanted >> 20, heap >> 20)
                            + " a larger heap (in the environment: ORIEL_HEAP=2g)");
        }
        return wanted;
    }

    private static boolean mayRaise() {
        return ThreadCredentials.hasCapability(ThreadCredentials.CAP_SYS_RESOURCE);
    }

    /**
     * A sysctl gives its value to the first read(2) only, however short; {@code Files.readString} begins with a single
     * byte.
     */
    private static long mostOpenFiles() {
        byte[] text = new byte[32];
        try (InputStream in = Files.newInputStream(Path.of("/proc/sys/fs/nr_open"))) {
            int length = in.readNBytes(text, 0, text.length);
            return Long.parseLong(new String(text, 0, length, US_ASCII).strip());
        } catch (IOException | NumberFormatException unknown) {
            LOG.log(System.Logger.Level.DEBUG, "/proc/sys/fs/nr_open cannot be read", unknown);
            return SENSIBLE_OPEN_FILES;
        }
    }

    /** Says what a server without root's privileges cannot do, once, before a guest wonders. */
    static void tellMissingPrivileges(LocalOptions options, Layers layers) {
        boolean changesIds = ThreadCredentials.hasCapability(ThreadCredentials.CAP_SETUID)
                && ThreadCredentials.hasCapability(ThreadCredentials.CAP_SETGID);
        if (!changesIds && !layers.overrideStat()) {
            LOG.log(
                    System.Logger.Level.INFO,
                    "not root: all that guests create belongs to this user, and chown and access as another user fail;"
                            + " --override-stat gives a guest real users");
        }
        if (options.inodeFileHandles() != FileHandlePolicy.NEVER
                && !ThreadCredentials.hasCapability(ThreadCredentials.CAP_DAC_READ_SEARCH)) {
            LOG.log(
                    System.Logger.Level.INFO,
                    "no CAP_DAC_READ_SEARCH: files are found again by name instead of by file handle, so a guest may"
                            + " see ESTALE for what the host renames or removes under it");
        }
        if (options.securityLabel()
                && !ThreadCredentials.hasCapability(ThreadCredentials.CAP_SYS_ADMIN)
                && !Files.exists(SELINUX)) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "--security-label: this host has no SELinux, and labels of another kernel need CAP_SYS_ADMIN here:"
                            + " what a guest with SELinux creates fails with EPERM; say --modcaps=+sys_admin");
        }
    }

    /** Says what a window of the files' own pages means for those who share a file. */
    static void tellDirectWindow(ShareOptions options) {
        DaxOptions dax = options.dax();
        if (dax != null && dax.direct() && !options.daxByItself()) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "--dax=direct: whoever truncates a file that a guest has mapped, another guest or a process of this host,"
                            + " ends that guest's virtual machine (SIGBUS) when it touches what is gone; --dax=staged has no"
                            + " such pages");
        }
    }

    /** Says what QEMU cannot bear of a window that it maps range by range (docs/dax.md). */
    static void tellLargeWindow(ShareOptions options) {
        DaxOptions dax = options.dax();
        if (dax == null || options.protocol() != DeviceProtocol.VHOST_USER || dax.length() <= MOST_DAX_WINDOW) {
            return;
        }
        LOG.log(
                System.Logger.Level.WARNING,
                "--dax-window of %d MiB: QEMU bears a limited number of mappings, and a guest that uses all of this window"
                                .formatted(dax.length() >>> 20)
                        + " is refused some (ENOMEM); choose 512M, or --vfio-user-path, where any size is one mapping");
    }
}
