package dev.oriel.guesttests;

import dev.oriel.guests.Attachment;
import dev.oriel.guests.Guest;
import dev.oriel.guests.GuestKind;
import dev.oriel.guests.GuestKit;
import dev.oriel.guests.GuestRun;
import dev.oriel.guests.KitPart;
import dev.oriel.guests.PeerDaemon;
import dev.oriel.guests.Share;
import dev.oriel.linux.credential.ThreadCredentials;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A folder of the host that Oriel shares, and guests that mount it at {@code /mnt}, with their tools at {@code /tools}.
 * The tools come from the Rust virtiofsd, so that a fault of Oriel shows in the cases and not in the programs that run
 * them; but for s390x, since it serves no big-endian guest, and for older kernels of user-mode Linux, which cannot
 * begin with it.
 */
final class SharedFolder implements AutoCloseable {
    static final GuestKit KIT = GuestKit.locate();

    /** Long enough for a machine that is emulated on a busy host. */
    private static final Duration LIMIT = Duration.ofMinutes(8);

    private static final String TAG = "share";

    private final Path state;
    private final Path folder;
    private final OrielServer server;
    private final Attachment attachment;
    private final Deque<Runnable> closers = new ArrayDeque<>();
    private @Nullable OrielServer ownTools;

    private SharedFolder(Path state, Path folder, OrielServer server, Attachment attachment) {
        this.state = state;
        this.folder = folder;
        this.server = server;
        this.attachment = attachment;
    }

    static SharedFolder serve(List<String> options) throws IOException, InterruptedException {
        return serve(folder -> List.of(), Attachment.VHOST_USER_FS, options);
    }

    /** Over vfio-user: the server is a whole PCI device. */
    static SharedFolder serveOverVfioUser(List<String> options) throws IOException, InterruptedException {
        return serve(folder -> List.of(), Attachment.VFIO_USER, options);
    }

    /** With a server behind a prefix, made for the folder: a program that becomes the command after it. */
    static SharedFolder serve(Function<Path, List<String>> prefix, List<String> options)
            throws IOException, InterruptedException {
        return serve(prefix, Attachment.VHOST_USER_FS, options);
    }

    static SharedFolder serve(Function<Path, List<String>> prefix, Attachment attachment, List<String> options)
            throws IOException, InterruptedException {
        Path state = Folders.create("test");
        try {
            Path folder = Files.createDirectory(state.resolve("folder"));
            Files.createDirectory(folder.resolve("work"));
            String socket = attachment == Attachment.VFIO_USER ? "--vfio-user-path" : "--socket-path";
            List<String> all = new ArrayList<>(options);
            all.addAll(idsOfAUser());
            OrielServer server = OrielServer.start(prefix.apply(folder), socket, folder, state, TAG, all);
            return new SharedFolder(state, folder, server, attachment);
        } catch (IOException | RuntimeException e) { // a test that is left out is one of these
            Folders.delete(state);
            throw e;
        }
    }

    /** Where a user runs the tests, he is the guest's root, and nobody else is there. */
    private static List<String> idsOfAUser() {
        return isServedByRoot()
                ? List.of()
                : List.of(
                        "--uid-map=:0:" + ThreadCredentials.geteuid() + ":1:",
                        "--gid-map=:0:" + ThreadCredentials.getegid() + ":1:");
    }

    /** Whether root runs the tests: then a server can give files to all users. */
    static boolean isServedByRoot() {
        return ThreadCredentials.geteuid() == 0;
    }

    /** These options, and guests have users even where a user serves them: owners are in extended attributes. */
    static List<String> withUsers(String... options) {
        return Stream.concat(Stream.of(options), isServedByRoot() ? Stream.empty() : Stream.of("--override-stat"))
                .toList();
    }

    /** What is shared, as the host sees it. */
    Path folder() {
        return folder;
    }

    /** The guest's {@code /mnt/work}, where its programs work. */
    Path work() {
        return folder.resolve("work");
    }

    OrielServer server() {
        return server;
    }

    /** Where a test can put what belongs to it. */
    Path state() {
        return state;
    }

    Share share() {
        return Share.of(server.socket(), TAG).attachedBy(attachment);
    }

    /** A guest with this share and the tools; its script begins with the programs' installation. */
    Guest guest(GuestKind kind, UnaryOperator<Share> change, String script) throws IOException, InterruptedException {
        return Guest.of(KIT, kind)
                .share(change.apply(share()))
                .share(Share.of(tools(kind), "tools").at("/tools"))
                .memory(768)
                .limit(LIMIT)
                .script(GuestProgram.install() + script);
    }

    /** The socket of a daemon of its own. */
    private Path tools() throws IOException, InterruptedException {
        Path socket = state.resolve("tools" + closers.size() + ".sock");
        PeerDaemon tools = PeerDaemon.start(KIT, KIT.tools(), socket, "tools", "--readonly", "--cache=always");
        closers.push(tools::close);
        return socket;
    }

    private Path tools(GuestKind kind) throws IOException, InterruptedException {
        return switch (kind) {
            case S390X -> {
                KIT.require(List.of(KitPart.TOOLS_S390X));
                yield ownTools(KIT.toolsS390x());
            }
            case AARCH64, AARCH64_16K -> {
                KIT.require(List.of(KitPart.TOOLS_AARCH64));
                yield ownTools(KIT.toolsAarch64());
            }
            case UML_6_1, UML_6_12 -> ownTools(KIT.tools());
            default -> tools();
        };
    }

    /** The socket of a server for all guests, which are of one kind. */
    private Path ownTools(Path folder) throws IOException {
        if (ownTools == null) {
            ownTools = OrielServer.start(folder, state, "tools", List.of("--readonly", "--cache=always"));
            closers.push(ownTools::close);
        }
        return ownTools.socket();
    }

    /** A guest with this share alone. */
    Guest bareGuest(GuestKind kind, String script) {
        return bareGuest(kind, share -> share, script);
    }

    /** The same, with the share attached or mounted in another way. */
    Guest bareGuest(GuestKind kind, UnaryOperator<Share> change, String script) {
        return Guest.of(KIT, kind).share(change.apply(share())).limit(LIMIT).script(script);
    }

    /** Starts a guest that ends with this share at the latest. */
    GuestRun start(Guest guest) throws IOException, InterruptedException {
        GuestRun run = guest.start();
        closers.push(run::close);
        return run;
    }

    /** Boots a guest, lets the script run to its end, and gives the console. */
    List<String> run(GuestKind kind, String script) throws IOException, InterruptedException {
        return run(guest(kind, share -> share, script));
    }

    /** Lets a guest run to its end, and gives its console; the guest must do well. */
    List<String> run(Guest guest) throws IOException, InterruptedException {
        GuestRun run = start(guest);
        try {
            run.await().orThrow();
        } catch (IOException e) {
            String said = server.log().strip();
            throw new IOException(e.getMessage() + (said.isEmpty() ? "" : "\nthe server says:\n" + said), e);
        }
        return run.lines();
    }

    @Override
    public void close() throws IOException {
        closers.forEach(Runnable::run);
        server.close();
        Folders.delete(state);
    }
}
