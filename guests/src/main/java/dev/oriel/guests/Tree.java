package dev.oriel.guests;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A folder of unpacked amd64 Debian packages, whose programs run with its own loader and libraries on any host. */
record Tree(Path root) {
    private Path libraries() {
        return root.resolve("usr/lib/x86_64-linux-gnu");
    }

    /** Where QEMU of this tree finds its modules; the environment variable QEMU_MODULE_DIR. */
    Path qemuModules() {
        return libraries().resolve("qemu");
    }

    /**
     * The start of a command line that runs {@code program}.
     *
     * @throws GuestException if the tree has no such program
     */
    List<String> command(String program) throws GuestException {
        Path file = null;
        for (String folder : new String[] {"usr/bin", "usr/sbin", "usr/libexec"}) {
            Path candidate = root.resolve(folder).resolve(program);
            if (Files.isExecutable(candidate)) {
                file = candidate;
                break;
            }
        }
        if (file == null) {
            throw new GuestException("no program " + program + " in " + root + ": remove that folder's parent and run"
                    + " guests/fetch again");
        }
        Path libraries = libraries();
        String search = libraries + ":" + libraries.resolve("ceph") + ":" + libraries.resolve("pulseaudio") + ":"
                + libraries.resolve("systemd");
        return new ArrayList<>(List.of(
                libraries.resolve("ld-linux-x86-64.so.2").toString(),
                "--library-path",
                search,
                "--argv0",
                program,
                file.toString()));
    }
}
