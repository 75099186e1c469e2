package dev.oriel.driver.nio;

import dev.oriel.driver.Stat;
import dev.oriel.linux.FileMode;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.GroupPrincipal;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.UserPrincipal;
import java.util.EnumSet;
import java.util.Set;

/** The attributes of a node as java.nio.file has them. */
record VirtioFileAttributes(Stat attributes) implements PosixFileAttributes {
    private static final PosixFilePermission[] BITS = {
        PosixFilePermission.OTHERS_EXECUTE,
        PosixFilePermission.OTHERS_WRITE,
        PosixFilePermission.OTHERS_READ,
        PosixFilePermission.GROUP_EXECUTE,
        PosixFilePermission.GROUP_WRITE,
        PosixFilePermission.GROUP_READ,
        PosixFilePermission.OWNER_EXECUTE,
        PosixFilePermission.OWNER_WRITE,
        PosixFilePermission.OWNER_READ
    };

    /** A user or a group: the share knows numbers only. */
    record Id(int number) implements GroupPrincipal {
        @Override
        public String getName() {
            return Integer.toUnsignedString(number);
        }

        @Override
        public String toString() {
            return getName();
        }
    }

    static int mode(Set<PosixFilePermission> permissions) {
        int mode = 0;
        for (int bit = 0; bit < BITS.length; bit++) {
            if (permissions.contains(BITS[bit])) {
                mode |= 1 << bit;
            }
        }
        return mode;
    }

    @Override
    public UserPrincipal owner() {
        return new Id(attributes.uid());
    }

    @Override
    public GroupPrincipal group() {
        return new Id(attributes.gid());
    }

    @Override
    public Set<PosixFilePermission> permissions() {
        Set<PosixFilePermission> permissions = EnumSet.noneOf(PosixFilePermission.class);
        for (int bit = 0; bit < BITS.length; bit++) {
            if ((attributes.mode() & (1 << bit)) != 0) {
                permissions.add(BITS[bit]);
            }
        }
        return permissions;
    }

    @Override
    public FileTime lastModifiedTime() {
        return attributes.mtime();
    }

    @Override
    public FileTime lastAccessTime() {
        return attributes.atime();
    }

    /** As the JDK does where a file system does not tell: the time of the last modification. */
    @Override
    public FileTime creationTime() {
        return attributes.mtime();
    }

    @Override
    public boolean isRegularFile() {
        return attributes.isRegularFile();
    }

    @Override
    public boolean isDirectory() {
        return attributes.isDirectory();
    }

    @Override
    public boolean isSymbolicLink() {
        return attributes.isSymbolicLink();
    }

    @Override
    public boolean isOther() {
        int type = attributes.type();
        return type != FileMode.S_IFREG && type != FileMode.S_IFDIR && type != FileMode.S_IFLNK;
    }

    @Override
    public long size() {
        return attributes.size();
    }

    @Override
    public Object fileKey() {
        return attributes.ino();
    }
}
