package dev.oriel.packagetests;

import dev.oriel.guests.GuestException;
import dev.oriel.guests.GuestKit;
import dev.oriel.guests.KitPart;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** A root folder with Debian in it, and commands that run there, in namespaces of their own. */
final class DebianRoot implements AutoCloseable {
    static final GuestKit KIT = GuestKit.locate();

    private final Path folder;
    private final Path enter;
    private final List<ListeningServer> servers = new ArrayList<>();

    private DebianRoot(Path folder) throws IOException {
        this.folder = folder;
        enter = folder.resolveSibling("enter");
        try (InputStream script = Objects.requireNonNull(DebianRoot.class.getResourceAsStream("/root/enter"))) {
            Files.copy(script, enter);
        }
        Files.setPosixFilePermissions(enter, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    /** One that is laid already. */
    static DebianRoot of(Path folder) throws IOException {
        return new DebianRoot(folder);
    }

    /**
     * Makes one in a folder, which its owner removes.
     *
     * @throws dev.oriel.guests.MissingPartException if Debian's archive does not have it
     */
    static DebianRoot in(Path parent) throws IOException, InterruptedException {
        List<KitPart> parts = List.of(KitPart.DEBIAN);
        try {
            KIT.fetch(parts, _ -> {});
        } catch (GuestException failed) {
            KIT.require(parts);
            throw failed;
        }
        Path folder = parent.resolve("root");
        Run.of(List.of("cp", "-a", KIT.debian().toString(), folder.toString())).orThrow();
        return new DebianRoot(folder);
    }

    /** A path of the root as the host sees it. */
    Path path(String absolute) {
        return folder.resolve(absolute.substring(1));
    }

    /** Runs a script of bash in it. */
    Run run(String script) throws IOException, InterruptedException {
        return Run.of(command("set -e; " + script));
    }

    private List<String> command(String script) {
        return List.of(enter.toString(), folder.toString(), "bash", "-c", script);
    }

    /** Starts a server in it, and waits until it listens; it ends with this root. */
    Process serve(String command) throws IOException {
        ListeningServer server = ListeningServer.start(command("exec " + command));
        servers.add(server);
        return server.process();
    }

    @Override
    public void close() {
        servers.forEach(ListeningServer::close);
    }
}
