package dev.oriel.guesttests;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/** Temporary folders that other users can enter, and their removal. */
final class Folders {
    private Folders() {}

    static Path create(String name) throws IOException {
        Path folder = Files.createTempDirectory("oriel-" + name + "-");
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        return folder;
    }

    /** Removes it with all that guests made in it: names that are not text and modes that keep their owner out. */
    static void delete(Path folder) throws IOException {
        Process process = new ProcessBuilder("rm", "-rf", "--", folder.toString())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        if (process.onExit().join().exitValue() != 0) {
            throw new IOException("cannot remove " + folder);
        }
    }
}
