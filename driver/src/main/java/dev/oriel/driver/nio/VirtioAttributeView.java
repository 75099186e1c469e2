package dev.oriel.driver.nio;

import dev.oriel.driver.AttributeChange;
import dev.oriel.driver.FuseException;
import java.io.IOException;
import java.nio.file.ProviderMismatchException;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.GroupPrincipal;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.UserPrincipal;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads and sets the attributes of what is at a path. */
final class VirtioAttributeView implements PosixFileAttributeView {
    private final Place place;
    private final boolean follow;
    private final String name;

    VirtioAttributeView(Place place, boolean follow, String name) {
        this.place = place;
        this.follow = follow;
        this.name = name;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public VirtioFileAttributes readAttributes() throws IOException {
        return new VirtioFileAttributes(place.attributes(follow));
    }

    void change(AttributeChange change) throws IOException {
        try (Node node = place.find(follow)) {
            node.attributes(place.fileSystem().client().setattr(node.nodeid, change));
        } catch (FuseException failed) {
            throw Failures.of(failed, place.shown());
        }
    }

    /** The time of creation cannot be set, and is ignored, as Linux's file systems of the JDK do. */
    @Override
    public void setTimes(
            @Nullable FileTime lastModifiedTime, @Nullable FileTime lastAccessTime, @Nullable FileTime createTime)
            throws IOException {
        AttributeChange change = new AttributeChange();
        if (lastModifiedTime != null) {
            change.mtime(lastModifiedTime);
        }
        if (lastAccessTime != null) {
            change.atime(lastAccessTime);
        }
        if (lastModifiedTime != null || lastAccessTime != null) {
            change(change);
        }
    }

    @Override
    public UserPrincipal getOwner() throws IOException {
        return readAttributes().owner();
    }

    @Override
    public void setOwner(UserPrincipal owner) throws IOException {
        change(new AttributeChange().uid(number(owner)));
    }

    @Override
    public void setGroup(GroupPrincipal group) throws IOException {
        change(new AttributeChange().gid(number(group)));
    }

    private static int number(UserPrincipal principal) {
        if (!(principal instanceof VirtioFileAttributes.Id id)) {
            throw new ProviderMismatchException(principal + " is not of a virtio-fs share");
        }
        return id.number();
    }

    @Override
    public void setPermissions(Set<PosixFilePermission> permissions) throws IOException {
        int special = readAttributes().attributes().mode() & 07000;
        change(new AttributeChange().mode(special | VirtioFileAttributes.mode(permissions)));
    }
}
