package dev.oriel.driver.nio;

import dev.oriel.driver.AttributeChange;
import dev.oriel.driver.Stat;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.GroupPrincipal;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.UserPrincipal;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/** Attributes by their names: {@code "size"}, {@code "posix:permissions"}, {@code "unix:*"}, {@code "user:comment"}. */
final class NamedAttributes {
    private NamedAttributes() {}

    static Map<String, Object> read(Place place, String request, boolean follow) throws IOException {
        int colon = request.indexOf(':');
        String view = colon < 0 ? "basic" : request.substring(0, colon);
        String[] names = request.substring(colon + 1).split(",", -1);
        Map<String, Object> found = new LinkedHashMap<>();
        if (view.equals("user")) {
            UserAttributeView user = new UserAttributeView(place, follow);
            for (String name : names[0].equals("*") ? user.list().toArray(String[]::new) : names) {
                found.put(name, user.get(name));
            }
            return found;
        }
        Map<String, Object> all = all(view, place.attributes(follow));
        for (String name : names) {
            if (name.equals("*")) {
                return all;
            }
            if (!all.containsKey(name)) {
                throw new IllegalArgumentException("the view " + view + " has no attribute " + name);
            }
            found.put(name, all.get(name));
        }
        return found;
    }

    private static Map<String, Object> all(String view, Stat attributes) {
        VirtioFileAttributes file = new VirtioFileAttributes(attributes);
        Map<String, Object> all = new LinkedHashMap<>();
        if (!view.equals("owner")) {
            all.put("size", file.size());
            all.put("lastModifiedTime", file.lastModifiedTime());
            all.put("lastAccessTime", file.lastAccessTime());
            all.put("creationTime", file.creationTime());
            all.put("isRegularFile", file.isRegularFile());
            all.put("isDirectory", file.isDirectory());
            all.put("isSymbolicLink", file.isSymbolicLink());
            all.put("isOther", file.isOther());
            all.put("fileKey", file.fileKey());
        }
        switch (view) {
            case "basic" -> {
                return all;
            }
            case "owner" -> all.put("owner", file.owner());
            case "posix", "unix" -> {
                all.put("owner", file.owner());
                all.put("group", file.group());
                all.put("permissions", file.permissions());
            }
            default -> throw new UnsupportedOperationException("a share has no attribute view " + view);
        }
        if (view.equals("unix")) {
            all.put("mode", attributes.mode());
            all.put("ino", attributes.ino());
            all.put("nlink", attributes.nlink());
            all.put("uid", attributes.uid());
            all.put("gid", attributes.gid());
            all.put("rdev", Integer.toUnsignedLong(attributes.rdev()));
            all.put("ctime", attributes.ctime());
        }
        return all;
    }

    @SuppressWarnings("unchecked")
    static void set(Place place, String attribute, Object value, boolean follow) throws IOException {
        int colon = attribute.indexOf(':');
        String view = colon < 0 ? "basic" : attribute.substring(0, colon);
        String name = attribute.substring(colon + 1);
        VirtioAttributeView attributes = new VirtioAttributeView(place, follow, view);
        switch (view + ":" + name) {
            case "basic:lastModifiedTime", "posix:lastModifiedTime", "unix:lastModifiedTime" ->
                attributes.setTimes((FileTime) value, null, null);
            case "basic:lastAccessTime", "posix:lastAccessTime", "unix:lastAccessTime" ->
                attributes.setTimes(null, (FileTime) value, null);
            case "basic:creationTime", "posix:creationTime", "unix:creationTime" ->
                attributes.setTimes(null, null, (FileTime) value);
            case "posix:permissions", "unix:permissions" -> attributes.setPermissions((Set<PosixFilePermission>) value);
            case "owner:owner", "posix:owner", "unix:owner" -> attributes.setOwner((UserPrincipal) value);
            case "posix:group", "unix:group" -> attributes.setGroup((GroupPrincipal) value);
            case "unix:mode" -> attributes.change(new AttributeChange().mode((Integer) value));
            case "unix:uid" -> attributes.change(new AttributeChange().uid((Integer) value));
            case "unix:gid" -> attributes.change(new AttributeChange().gid((Integer) value));
            default -> {
                switch (view) {
                    case "user" -> {}
                    case "basic", "owner", "posix", "unix" ->
                        throw new IllegalArgumentException("the attribute " + attribute + " cannot be set");
                    default -> throw new UnsupportedOperationException("a share has no attribute view " + view);
                }
                ByteBuffer bytes = value instanceof byte[] array ? ByteBuffer.wrap(array) : (ByteBuffer) value;
                int _ = new UserAttributeView(place, follow).write(name, bytes);
            }
        }
    }
}
