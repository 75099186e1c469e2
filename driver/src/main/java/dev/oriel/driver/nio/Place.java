package dev.oriel.driver.nio;

import dev.oriel.driver.FuseException;
import dev.oriel.driver.Stat;
import dev.oriel.linux.Errno;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where something is: at a path from the root of a share, or from a directory that a stream has open. The second kind
 * goes on to lead there when the directory is moved, or something else takes its name.
 */
final class Place {
    private final VirtioPath path;
    private final VirtioPath shown;
    private final @Nullable VirtioDirectoryStream from;

    private Place(VirtioPath path, VirtioPath shown, @Nullable VirtioDirectoryStream from) {
        this.path = path;
        this.shown = shown;
        this.from = from;
    }

    /** A path from the root on. */
    static Place of(VirtioPath path) {
        return new Place(path, path, null);
    }

    /** A path from an open directory on; an absolute one begins at the root as any. */
    static Place in(VirtioDirectoryStream directory, VirtioPath path) {
        return path.isAbsolute() ? of(path) : new Place(path, directory.path().resolve(path), directory);
    }

    VirtioFileSystem fileSystem() {
        return shown.getFileSystem();
    }

    /** The path for messages, and what is found there is named by. */
    VirtioPath shown() {
        return shown;
    }

    @Override
    public String toString() {
        return shown.toString();
    }

    /**
     * Follows the path.
     *
     * @param follow whether a symbolic link at its end is followed too
     * @return the node at its end; to be closed
     */
    Node find(boolean follow) throws IOException {
        List<Node> way = way(follow);
        Node found = way.removeLast();
        way.forEach(Node::close);
        return found;
    }

    /** As {@link #find}, with all the directories above it, from the root on; all to be closed. */
    List<Node> way(boolean follow) throws IOException {
        return follow(path, follow);
    }

    /** The directory that the last name is in; to be closed. */
    Node findParent() throws IOException {
        VirtioPath whole = from == null ? path.toAbsolutePath() : path;
        List<byte[]> names = whole.components();
        if (names.isEmpty()) {
            throw Failures.of(new FuseException("change the root of a share", Errno.EBUSY), shown);
        }
        VirtioPath parent = whole.getParent();
        try {
            VirtioFileSystem.checkLength(path);
        } catch (FuseException tooLong) {
            throw Failures.of(tooLong, shown);
        }
        List<Node> way =
                follow(parent == null ? new VirtioPath(fileSystem(), false, List.of(new byte[0])) : parent, true);
        Node found = way.removeLast();
        way.forEach(Node::close);
        return found;
    }

    private List<Node> follow(VirtioPath what, boolean follow) throws IOException {
        VirtioFileSystem fileSystem = fileSystem();
        try {
            List<Node> start = from == null ? List.of(fileSystem.nodes().root()) : from.shareWay();
            return fileSystem.walk(start, what, follow, null);
        } catch (FuseException failed) {
            throw Failures.of(failed, shown);
        }
    }

    /**
     * The last name, of something that is there.
     *
     * @throws FuseException EINVAL if it is "." or ".."
     */
    byte[] lastName() throws FuseException {
        return lastName(Errno.EINVAL);
    }

    /**
     * The last name, of something that is being made.
     *
     * @throws FuseException EEXIST if it is "." or "..", which are always there
     */
    byte[] newName() throws FuseException {
        return lastName(Errno.EEXIST);
    }

    private byte[] lastName(int errno) throws FuseException {
        byte[] name = path.toAbsolutePath().components().getLast();
        if (VirtioPath.isDots(name)) {
            throw new FuseException("change " + shown, errno);
        }
        return name;
    }

    Stat attributes(boolean follow) throws IOException {
        try (Node node = find(follow)) {
            return path.components().isEmpty()
                            || VirtioPath.isDots(path.components().getLast())
                    ? fileSystem().nodes().refresh(node)
                    : node.attributes();
        } catch (FuseException failed) {
            throw Failures.of(failed, shown);
        }
    }
}
