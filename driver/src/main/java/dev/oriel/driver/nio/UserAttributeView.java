package dev.oriel.driver.nio;

import dev.oriel.driver.ExtendedAttributes;
import dev.oriel.driver.FuseException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.util.ArrayList;
import java.util.List;

/** Extended attributes of users: those whose names begin with "user.", without that. */
final class UserAttributeView implements UserDefinedFileAttributeView {
    private static final String PREFIX = "user.";

    private final Place place;
    private final boolean follow;

    UserAttributeView(Place place, boolean follow) {
        this.place = place;
        this.follow = follow;
    }

    /** One operation on a node. */
    private interface Operation<T> {
        T on(ExtendedAttributes attributes, long nodeid) throws IOException;
    }

    private <T> T perform(Operation<T> operation) throws IOException {
        try (Node node = place.find(follow)) {
            return operation.on(place.fileSystem().client().extendedAttributes(), node.nodeid);
        } catch (FuseException failed) {
            throw Failures.of(failed, place.shown());
        }
    }

    private static byte[] bytes(String name) {
        return (PREFIX + name).getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public String name() {
        return "user";
    }

    @Override
    public List<String> list() throws IOException {
        List<String> names = new ArrayList<>();
        for (byte[] each : perform(ExtendedAttributes::list)) {
            String name = new String(each, StandardCharsets.UTF_8);
            if (name.startsWith(PREFIX)) {
                names.add(name.substring(PREFIX.length()));
            }
        }
        return names;
    }

    byte[] get(String name) throws IOException {
        return perform((attributes, nodeid) -> attributes.get(nodeid, bytes(name)));
    }

    @Override
    public int size(String name) throws IOException {
        return get(name).length;
    }

    @Override
    public int read(String name, ByteBuffer target) throws IOException {
        byte[] value = get(name);
        if (value.length > target.remaining()) {
            throw new FileSystemException(
                    place.toString(), null, "the value of " + name + " has " + value.length + " bytes");
        }
        target.put(value);
        return value.length;
    }

    @Override
    public int write(String name, ByteBuffer source) throws IOException {
        byte[] value = new byte[source.remaining()];
        source.get(value);
        return perform((attributes, nodeid) -> {
            attributes.set(nodeid, bytes(name), value, 0);
            return value.length;
        });
    }

    @Override
    public void delete(String name) throws IOException {
        boolean _ = perform((attributes, nodeid) -> {
            attributes.remove(nodeid, bytes(name));
            return true;
        });
    }
}
