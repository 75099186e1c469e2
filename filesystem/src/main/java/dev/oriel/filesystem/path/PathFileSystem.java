package dev.oriel.filesystem.path;

import dev.oriel.filesystem.FileSystem;
import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.linux.LinuxException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;

/**
 * A directory of any {@link java.nio.file.FileSystem}, with all beneath it. What the provider has not got has a
 * stand-in, which docs/serving.md lists.
 *
 * <p>The owner of the path's file system closes it, after this one. Links are told to the client and never followed
 * here. Names are UTF-8.
 */
public final class PathFileSystem implements FileSystem {
    private final PathShare share;

    private PathFileSystem(PathShare share) {
        this.share = share;
    }

    /**
     * Serves a directory, with the options that are good for its file system.
     *
     * @throws IOException if it is no directory that can be read
     */
    public static PathFileSystem of(Path root) throws IOException {
        return of(root, PathOptions.of(root));
    }

    /**
     * Serves a directory.
     *
     * @throws IOException if it is no directory that can be read, or there can be no staging as the options want it
     */
    public static PathFileSystem of(Path root, PathOptions options) throws IOException {
        Path real = real(root);
        if (!Files.isDirectory(real, LinkOption.NOFOLLOW_LINKS)) {
            throw new NotDirectoryException("cannot share " + root + ": it is no directory");
        }
        try {
            return new PathFileSystem(new PathShare(real, options));
        } catch (LinuxException e) {
            throw new IOException("cannot share " + root + ": " + e.getMessage(), e);
        }
    }

    private static Path real(Path root) throws IOException {
        try {
            return root.toRealPath();
        } catch (UnsupportedOperationException noLinks) {
            return root.toAbsolutePath().normalize();
        }
    }

    @Override
    public FileSystemSession begin(long offered) {
        return new PathSession(share, offered);
    }

    /** Writes back what could not be written before, and gives up what cannot be written even now: the log tells. */
    @Override
    public void close() {
        share.close();
    }
}
