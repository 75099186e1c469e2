package dev.oriel.filesystem.path;

import dev.oriel.linux.FileMode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileOwnerAttributeView;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.nio.file.attribute.UserPrincipalLookupService;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Attributes by the views that a provider has: "posix", "owner", "unix", "dos" and "basic". Links are not followed. */
final class PathViews {
    private static final LinkOption NOFOLLOW = LinkOption.NOFOLLOW_LINKS;
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

    /** As Linux shows a file system that has no modes (vfat): all may read and execute, the owner may write. */
    private static final int STAND_IN = 0755;

    private static final int WRITABLE = 0222;
    private static final int SPECIAL_BITS = 07000;

    private final boolean readOnly;
    private final boolean hasPosix;
    private final boolean hasOwner;
    private final boolean hasDos;
    private final boolean hasUnix;

    /** Whether "unix" is the host's: its modes and ids are real ones. */
    private final boolean isHost;

    private final java.nio.file.FileSystem fileSystem;

    PathViews(Path root, boolean readOnly) {
        this.readOnly = readOnly;
        fileSystem = root.getFileSystem();
        Set<String> names = fileSystem.supportedFileAttributeViews();
        hasPosix = names.contains("posix");
        hasOwner = names.contains("owner");
        hasDos = names.contains("dos");
        hasUnix = names.contains("unix");
        isHost = hasUnix && fileSystem.equals(FileSystems.getDefault());
    }

    /** Looks at a file. */
    PathStat read(Path path) throws IOException {
        BasicFileAttributes basic = attributes(path);
        Map<String, Object> unix = Map.of();
        if (hasUnix) {
            unix = Files.readAttributes(
                    path, isHost ? "unix:nlink,ctime,mode,uid,gid,rdev" : "unix:nlink,ctime", NOFOLLOW);
        }
        long rdev = number(unix, "rdev", 0);
        return new PathStat(
                isHost ? (int) number(unix, "mode", 0) : mode(path, basic),
                size(path, basic),
                (int) number(unix, "nlink", 1),
                isHost ? (int) number(unix, "uid", 0) : id(owner(path, basic)),
                isHost ? (int) number(unix, "gid", 0) : id(group(basic)),
                (int) ((rdev >>> 8 & 0xfff) | (rdev >>> 32 & 0xffff_f000L)),
                (int) ((rdev & 0xff) | (rdev >>> 12 & 0xffff_ff00L)),
                basic.lastAccessTime(),
                basic.lastModifiedTime(),
                unix.get("ctime") instanceof FileTime time ? time : null,
                basic.creationTime(),
                basic.fileKey());
    }

    /** A link has as many bytes as its target, which not every provider tells. */
    private static long size(Path path, BasicFileAttributes basic) throws IOException {
        if (basic.isDirectory()) {
            return 0;
        }
        return basic.isSymbolicLink() && basic.size() == 0
                ? Files.readSymbolicLink(path).toString().getBytes(StandardCharsets.UTF_8).length
                : basic.size();
    }

    private static long number(Map<String, Object> values, String name, long otherwise) {
        return values.get(name) instanceof Number number ? number.longValue() : otherwise;
    }

    private BasicFileAttributes attributes(Path path) throws IOException {
        return hasPosix
                ? Files.readAttributes(path, PosixFileAttributes.class, NOFOLLOW)
                : Files.readAttributes(path, BasicFileAttributes.class, NOFOLLOW);
    }

    private int mode(Path path, BasicFileAttributes basic) throws IOException {
        int type = type(basic);
        if (type == FileMode.S_IFLNK) {
            return type | 0777;
        }
        if (basic instanceof PosixFileAttributes posix) {
            return type | bits(posix.permissions());
        }
        boolean fixed = readOnly || (hasDos && Boolean.TRUE.equals(Files.getAttribute(path, "dos:readonly", NOFOLLOW)));
        return type | (fixed ? STAND_IN & ~WRITABLE : STAND_IN);
    }

    private static int type(BasicFileAttributes basic) {
        if (basic.isSymbolicLink()) {
            return FileMode.S_IFLNK;
        }
        if (basic.isDirectory()) {
            return FileMode.S_IFDIR;
        }
        // What is none of these is shown as what nobody can open.
        return basic.isRegularFile() ? FileMode.S_IFREG : FileMode.S_IFSOCK;
    }

    private static int bits(Set<PosixFilePermission> permissions) {
        int bits = 0;
        for (int i = 0; i < BITS.length; i++) {
            bits |= permissions.contains(BITS[i]) ? 1 << i : 0;
        }
        return bits;
    }

    private static Set<PosixFilePermission> permissions(int mode) {
        Set<PosixFilePermission> permissions = EnumSet.noneOf(PosixFilePermission.class);
        for (int i = 0; i < BITS.length; i++) {
            if ((mode >>> i & 1) != 0) {
                permissions.add(BITS[i]);
            }
        }
        return permissions;
    }

    /** Whether these are the host's own files. */
    boolean isHost() {
        return isHost;
    }

    /** Whether attributes of a link are its own: a client of SFTP sets those of what the link leads to. */
    boolean spareTargets() {
        return isHost || fileSystem.provider().getScheme().equals("jimfs");
    }

    /** Makes a file that nobody but its owner can read, as far as the provider has such files. */
    void makeForOwner(Path path) throws IOException {
        if (hasPosix) {
            try {
                Path _ = Files.createFile(
                        path, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
                return;
            } catch (UnsupportedOperationException notAtOnce) {
                // made as all are, and closed to others before anything is in it
                Path _ = Files.createFile(path);
                boolean _ = setMode(path, read(path), 0600);
                return;
            }
        }
        Path _ = Files.createFile(path);
    }

    private @Nullable UserPrincipal owner(Path path, BasicFileAttributes basic) throws IOException {
        if (basic instanceof PosixFileAttributes posix) {
            return posix.owner();
        }
        return hasOwner ? Files.getOwner(path, NOFOLLOW) : null;
    }

    private static @Nullable UserPrincipal group(BasicFileAttributes basic) {
        return basic instanceof PosixFileAttributes posix ? posix.group() : null;
    }

    /** The number that a principal's name is; 0 for one that has another name. */
    private static int id(@Nullable UserPrincipal principal) {
        try {
            return principal == null ? 0 : Integer.parseUnsignedInt(principal.getName());
        } catch (NumberFormatException named) {
            return 0;
        }
    }

    /** Sets the permissions; false if the provider keeps none that are as these. */
    boolean setMode(Path path, PathStat now, int mode) throws IOException {
        if ((now.mode() & 07777) == (mode & 07777)) {
            return true;
        }
        if (isHost) {
            Files.setAttribute(path, "unix:mode", mode & 07777, NOFOLLOW);
            return true;
        }
        if (!hasPosix || (mode & SPECIAL_BITS) != 0) {
            return false;
        }
        Files.getFileAttributeView(path, PosixFileAttributeView.class, NOFOLLOW).setPermissions(permissions(mode));
        return true;
    }

    /**
     * Sets owner and group by names that are numbers.
     *
     * @param uid -1 for the one that it has, as {@code gid}
     * @return false if the provider has no such attribute
     */
    boolean setOwner(Path path, PathStat now, int uid, int gid) throws IOException {
        boolean newOwner = uid != -1 && uid != now.uid();
        boolean newGroup = gid != -1 && gid != now.gid();
        if ((newOwner && !hasOwner) || (newGroup && !hasPosix)) {
            return false;
        }
        if (newOwner) {
            Files.getFileAttributeView(path, FileOwnerAttributeView.class, NOFOLLOW)
                    .setOwner(lookup().lookupPrincipalByName(Integer.toUnsignedString(uid)));
        }
        if (newGroup) {
            Files.getFileAttributeView(path, PosixFileAttributeView.class, NOFOLLOW)
                    .setGroup(lookup().lookupPrincipalByGroupName(Integer.toUnsignedString(gid)));
        }
        return true;
    }

    private UserPrincipalLookupService lookup() {
        return fileSystem.getUserPrincipalLookupService();
    }

    /** Sets times; null for one that stays. */
    void setTimes(Path path, @Nullable FileTime accessed, @Nullable FileTime modified) throws IOException {
        BasicFileAttributeView view = Files.getFileAttributeView(path, BasicFileAttributeView.class, NOFOLLOW);
        if (view == null) {
            throw new UnsupportedOperationException("the provider sets no times");
        }
        view.setTimes(modified, accessed, null);
    }
}
