package dev.oriel.app.share;

import dev.oriel.app.command.CommandFailed;
import dev.oriel.app.command.Printable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A copy of a file or a tree, of which either end is trusted with no more than its content. Below the target that the
 * user named nothing is followed: what is new is created exclusively, and a symbolic link that is there is left alone.
 */
final class TreeCopy {
    private static final int BUFFER_SIZE = 1 << 20;

    /** Told of each file now and then: bytes copied so far, and which file it is. */
    interface Progress {
        void copied(long bytes, Path file);
    }

    private final boolean recursive;
    private final Progress progress;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_SIZE);
    private long copied;

    /** @param recursive whether directories are copied, too */
    TreeCopy(boolean recursive, Progress progress) {
        this.recursive = recursive;
        this.progress = progress;
    }

    /**
     * Copies.
     *
     * @param to where to; this very path may lead through symbolic links, as the user named it
     * @throws CommandFailed if it cannot be done, with the reason
     */
    void copy(Path from, Path to) throws IOException, CommandFailed {
        copy(from, to, true);
    }

    private void copy(Path from, Path to, boolean named) throws IOException, CommandFailed {
        PosixFileAttributes source = Files.readAttributes(from, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        if (source.isSymbolicLink()) {
            copyLink(from, to);
        } else if (source.isDirectory()) {
            copyDirectory(from, to, named);
        } else if (source.isRegularFile() || named) {
            copyFile(from, source, to, named);
        } else {
            throw new CommandFailed(
                    shown(from) + " is neither a file, a directory nor a symbolic link; nothing else is copied");
        }
    }

    private static String shown(Path path) {
        return Printable.of(path.toString());
    }

    /** What is at a path; null if nothing is. */
    private static @Nullable BasicFileAttributes look(Path path, boolean follow) throws IOException {
        LinkOption[] options = follow ? new LinkOption[0] : new LinkOption[] {LinkOption.NOFOLLOW_LINKS};
        try {
            return Files.readAttributes(path, BasicFileAttributes.class, options);
        } catch (NoSuchFileException nothing) {
            return null;
        }
    }

    private static void copyLink(Path from, Path to) throws IOException, CommandFailed {
        BasicFileAttributes there = look(to, false);
        if (there != null && there.isDirectory()) {
            throw new CommandFailed(shown(to) + " is a directory, and " + shown(from) + " a symbolic link");
        }
        Path target = path(to, Files.readSymbolicLink(from).toString());
        if (there != null) {
            Files.delete(to);
        }
        Files.createSymbolicLink(to, target);
    }

    private void copyDirectory(Path from, Path to, boolean named) throws IOException, CommandFailed {
        if (!recursive) {
            throw new CommandFailed(shown(from) + " is a directory; oriel cp -r copies it with all in it");
        }
        if (named) {
            checkApart(from, to);
        }
        // before the target is made, which may be in it
        Map<String, Path> entries = entries(from);
        BasicFileAttributes there = look(to, named);
        if (there == null) {
            Files.createDirectory(to);
        } else if (!there.isDirectory()) {
            throw new CommandFailed(shown(to) + " is there already and no directory; move it away first");
        }
        for (Map.Entry<String, Path> entry : entries.entrySet()) {
            Path name = path(to, entry.getKey());
            if (name.isAbsolute() || name.getNameCount() != 1 || CpCommand.DOTS.contains(name.toString())) {
                throw new CommandFailed(
                        shown(from) + " has an entry that is no name in a directory: " + Printable.of(entry.getKey()));
            }
            copy(entry.getValue(), to.resolve(name), false);
        }
    }

    /** A directory that is copied into itself never ends. */
    private static void checkApart(Path from, Path to) throws IOException, CommandFailed {
        if (!from.getFileSystem().equals(to.getFileSystem())) {
            return;
        }
        for (Path above = to.toAbsolutePath(); above != null; above = above.getParent()) {
            if (Files.exists(above) && Files.isSameFile(above, from)) {
                throw new CommandFailed(shown(from) + " cannot be copied into itself, to " + shown(to));
            }
        }
    }

    /** The entries of a directory by the names that they get. */
    private static Map<String, Path> entries(Path directory) throws IOException, CommandFailed {
        Map<String, Path> byName = new LinkedHashMap<>();
        for (Path entry : LsCommand.entries(directory)) {
            String name = String.valueOf(entry.getFileName());
            if (byName.put(name, entry) != null) {
                throw new CommandFailed(shown(directory) + " lists the name " + Printable.of(name)
                        + " twice, or another that looks the same; nothing of it is copied");
            }
        }
        return byName;
    }

    /** Text as a path of the target's file system. */
    private static Path path(Path to, String text) throws CommandFailed {
        try {
            return to.getFileSystem().getPath(text);
        } catch (InvalidPathException impossible) {
            throw new CommandFailed(
                    Printable.of(text) + " cannot be a name here: " + impossible.getReason(), impossible);
        }
    }

    private void copyFile(Path from, PosixFileAttributes source, Path to, boolean named)
            throws IOException, CommandFailed {
        BasicFileAttributes there = look(to, named);
        if (there != null && (there.isDirectory() || (!there.isRegularFile() && !named))) {
            throw new CommandFailed(shown(to) + " is there already and no file"
                    + (there.isSymbolicLink() ? " but a symbolic link, which is not followed" : "")
                    + "; move it away first");
        }
        if (there != null && Files.isSameFile(from, to)) {
            throw new CommandFailed(shown(from) + " and " + shown(to) + " are the same file");
        }
        try (FileChannel input = FileChannel.open(from, StandardOpenOption.READ);
                FileChannel output = FileChannel.open(to, options(there, named))) {
            while (input.read(buffer.clear()) > 0) {
                buffer.flip();
                while (buffer.hasRemaining()) {
                    copied += output.write(buffer);
                }
                progress.copied(copied, from);
            }
        }
        if (there == null) {
            keepPermissions(source, to);
        }
    }

    /** Of a new file. Who made it may set them, but where none are kept: then it is as such files are there. */
    private static void keepPermissions(PosixFileAttributes source, Path to) throws IOException {
        PosixFileAttributeView view =
                Files.getFileAttributeView(to, PosixFileAttributeView.class, LinkOption.NOFOLLOW_LINKS);
        if (!view.readAttributes().permissions().equals(source.permissions())) {
            try {
                view.setPermissions(source.permissions());
            } catch (AccessDeniedException notKept) {
                return;
            }
        }
    }

    private static OpenOption[] options(@Nullable BasicFileAttributes there, boolean named) {
        if (there == null) {
            return new OpenOption[] {StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW};
        }
        if (!named) {
            return new OpenOption[] {
                StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING, LinkOption.NOFOLLOW_LINKS
            };
        }
        return new OpenOption[] {StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING};
    }
}
