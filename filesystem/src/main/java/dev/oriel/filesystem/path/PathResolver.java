package dev.oriel.filesystem.path;

import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.filesystem.Name;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * From nodes to paths. A path is only given if what lies between the root and its last name are directories: a provider
 * would follow a link there, and out of what is shared. A directory is looked at again after a second, and at once if a
 * client of this server has made or moved a link meanwhile.
 *
 * <p>For all threads.
 */
final class PathResolver {
    private static final long GOOD_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final PathShare share;
    private final PathNode root;

    PathResolver(PathShare share, PathNode root) {
        this.share = share;
        this.root = root;
    }

    /** The name as the provider takes it. */
    static String text(Name name) throws CharacterCodingException {
        return StandardCharsets.UTF_8
                .newDecoder()
                .decode(name.segment().asSlice(0, name.length()).asByteBuffer())
                .toString();
    }

    /** The bytes of a name that a provider told; null if a client cannot have it. */
    static byte @Nullable [] bytes(String told) {
        // A folder in an archive has its separator with it.
        String name = told.endsWith("/") ? told.substring(0, told.length() - 1) : told;
        try {
            ByteBuffer encoded = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(name));
            boolean isName = encoded.hasRemaining()
                    && encoded.remaining() <= FileSystemSession.NAME_MAX
                    && name.indexOf('/') < 0
                    && name.indexOf(0) < 0
                    && !name.equals(".")
                    && !name.equals("..");
            if (!isName) {
                return null;
            }
            byte[] bytes = new byte[encoded.remaining()];
            encoded.get(bytes);
            return bytes;
        } catch (CharacterCodingException noUnicode) {
            return null;
        }
    }

    /**
     * The path of a node.
     *
     * @throws NoSuchFileException if it is removed
     * @throws NotDirectoryException if a directory above it is none any more
     */
    Path of(PathNode node) throws IOException {
        return path(node, false);
    }

    /** The path of a directory, which it still is; as {@link #of}. */
    Path ofDirectory(PathNode directory) throws IOException {
        return path(directory, true);
    }

    /** The path of a name in a directory, whether there is one or not; as {@link #of}. */
    Path of(PathNode directory, String name) throws IOException {
        return child(path(directory, true), name);
    }

    private Path path(PathNode node, boolean isAbove) throws IOException {
        Deque<PathNode> way = node.way(root);
        if (way == null) {
            throw new NoSuchFileException("a file that is removed");
        }
        Path path = share.root;
        int left = way.size();
        for (PathNode next : way) {
            List<PathLink> links = next.links;
            if (links.isEmpty()) {
                throw new NoSuchFileException("a file that is removed");
            }
            path = child(path, links.getFirst().name());
            left--;
            if (left > 0 || isAbove) {
                requireDirectory(next, path);
            }
        }
        return path;
    }

    private void requireDirectory(PathNode node, Path path) throws IOException {
        long links = share.links.get();
        long now = System.nanoTime();
        if (node.checkedLinks == links && now - node.checkedAt < GOOD_NANOS) {
            return;
        }
        if (!Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                .isDirectory()) {
            throw new NotDirectoryException(path.toString());
        }
        node.checkedAt = now;
        node.checkedLinks = links;
    }

    private static Path child(Path parent, String name) {
        Path child = parent.resolve(name);
        Path last = child.getFileName();
        boolean isChild = last != null
                && !name.equals(".")
                && !name.equals("..")
                && (last.toString().equals(name) || last.toString().equals(name + "/"))
                && parent.equals(child.getParent());
        if (!isChild) {
            throw new InvalidPathException(name, "more or less than one name to this provider");
        }
        return child;
    }
}
