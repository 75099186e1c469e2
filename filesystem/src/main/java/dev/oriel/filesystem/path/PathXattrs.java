package dev.oriel.filesystem.path;

import dev.oriel.filesystem.Name;
import dev.oriel.linux.Errno;
import dev.oriel.linux.FileMode;
import dev.oriel.linux.XattrFlags;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import org.jspecify.annotations.Nullable;

/** Extended attributes of users, by the view "user" of the provider. There are no others. */
final class PathXattrs {
    private static final String USER = "user.";

    private PathXattrs() {}

    /** The path of what can have them: a provider may open it, and that may wait for ever; null for anything else. */
    private static @Nullable Path path(PathClient client, long nodeid) throws IOException {
        PathNode node = client.node(nodeid);
        boolean may = node.type == FileMode.S_IFREG || node.type == FileMode.S_IFDIR;
        return may ? client.resolver.of(node) : null;
    }

    private static @Nullable UserDefinedFileAttributeView view(Path path) {
        return Files.getFileAttributeView(path, UserDefinedFileAttributeView.class, LinkOption.NOFOLLOW_LINKS);
    }

    /** The name without its namespace; null if that is another one. */
    private static @Nullable String user(Name name) throws CharacterCodingException {
        String text = PathResolver.text(name);
        return text.startsWith(USER) && text.length() > USER.length() ? text.substring(USER.length()) : null;
    }

    static int set(PathClient client, long nodeid, Name name, MemorySegment value, int flags) throws IOException {
        Path path = path(client, nodeid);
        if (path == null) {
            return -Errno.EPERM;
        }
        UserDefinedFileAttributeView view = view(path);
        if (view == null) {
            return -Errno.ENOSYS;
        }
        String user = user(name);
        if (user == null) {
            return -Errno.EOPNOTSUPP;
        }
        boolean has = view.list().contains(user);
        if (has && (flags & XattrFlags.XATTR_CREATE) != 0) {
            return -Errno.EEXIST;
        }
        if (!has && (flags & XattrFlags.XATTR_REPLACE) != 0) {
            return -Errno.ENODATA;
        }
        int _ = view.write(user, ByteBuffer.wrap(value.toArray(ValueLayout.JAVA_BYTE)));
        return 0;
    }

    static int get(PathClient client, long nodeid, Name name, MemorySegment out) throws IOException {
        Path path = path(client, nodeid);
        if (path == null) {
            return -Errno.ENODATA;
        }
        UserDefinedFileAttributeView view = view(path);
        if (view == null) {
            return -Errno.ENOSYS;
        }
        String user = user(name);
        if (user == null) {
            return -Errno.EOPNOTSUPP;
        }
        if (!view.list().contains(user)) {
            return -Errno.ENODATA;
        }
        byte[] value = value(view, user);
        return value == null ? -Errno.E2BIG : put(value, out);
    }

    /** Null if it is longer than Linux takes. */
    private static byte @Nullable [] value(UserDefinedFileAttributeView view, String user) throws IOException {
        int size = view.size(user);
        if (size > XattrFlags.XATTR_SIZE_MAX) {
            return null;
        }
        ByteBuffer value = ByteBuffer.allocate(size);
        int _ = view.read(user, value);
        byte[] bytes = new byte[value.position()];
        value.flip().get(bytes);
        return bytes;
    }

    private static int put(byte[] bytes, MemorySegment out) {
        if (out.byteSize() == 0) {
            return bytes.length;
        }
        if (out.byteSize() < bytes.length) {
            return -Errno.ERANGE;
        }
        MemorySegment.copy(bytes, 0, out, ValueLayout.JAVA_BYTE, 0, bytes.length);
        return bytes.length;
    }

    static int list(PathClient client, long nodeid, MemorySegment out) throws IOException {
        Path path = path(client, nodeid);
        if (path == null) {
            return 0;
        }
        UserDefinedFileAttributeView view = view(path);
        if (view == null) {
            return -Errno.ENOSYS;
        }
        StringBuilder names = new StringBuilder();
        for (String name : view.list()) {
            if (name.indexOf(0) < 0 && USER.length() + name.length() <= XattrFlags.XATTR_NAME_MAX) {
                names.append(USER).append(name).append('\0');
            }
        }
        byte[] bytes = names.toString().getBytes(StandardCharsets.UTF_8);
        return bytes.length > XattrFlags.XATTR_LIST_MAX ? -Errno.E2BIG : put(bytes, out);
    }

    static int remove(PathClient client, long nodeid, Name name) throws IOException {
        Path path = path(client, nodeid);
        if (path == null) {
            return -Errno.EPERM;
        }
        UserDefinedFileAttributeView view = view(path);
        if (view == null) {
            return -Errno.ENOSYS;
        }
        String user = user(name);
        if (user == null) {
            return -Errno.EOPNOTSUPP;
        }
        if (!view.list().contains(user)) {
            return -Errno.ENODATA;
        }
        view.delete(user);
        return 0;
    }

    /** Copies all that {@code from} has. */
    static void copy(Path from, Path to) throws IOException {
        UserDefinedFileAttributeView source = view(from);
        UserDefinedFileAttributeView target = view(to);
        if (source == null || target == null) {
            return;
        }
        for (String name : source.list()) {
            byte[] value = value(source, name);
            if (value != null) {
                int _ = target.write(name, ByteBuffer.wrap(value));
            }
        }
    }
}
