package dev.oriel.hadoop;

import dev.oriel.linux.Errno;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.permission.AclEntry;
import org.apache.hadoop.fs.permission.AclEntryScope;
import org.apache.hadoop.fs.permission.AclEntryType;
import org.apache.hadoop.fs.permission.AclStatus;
import org.apache.hadoop.fs.permission.AclUtil;
import org.apache.hadoop.fs.permission.FsAction;
import org.apache.hadoop.fs.permission.FsPermission;
import org.jspecify.annotations.Nullable;

/**
 * Access control lists: a guest has them as extended attributes in the form of Linux ({@code
 * include/uapi/linux/posix_acl_xattr.h}), little-endian:
 *
 * <pre>
 *   +--------------+----------------------------------------+---
 *   | version, u32 | tag, u16 | permissions, u16 | id, u32  | ...
 *   +--------------+----------------------------------------+---
 * </pre>
 *
 * <p>Everything here waits for the cluster, and throws what Hadoop throws.
 */
final class AccessLists {
    private static final String ACCESS = "system.posix_acl_access";
    private static final String DEFAULT = "system.posix_acl_default";

    private static final int VERSION = 2;
    private static final int HEAD_SIZE = 4;
    private static final int ENTRY_SIZE = 8;
    private static final int NO_ID = -1;

    private static final int USER_OBJ = 0x01;
    private static final int USER = 0x02;
    private static final int GROUP_OBJ = 0x04;
    private static final int GROUP = 0x08;
    private static final int MASK = 0x10;
    private static final int OTHER = 0x20;

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** By the bits of their permissions: read 4, write 2, execute 1. */
    private static final List<FsAction> ACTIONS = List.of(
            FsAction.NONE,
            FsAction.EXECUTE,
            FsAction.WRITE,
            FsAction.WRITE_EXECUTE,
            FsAction.READ,
            FsAction.READ_EXECUTE,
            FsAction.READ_WRITE,
            FsAction.ALL);

    private record Entry(int tag, int permissions, int id) {}

    private final Cluster cluster;
    private final FileSystem files;

    AccessLists(Cluster cluster) {
        this.cluster = cluster;
        files = cluster.files();
    }

    /** Whether an attribute of this name is a list. */
    static boolean is(@Nullable String name) {
        return ACCESS.equals(name) || DEFAULT.equals(name);
    }

    private static AclEntryScope scope(String name) {
        return name.equals(ACCESS) ? AclEntryScope.ACCESS : AclEntryScope.DEFAULT;
    }

    /** The names of the lists that a file has: none if its mode says all. */
    List<String> names(Path path) throws IOException {
        List<String> names = new ArrayList<>();
        if (cluster.status(path).hasAcl()) {
            for (String name : List.of(ACCESS, DEFAULT)) {
                if (get(path, name).length > 0) {
                    names.add(name);
                }
            }
        }
        return names;
    }

    /** All entries of both lists, those among them that a mode has. */
    static List<AclEntry> all(FileSystem files, Path path) throws IOException {
        AclStatus status = files.getAclStatus(path);
        FsPermission permission = status.getPermission();
        return AclUtil.getAclFromPermAndEntries(
                permission != null ? permission : files.getFileStatus(path).getPermission(), status.getEntries());
    }

    /** A list; empty if the file has none of this name. */
    byte[] get(Path path, String name) throws IOException {
        List<Entry> entries = new ArrayList<>();
        for (AclEntry entry : all(files, path)) {
            if (entry.getScope() == scope(name)) {
                entries.add(entry(entry));
            }
        }
        boolean isMode = name.equals(ACCESS) && entries.size() <= 3;
        if (entries.isEmpty() || isMode) {
            return new byte[0];
        }
        entries.sort(Comparator.comparingInt(Entry::tag).thenComparing(Entry::id, Integer::compareUnsigned));
        byte[] list = new byte[HEAD_SIZE + entries.size() * ENTRY_SIZE];
        MemorySegment out = MemorySegment.ofArray(list);
        out.set(INT, 0, VERSION);
        for (int i = 0; i < entries.size(); i++) {
            long at = HEAD_SIZE + (long) i * ENTRY_SIZE;
            out.set(SHORT, at, (short) entries.get(i).tag);
            out.set(SHORT, at + 2, (short) entries.get(i).permissions);
            out.set(INT, at + 4, entries.get(i).id);
        }
        return list;
    }

    private Entry entry(AclEntry entry) {
        String name = entry.getName();
        int permissions = ACTIONS.indexOf(entry.getPermission());
        return switch (entry.getType()) {
            case USER ->
                name == null
                        ? new Entry(USER_OBJ, permissions, NO_ID)
                        : new Entry(USER, permissions, cluster.users().number(name));
            case GROUP ->
                name == null
                        ? new Entry(GROUP_OBJ, permissions, NO_ID)
                        : new Entry(GROUP, permissions, cluster.groups().number(name));
            case MASK -> new Entry(MASK, permissions, NO_ID);
            case OTHER -> new Entry(OTHER, permissions, NO_ID);
        };
    }

    /**
     * Sets a list, and leaves the other one as it is.
     *
     * @return 0 or an errno
     */
    int set(Path path, String name, MemorySegment value) throws IOException {
        long size = value.byteSize();
        if (size < HEAD_SIZE || (size - HEAD_SIZE) % ENTRY_SIZE != 0 || value.get(INT, 0) != VERSION) {
            return -Errno.EINVAL;
        }
        if (size == HEAD_SIZE) {
            remove(path, name);
            return 0;
        }
        List<AclEntry> entries = new ArrayList<>();
        List<AclEntry> there = new ArrayList<>(all(files, path));
        for (long at = HEAD_SIZE; at < size; at += ENTRY_SIZE) {
            AclEntry entry =
                    entry(scope(name), value.get(SHORT, at), value.get(SHORT, at + 2), value.get(INT, at + 4), there);
            if (entry == null) {
                return -Errno.EINVAL;
            }
            entries.add(entry);
        }
        files.setAcl(path, entries);
        return 0;
    }

    /**
     * The name that a list has for a number: one that this host does not know is told as nobody's, and must not become
     * nobody when the list is written back.
     *
     * @param there what the file has; what is found is taken out
     * @return null if nobody is meant
     */
    private @Nullable String name(List<AclEntry> there, AclEntryScope scope, AclEntryType type, int id) {
        for (AclEntry one : there) {
            if (one.getScope() == scope
                    && one.getType() == type
                    && one.getName() != null
                    && entry(one).id() == id) {
                there.remove(one);
                return one.getName();
            }
        }
        Owners owners = type == AclEntryType.USER ? cluster.users() : cluster.groups();
        return id == NO_ID || id == Owners.NOBODY ? null : owners.name(id);
    }

    /** An entry as Hadoop has it; null if there is no such thing. */
    private @Nullable AclEntry entry(AclEntryScope scope, int tag, int permissions, int id, List<AclEntry> there) {
        AclEntryType type = switch (tag) {
            case USER_OBJ, USER -> AclEntryType.USER;
            case GROUP_OBJ, GROUP -> AclEntryType.GROUP;
            case MASK -> AclEntryType.MASK;
            case OTHER -> AclEntryType.OTHER;
            default -> null;
        };
        if (type == null || permissions < 0 || permissions >= ACTIONS.size()) {
            return null;
        }
        AclEntry.Builder entry =
                new AclEntry.Builder().setScope(scope).setType(type).setPermission(ACTIONS.get(permissions));
        if (tag == USER || tag == GROUP) {
            String name = name(there, scope, type, id);
            if (name == null) {
                return null;
            }
            entry.setName(name);
        }
        return entry.build();
    }

    /** Removes a list: what is left of that of access is the mode, with the group's own part. */
    void remove(Path path, String name) throws IOException {
        if (name.equals(DEFAULT)) {
            files.removeDefaultAcl(path);
            return;
        }
        List<AclEntry> mode = new ArrayList<>();
        for (AclEntry entry : all(files, path)) {
            if (entry.getScope() == AclEntryScope.ACCESS
                    && entry.getName() == null
                    && entry.getType() != AclEntryType.MASK) {
                mode.add(entry);
            }
        }
        files.setAcl(path, mode);
    }
}
