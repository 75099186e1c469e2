package dev.oriel.filesystem.path;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What is served, as somebody else than the client sees it. */
public interface Stored {
    /** What a file holds. */
    String read(String name) throws IOException;

    /** Whether there is something by this name. */
    boolean exists(String name) throws IOException;

    /** Whether it is known how many names a file has. */
    boolean tellsLinks();

    /** In a file system of java.nio. */
    static Stored at(Path root) {
        return new Stored() {
            @Override
            public String read(String name) throws IOException {
                return Files.readString(root.resolve(name));
            }

            @Override
            public boolean exists(String name) {
                return Files.exists(root.resolve(name));
            }

            @Override
            public boolean tellsLinks() {
                return root.getFileSystem().supportedFileAttributeViews().contains("unix");
            }
        };
    }
}
