package dev.oriel.guesttests;

import dev.oriel.guests.Attachment;
import dev.oriel.guests.Guest;
import dev.oriel.guests.GuestKind;
import dev.oriel.guests.GuestRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One share, two guests and a process of the host that do in its folder what they are told. */
final class TwoGuests implements AutoCloseable {
    private static final Duration LIMIT = Duration.ofHours(2);

    private static final String SMALL_DISK = """
            mkdir "$0/small"
            mount -t tmpfs -o size=4m,mode=755 small "$0/small"
            """;

    private final SharedFolder shared;
    private final NativeProgram program;
    private final List<GuestRun> runs = new ArrayList<>();
    private final List<Party> parties = new ArrayList<>();

    private TwoGuests(SharedFolder shared, NativeProgram program) {
        this.shared = shared;
        this.program = program;
    }

    /**
     * Starts them.
     *
     * @param window what the guests have; null: nothing, in user-mode Linux
     */
    static TwoGuests start(@Nullable Window window, List<String> options) throws IOException, InterruptedException {
        Attachment attachment = window == null ? Attachment.VHOST_USER_FS : window.attachment();
        SharedFolder shared = SharedFolder.serve(
                folder -> hasSmallDisk() ? LimitsTest.withMounts(SMALL_DISK, folder) : List.of(),
                attachment,
                window == null ? options : window.options(options.toArray(String[]::new)));
        try {
            NativeProgram program = NativeProgram.converse(
                    SharedFolder.KIT, "performer", shared.work().toString());
            TwoGuests all = new TwoGuests(shared, program);
            for (int i = 1; i <= 2; i++) {
                String script = Party.script("/mnt/work");
                Guest guest = window == null
                        ? shared.guest(GuestKind.UML, share -> share, script)
                        : Window.guest(shared, script);
                GuestRun run = shared.start(guest.limit(LIMIT));
                all.runs.add(run);
                all.parties.add(Party.inGuest("guest " + i, run));
            }
            all.parties.add(Party.onHost(program));
            for (Party party : all.parties) {
                party.awaitReady();
            }
            return all;
        } catch (IOException | InterruptedException e) {
            shared.close();
            throw e;
        }
    }

    /** Whether the share has a file system of 4 MiB in it, {@code ../small} to those who work. */
    static boolean hasSmallDisk() {
        return "root".equals(System.getProperty("user.name"));
    }

    /** The guests, and then the host. */
    List<Party> parties() {
        return parties;
    }

    /** A guest, 0 or 1. */
    Party guest(int number) {
        return parties.get(number);
    }

    GuestRun run(int number) {
        return runs.get(number);
    }

    /** The folder in which they work, on the host. */
    Path work() {
        return shared.work();
    }

    OrielServer server() {
        return shared.server();
    }

    /** Lets all who still live come to their ends. */
    void end() throws IOException, InterruptedException {
        for (int i = 0; i < runs.size(); i++) {
            if (runs.get(i).isAlive()) {
                parties.get(i).leave();
                runs.get(i).await().orThrow();
            }
        }
        shared.server().stop();
    }

    /** What files of the share hold, whatever is mounted there for the server. */
    String onSmallDisk(String name) throws IOException {
        return Files.readString(
                Path.of("/proc/" + server().pid() + "/root/share/small").resolve(name),
                java.nio.charset.StandardCharsets.ISO_8859_1);
    }

    @Override
    public void close() throws IOException {
        program.close();
        shared.close();
    }
}
