package dev.oriel.app.share;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/** A file of a share, as people and programs read of it. */
record NodeDescription(Path path, PosixFileAttributes attributes, Map<String, Object> unix, String target) {
    static NodeDescription of(Path path) throws IOException {
        PosixFileAttributes attributes =
                Files.readAttributes(path, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        Map<String, Object> unix =
                Files.readAttributes(path, "unix:mode,ino,nlink,uid,gid,ctime", LinkOption.NOFOLLOW_LINKS);
        String target =
                attributes.isSymbolicLink() ? Files.readSymbolicLink(path).toString() : "";
        return new NodeDescription(path, attributes, unix, target);
    }

    private Object value(String name) {
        return Objects.requireNonNull(unix.get(name), name);
    }

    private int number(String name) {
        return (int) value(name);
    }

    String type() {
        return attributes.isDirectory()
                ? "directory"
                : attributes.isSymbolicLink() ? "symlink" : attributes.isRegularFile() ? "file" : "special";
    }

    String name() {
        Path name = path.getFileName();
        return name == null ? "/" : name.toString();
    }

    /** For JSON: times in ISO 8601, the mode in octal. */
    Map<String, Object> fields() {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("path", path.toString());
        fields.put("type", type());
        fields.put("size", attributes.size());
        fields.put("mode", Integer.toOctalString(number("mode") & 07777));
        fields.put("uid", Integer.toUnsignedLong(number("uid")));
        fields.put("gid", Integer.toUnsignedLong(number("gid")));
        fields.put("links", Integer.toUnsignedLong(number("nlink")));
        fields.put("inode", Long.toUnsignedString((long) value("ino")));
        fields.put("modified", attributes.lastModifiedTime().toString());
        fields.put("accessed", attributes.lastAccessTime().toString());
        fields.put("changed", value("ctime").toString());
        if (attributes.isSymbolicLink()) {
            fields.put("target", target);
        }
        return fields;
    }

    /** One line, as ls -l has it. */
    String line() {
        char kind =
                attributes.isDirectory() ? 'd' : attributes.isSymbolicLink() ? 'l' : attributes.isOther() ? '?' : '-';
        return "%c%s %3d %5s %5s %12d %s %s%s"
                .formatted(
                        kind,
                        PosixFilePermissions.toString(attributes.permissions()),
                        number("nlink"),
                        attributes.owner().getName(),
                        attributes.group().getName(),
                        attributes.size(),
                        attributes.lastModifiedTime().toString().substring(0, 10),
                        name(),
                        target.isEmpty() ? "" : " -> " + target);
    }
}
