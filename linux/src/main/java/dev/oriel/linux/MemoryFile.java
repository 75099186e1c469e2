package dev.oriel.linux;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which files of another process may be mapped as memory.
 *
 * <p>Whoever touches a mapping waits for its file system. A file system of another process (FUSE) or of another machine
 * (NFS) may never answer, and a thread of the JVM that waits in this way stops all others at the next safepoint. So
 * only files that live in memory or on local disks are mapped.
 *
 * <p>Nothing here waits for the file system of the file, as fstat(2) may for ever. Seals, the kernel's description of
 * the descriptor (proc(5), /proc/self/fdinfo) and the table of mounts tell what is needed. A process in another mount
 * namespace has other mounts: of its files statx(2) tells the device, without asking anybody ({@code
 * AT_STATX_DONT_SYNC}), and the table what is on that device. For set-up code, any thread.
 */
public final class MemoryFile {
    /** Memory and local disks. An overlay is one of these too: what can be written lies in its upper directory. */
    private static final Set<String> LOCAL = Set.of(
            "tmpfs",
            "ramfs",
            "hugetlbfs",
            "ext2",
            "ext3",
            "ext4",
            "xfs",
            "btrfs",
            "f2fs",
            "bcachefs",
            "zfs",
            "jfs",
            "nilfs2",
            "overlay");

    private static final String SUITABLE =
            "memory must be a memfd, or a file on tmpfs, hugetlbfs or a local disk (memory-backend-memfd,share=on in QEMU)";

    private MemoryFile() {}

    /**
     * What tells an open file from another, without a look at the file.
     *
     * @param mount the id of its mount, as in /proc/self/mountinfo; used again when the last file of the mount is
     *     closed
     * @param inode its number, 0 before Linux 5.14
     */
    public record Identity(long mount, long inode) {}

    /** What a descriptor leads to, or null if the kernel does not say. */
    public static @Nullable Identity identity(int fd) {
        long mount = -1;
        long inode = 0;
        try {
            for (String line : lines("/proc/self/fdinfo/" + fd)) {
                if (line.startsWith("mnt_id:")) {
                    mount = Long.parseLong(line.substring(7).strip());
                } else if (line.startsWith("ino:")) {
                    inode = Long.parseUnsignedLong(line.substring(4).strip());
                }
            }
        } catch (IOException | NumberFormatException unknown) {
            return null;
        }
        return mount < 0 ? null : new Identity(mount, inode);
    }

    /**
     * Why a file must not be mapped.
     *
     * @param fd what another process passed
     * @return null if it may be mapped; otherwise what it is and what to use in its place, for the user
     */
    public static @Nullable String unsuitable(int fd) {
        // memfd, tmpfs and hugetlbfs have seals, and nothing else has
        if (MemoryCalls.getSeals(fd) >= 0) {
            return null;
        }
        Identity file = identity(fd);
        if (file == null) {
            return "cannot learn from /proc/self/fdinfo what it is; " + SUITABLE;
        }
        try {
            List<String> mounts = lines("/proc/self/mountinfo");
            for (String line : mounts) {
                if (line.startsWith(file.mount() + " ")) {
                    return unsuitable(line);
                }
            }
            String device = device(fd);
            for (String line : mounts) {
                if (line.split(" ", 4)[2].equals(device)) {
                    return unsuitable(line);
                }
            }
        } catch (IOException unreadable) {
            return "cannot read /proc/self/mountinfo to learn what it is; " + SUITABLE;
        }
        return "it is on no file system that is mounted here; " + SUITABLE;
    }

    /** Its device as the table of mounts names one, major:minor; empty if the kernel does not say. */
    private static String device(int fd) {
        try (Arena arena = Arena.ofConfined()) {
            StatxBuffer stat = new StatxBuffer(arena);
            int flags = At.AT_EMPTY_PATH | At.AT_STATX_DONT_SYNC;
            int error = FileCalls.statx(fd, CString.of("", arena), flags, 0, stat);
            return error < 0 ? "" : stat.devMajor() + ":" + stat.devMinor();
        }
    }

    /** The same, of a line of the table: id, parent, device, root, place, options, others up to "-", type, ... */
    private static @Nullable String unsuitable(String mount) {
        List<String> fields = List.of(mount.split(" "));
        int separator = fields.indexOf("-");
        String type = separator < 0 || separator + 1 >= fields.size() ? "an unknown type" : fields.get(separator + 1);
        return LOCAL.contains(type)
                ? null
                : "it is on the file system at " + fields.get(4) + " of type " + type + "; " + SUITABLE;
    }

    /** Bytes that are not UTF-8 do not matter here: what is looked for is ASCII. */
    private static List<String> lines(String file) throws IOException {
        return new String(Files.readAllBytes(Path.of(file)), StandardCharsets.ISO_8859_1)
                .lines()
                .toList();
    }
}
