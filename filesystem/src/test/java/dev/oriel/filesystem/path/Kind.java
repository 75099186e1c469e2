package dev.oriel.filesystem.path;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import java.io.IOException;
import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A kind of file system, with a new one of it for each test. */
enum Kind {
    FILE("file:") {
        @Override
        Provided open(Path folder) throws IOException {
            return new Provided(Files.createDirectory(folder.resolve("shared")), null, true);
        }
    },
    JIMFS("jimfs:") {
        @Override
        Provided open(Path folder) {
            FileSystem files = Jimfs.newFileSystem(Configuration.unix().toBuilder()
                    .setAttributeViews("basic", "owner", "posix", "unix", "user")
                    .build());
            return new Provided(files.getPath("/work"), files, true);
        }
    },
    BASIC("jimfs: without modes") {
        @Override
        Provided open(Path folder) {
            FileSystem files = Jimfs.newFileSystem(Configuration.unix());
            return new Provided(files.getPath("/work"), files, true);
        }
    },
    STREAMS("streams only") {
        @Override
        Provided open(Path folder) {
            FileSystem files = Jimfs.newFileSystem(Configuration.unix().toBuilder()
                    .setAttributeViews("basic", "owner", "posix", "unix", "user")
                    .build());
            return new Provided(files.getPath("/work"), files, false);
        }
    },
    JAR("jar:") {
        @Override
        Provided open(Path folder) throws IOException {
            URI archive = URI.create("jar:" + folder.resolve("archive.zip").toUri());
            FileSystem files = FileSystems.newFileSystem(archive, Map.of("create", "true"));
            return new Provided(files.getPath("/"), files, false);
        }
    };

    private final String label;

    Kind(String label) {
        this.label = label;
    }

    /**
     * Makes one.
     *
     * @param folder where it may put files
     */
    abstract Provided open(Path folder) throws IOException;

    @Override
    public String toString() {
        return label;
    }

    /**
     * What is served.
     *
     * @param owner what is closed after it, null for nothing
     * @param hasChannels whether files are read and written at random
     */
    record Provided(Path root, @Nullable FileSystem owner, boolean hasChannels) implements AutoCloseable {
        PathFileSystem serve() throws IOException {
            return PathFileSystem.of(root, PathOptions.of(root).withWholeFiles(!hasChannels));
        }

        @Override
        public void close() throws IOException {
            if (owner != null) {
                owner.close();
            }
        }
    }
}
