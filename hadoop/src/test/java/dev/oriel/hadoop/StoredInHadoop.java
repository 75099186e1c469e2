package dev.oriel.hadoop;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.oriel.filesystem.path.Stored;
import java.io.IOException;
import java.io.InputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** What is served, as Hadoop's own client sees it. */
record StoredInHadoop(FileSystem hadoop, Path root) implements Stored {
    private Path there(String name) {
        return new Path(root, name);
    }

    @Override
    public String read(String name) throws IOException {
        try (InputStream in = hadoop.open(there(name))) {
            return new String(in.readAllBytes(), UTF_8);
        }
    }

    @Override
    public boolean exists(String name) throws IOException {
        return hadoop.exists(there(name));
    }

    @Override
    public boolean tellsLinks() {
        return false;
    }
}
