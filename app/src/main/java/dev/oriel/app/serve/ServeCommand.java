package dev.oriel.app.serve;

import dev.oriel.app.command.CommandFailed;
import dev.oriel.app.command.Json;
import dev.oriel.app.log.Log;
import dev.oriel.app.log.LogLevel;
import dev.oriel.app.log.LogSink;
import dev.oriel.app.log.SyslogSink;
import dev.oriel.app.practice.Practice;
import dev.oriel.device.DaxOptions;
import dev.oriel.filesystem.CachePolicy;
import dev.oriel.filesystem.FileSystem;
import dev.oriel.filesystem.layer.CacheRules;
import dev.oriel.filesystem.local.FileHandlePolicy;
import dev.oriel.filesystem.local.LocalOptions;
import dev.oriel.virtio.queue.Polling;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * {@code oriel serve}: shares a directory until it is told to stop. Options that the Rust virtiofsd has too have its
 * names and meanings; under the name {@code virtiofsd} this is the whole command.
 */
@Command(
        name = "serve",
        description =
                "Shares a host directory, or what a URI names, with virtual machines, in the foreground, until SIGTERM or Ctrl-C.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        abbreviateSynopsis = true,
        footer = {
            "",
            "Several virtual machines may connect, at once or one after another; each has a session of its own.",
            "Exit status: 0 stopped by a signal; 1 it failed; 2 the command line was wrong."
        })
public final class ServeCommand implements Callable<Integer> {
    /** QEMU's largest virtqueue for a file system, and what the advice for QEMU names. */
    public static final int DEFAULT_QUEUE_SIZE = 1024;

    private static final String HARMLESS = "accepted for compatibility; no effect";

    @Spec
    @SuppressWarnings("NullAway.Init") // by picocli
    private CommandSpec spec;

    private final boolean asVirtiofsd;

    @Mixin
    private final ShareChoice shareChoice = new ShareChoice();

    @Option(
            names = {"--socket-path", "--socket"},
            paramLabel = "PATH",
            description = "Listen for virtual machines on a UNIX socket made here.")
    private @Nullable Path socketPath;

    @Option(
            names = "--vfio-user-path",
            paramLabel = "PATH",
            description = "Instead: be a whole PCI device, for QEMU's vfio-user-pci, on a UNIX socket made here. A DAX"
                    + " window is then staged, of any size. See docs/operating.md.")
    private @Nullable Path vfioUserPath;

    @Option(
            names = "--fd",
            paramLabel = "N",
            description = "Use descriptor N, a UNIX socket that listens already, instead of a path (libvirt, systemd).")
    private @Nullable Integer fd;

    @Option(
            names = "--socket-group",
            paramLabel = "GROUP",
            description = "Let this group connect too; by default only the user who serves may.")
    private @Nullable String socketGroup;

    @Option(
            names = "--tag",
            paramLabel = "TAG",
            description = "The name to mount by, 1 to " + ShareOptions.MOST_TAG_BYTES
                    + " bytes. Without it the virtual machine names the share, as QEMU "
                    + "does; user-mode Linux and other front-ends that ask the device need it.")
    private @Nullable String tag;

    @Option(
            names = "--cache",
            paramLabel = "POLICY",
            defaultValue = "auto",
            description = "What the guest may cache: auto, always, metadata or never (default: ${DEFAULT-VALUE}). auto:"
                    + " names and attributes for a second, contents while open; always: everything for a day;"
                    + " metadata: names and attributes for a day; never: nothing.")
    private CachePolicy cache = CachePolicy.AUTO;

    @Option(names = "--readonly", description = "The guest cannot change anything.")
    private boolean readonly;

    @Option(names = "--xattr", description = "Pass extended attributes through.")
    private boolean xattr;

    @Mixin
    private final DirectoryOptions directoryOptions = new DirectoryOptions();

    @Mixin
    private final LayerOptions layerOptions = new LayerOptions();

    @Option(
            names = "--allow-mmap",
            description = "With cache metadata or never: shared mappings work in the guest, cached all the same.")
    private boolean allowMmap;

    @Option(names = "--no-readdirplus", description = "Do not send attributes along with directory entries.")
    private boolean noReaddirplus;

    @Option(
            names = "--dax",
            paramLabel = "MODE",
            arity = "0..1",
            fallbackValue = "auto",
            description = "Offer a DAX window, in which the guest uses files as memory: direct, staged or auto (alone:"
                    + " auto). direct maps the files' own pages as far as possible; staged shows copies, which a"
                    + " host process that truncates a file cannot take away from the guest; auto is direct where"
                    + " the virtual machine can map files, and copies what is read in order where that is"
                    + " quicker. See docs/dax.md.")
    private @Nullable DaxMode dax;

    @Option(
            names = "--dax-window",
            paramLabel = "SIZE",
            defaultValue = "512M",
            converter = ByteSize.class,
            description = "Size of the DAX window, a power of two from 2M (default: ${DEFAULT-VALUE}).")
    private long daxWindow;

    @Option(
            names = "--request-queues",
            paramLabel = "N",
            defaultValue = "4",
            description = "Request queues that the device has, 1 to " + ShareOptions.MOST_REQUEST_QUEUES
                    + " (default: ${DEFAULT-VALUE}); QEMU's num-request-queues may be less.")
    private int requestQueues = 4;

    @Option(
            names = "--queue-size",
            paramLabel = "N",
            defaultValue = "" + DEFAULT_QUEUE_SIZE,
            description = "Most entries that a queue may have, a power of two up to 32768 (default: ${DEFAULT-VALUE}).")
    private int queueSize = DEFAULT_QUEUE_SIZE;

    @Option(
            names = "--poll",
            paramLabel = "TIME",
            defaultValue = "auto",
            converter = PollTime.class,
            description =
                    "How long a queue looks for another request before it sleeps: auto (up to 200 microseconds, while"
                            + " requests come that fast and a processor is to spare), off, or microseconds (default:"
                            + " ${DEFAULT-VALUE}).")
    private Polling polling = Polling.AUTO;

    @Option(
            names = "--thread-pool-size",
            paramLabel = "N",
            defaultValue = "4",
            description =
                    "Threads for requests that have to wait for a disk (default: ${DEFAULT-VALUE}); with 0 they hold"
                            + " up their queue.")
    private int threadPoolSize = 4;

    @Option(
            names = "--rlimit-nofile",
            paramLabel = "N",
            description =
                    "Most open files; 0 leaves the limit as it is (default: the hard limit, 1000000 at most; as virtiofsd"
                            + " 1000000, or the most that is allowed).")
    private @Nullable Long rlimitNofile;

    @Option(
            names = "--node-memory",
            paramLabel = "SIZE",
            converter = ByteSize.class,
            description =
                    "Memory for the files that guests know, some 100 bytes each, and without file handles their names"
                            + " (default: half of Java's heap). A guest that has spent it gets ENFILE until it forgets some.")
    private @Nullable Long nodeMemory;

    @Option(
            names = "--log-level",
            paramLabel = "LEVEL",
            defaultValue = "info",
            description = "off, error, warn, info, debug or trace (default: ${DEFAULT-VALUE}).")
    private LogLevel logLevel = LogLevel.INFO;

    @Option(names = "--syslog", description = "Log to syslog instead of standard error.")
    private boolean syslog;

    @Option(
            names = "--print-capabilities",
            description = "Print what libvirt asks of a vhost-user program, as JSON, and end.")
    private boolean printCapabilities;

    @Mixin
    private final ConfinementOptions confinementOptions = new ConfinementOptions();

    @Mixin
    private final StatisticsOptions statistics = new StatisticsOptions();

    @Option(names = "-d", hidden = true, description = "As --log-level debug.")
    private boolean debug;

    @Option(names = "-f", hidden = true, description = HARMLESS)
    @SuppressWarnings("unused") // there is nothing to do: it stays in the foreground anyway
    private boolean foreground;

    /** As a subcommand of {@code oriel}. */
    public ServeCommand() {
        this(false);
    }

    private ServeCommand(boolean asVirtiofsd) {
        this.asVirtiofsd = asVirtiofsd;
    }

    /** With virtiofsd's conventions: nothing on standard output but what its namesake prints. */
    public static ServeCommand asVirtiofsd() {
        return new ServeCommand(true);
    }

    @Override
    public Integer call() throws Exception {
        if (printCapabilities) {
            PrintWriter out = spec.commandLine().getOut();
            Map<String, Object> capabilities = new LinkedHashMap<>();
            capabilities.put("type", "fs");
            capabilities.put("features", List.of("separate-options"));
            out.println(Json.write(capabilities));
            out.flush();
            return 0;
        }
        ShareOptions options = options();
        Layers layers = layers();
        Confinement confinement = confinement();
        Path typed = directory();
        FileHandlePolicy handles =
                typed == null ? FileHandlePolicy.NEVER : directoryOptions.fileHandles(confinement.handlesByDefault());
        Privileges privileges = privileges(handles);
        Path directory = typed == null ? null : Host.sharedDirectory(typed);
        Host.requireSocketFolder(options, typed);
        statistics.requireFolders(typed);
        confinement.requireEntered();
        Log.configure(debug ? LogLevel.DEBUG : logLevel, syslog ? SyslogSink.open("oriel") : LogSink.standardError());
        long openFiles = Host.limitOpenFiles(rlimitNofile, asVirtiofsd);
        Source source = typed == null || directory == null
                ? uriSource(layers)
                : new LocalSource(typed, localOptions(directory, handles, layers, openFiles));
        confinement.requireNetwork(source);
        privileges.dropOthers();
        if (source instanceof LocalSource local) {
            Host.tellMissingPrivileges(local.options(), layers);
        }
        Host.tellLargeWindow(options);
        Host.tellDirectWindow(options);
        return Server.run(
                options,
                source,
                open(source, layers),
                privileges,
                confinement,
                statistics,
                Practice.prepare(folder -> source.elsewhere(folder).map(layers::before), Server.offer(options)),
                syslog,
                asVirtiofsd ? null : spec.commandLine().getOut());
    }

    private FileSystem open(Source source, Layers layers) throws CommandFailed {
        try {
            return layers.before(source.open());
        } catch (IllegalArgumentException invalid) {
            throw wrong(String.valueOf(invalid.getMessage()));
        }
    }

    /** The directory of this host that is shared; null if it is something else. */
    private @Nullable Path directory() {
        try {
            Path directory = shareChoice.directory();
            if (directory == null) {
                ShareChoice.refuse(
                        spec.commandLine().getParseResult(),
                        Objects.requireNonNull(spec.mixins().get("directoryOptions")));
                if (dax == DaxMode.DIRECT) {
                    throw new IllegalArgumentException(
                            "--dax=direct: only files of this host can be mapped; say --dax or --dax=staged");
                }
            }
            return directory;
        } catch (IllegalArgumentException invalid) {
            throw wrong(String.valueOf(invalid.getMessage()));
        }
    }

    private Source uriSource(Layers layers) throws CommandFailed {
        long memory = Host.nodeMemory(nodeMemory);
        try {
            return new UriSource(
                    shareChoice.uri(),
                    shareChoice.provider(),
                    shareChoice.settings(readonly, memory),
                    new CacheRules(
                            cache.validNanos(),
                            cache.fileOpenFlags(),
                            cache.directoryOpenFlags(),
                            allowMmap,
                            !noReaddirplus),
                    xattr || layers.needXattr(),
                    shareChoice.written(readonly));
        } catch (IllegalArgumentException invalid) {
            throw wrong(String.valueOf(invalid.getMessage()));
        }
    }

    private LocalOptions localOptions(Path directory, FileHandlePolicy handles, Layers layers, long openFiles)
            throws CommandFailed {
        LocalOptions.Builder local = LocalOptions.of(directory)
                .cache(cache)
                .readOnly(readonly)
                .xattr(xattr || layers.needXattr())
                .inodeFileHandles(handles)
                .allowMmap(allowMmap)
                .readdirplus(!noReaddirplus)
                .descriptors(Host.descriptorsForSessions(openFiles, requestQueues))
                .nodeMemory(Host.nodeMemory(nodeMemory))
                .sessions(Server.MOST_CONNECTIONS);
        directoryOptions.into(local);
        try {
            return local.build();
        } catch (IllegalArgumentException tooFew) {
            throw new CommandFailed(
                    "a limit of " + openFiles + " open files (--rlimit-nofile, ulimit -n): " + tooFew.getMessage(),
                    tooFew);
        }
    }

    /** What was typed, judged as far as the command line alone allows. */
    private ShareOptions options() {
        List<String> sockets = sockets();
        if (sockets.size() != 1) {
            throw wrong(
                    sockets.isEmpty()
                            ? "say where to listen: --socket-path PATH (or --fd N for a socket that listens already,"
                                    + " or --vfio-user-path PATH to be a PCI device)"
                            : String.join(" and ", sockets) + " exclude each other: there is one socket");
        }
        if (fd != null && fd < 0) {
            throw wrong("--fd " + fd + ": a descriptor is a number from 0");
        }
        if (fd != null && socketGroup != null) {
            throw wrong(
                    "--socket-group is for a socket made by --socket-path; who made that of --fd has set its group");
        }
        if (vfioUserPath != null && dax == DaxMode.DIRECT) {
            throw wrong(
                    "--dax=direct: over vfio-user files cannot be mapped into the window; say --dax or --dax=staged");
        }
        try {
            return new ShareOptions(
                    vfioUserPath == null ? DeviceProtocol.VHOST_USER : DeviceProtocol.VFIO_USER,
                    vfioUserPath == null ? socketPath : vfioUserPath,
                    fd,
                    socketGroup,
                    tag,
                    requestQueues,
                    queueSize,
                    polling,
                    threadPoolSize,
                    rlimitNofile,
                    daxOptions(),
                    dax == DaxMode.AUTO);
        } catch (IllegalArgumentException invalid) {
            throw wrong(String.valueOf(invalid.getMessage()));
        }
    }

    /** The options that were given of those of which one is needed. */
    private List<String> sockets() {
        List<String> given = new ArrayList<>();
        if (socketPath != null) {
            given.add("--socket-path");
        }
        if (fd != null) {
            given.add("--fd");
        }
        if (vfioUserPath != null) {
            given.add("--vfio-user-path");
        }
        return given;
    }

    private @Nullable DaxOptions daxOptions() {
        if (dax == null) {
            return null;
        }
        try {
            return new DaxOptions(daxWindow, dax != DaxMode.STAGED && directory() != null, dax == DaxMode.AUTO);
        } catch (IllegalArgumentException invalid) {
            throw new IllegalArgumentException("--dax-window: " + invalid.getMessage(), invalid);
        }
    }

    private Confinement confinement() {
        try {
            return confinementOptions.confinement();
        } catch (IllegalArgumentException invalid) {
            throw wrong(String.valueOf(invalid.getMessage()));
        }
    }

    private Layers layers() {
        try {
            return layerOptions.layers(directoryOptions.posixAcl(), directoryOptions.killprivV2());
        } catch (IllegalArgumentException invalid) {
            throw wrong(String.valueOf(invalid.getMessage()));
        }
    }

    private Privileges privileges(FileHandlePolicy handles) {
        try {
            return confinementOptions.privileges(handles);
        } catch (IllegalArgumentException invalid) {
            throw wrong(String.valueOf(invalid.getMessage()));
        }
    }

    private ParameterException wrong(String message) {
        return new ParameterException(spec.commandLine(), message);
    }
}
