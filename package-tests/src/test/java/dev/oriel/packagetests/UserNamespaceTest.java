package dev.oriel.packagetests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.oriel.guests.Guest;
import dev.oriel.guests.GuestKind;
import dev.oriel.guests.GuestRun;
import dev.oriel.guests.Share;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A user of a Debian whose /etc/subuid gives him ids serves a guest that has users of its own. */
@Tag("guest")
class UserNamespaceTest {
    private static final int USER = 1000;
    private static final int FIRST = 100_000;

    private static final String AS_USER = "setpriv --reuid=1000 --regid=1000 --clear-groups -- ";

    private static final String IN_GUEST = """
            touch of-root of-another
            chown 5:6 of-another
            echo "OWNERS $(stat -c %u:%g of-root) $(stat -c %u:%g of-another)"
            """;

    @TempDir
    private Path folder = Path.of("");

    private static String owner(Path file) throws Exception {
        return Files.getAttribute(file, "unix:uid") + ":" + Files.getAttribute(file, "unix:gid");
    }

    private void assertOwners(DebianRoot root, String options, int another) throws Exception {
        Path share = root.path("/home/guest/share");
        root.run("rm -rf /home/guest; mkdir -p /home/guest/share /home/guest/run; chown -R 1000:1000 /home/guest")
                .orThrow();
        Process server = root.serve(AS_USER + "oriel serve --shared-dir /home/guest/share"
                + " --socket-path /home/guest/run/socket --tag home " + options);
        try (GuestRun guest = Guest.of(DebianRoot.KIT, GuestKind.UML)
                .share(Share.of(root.path("/home/guest/run/socket"), "home"))
                .script(IN_GUEST)
                .start()) {
            guest.await().orThrow();
            assertThat(guest.lines()).contains("OWNERS 0:0 5:6");
        }
        assertThat(owner(share.resolve("of-root"))).isEqualTo(USER + ":" + USER);
        assertThat(owner(share.resolve("of-another"))).isEqualTo(another + 5 + ":" + (another + 6));
        server.descendants().forEach(ProcessHandle::destroy);
        server.waitFor();
    }

    @Test
    void theUsersOfAGuestAreIdsOfHisRange() throws Exception {
        assumeThat(System.getProperty("user.name"))
                .as("root, who can make a Debian with users")
                .isEqualTo("root");
        Path built = Run.packageOf("deb");
        try (DebianRoot root = DebianRoot.in(folder)) {
            assumeThat(root.path("/usr/bin/newuidmap"))
                    .as("newuidmap, which an older guests/fetch left out: remove the part debian")
                    .exists();
            Files.copy(built, root.path("/tmp/oriel.deb"));
            root.run("apt-get -q -o APT::Sandbox::User=root install -y /tmp/oriel.deb")
                    .orThrow();
            for (String table : new String[] {"/etc/subuid", "/etc/subgid"}) {
                Files.writeString(root.path(table), "guest:" + FIRST + ":65536\n");
            }
            assertOwners(root, "", FIRST - 1); // 0 is himself
            assertOwners(
                    root,
                    "--uid-map=:0:1000:1: --uid-map=:1:110001:1000: --gid-map=:0:1000:1: --gid-map=:1:110001:1000:",
                    FIRST + 10_000);
        }
    }
}
