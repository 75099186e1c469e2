package dev.oriel.filesystem.path;

import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.filesystem.Opened;
import dev.oriel.filesystem.Status;
import dev.oriel.filesystem.local.Client;
import dev.oriel.filesystem.local.Listing;
import dev.oriel.fuse.FuseFlags;
import dev.oriel.linux.Errno;
import dev.oriel.linux.FallocateMode;
import dev.oriel.linux.OpenFlags;
import dev.oriel.linux.RenameFlags;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a client asks of a share, one operation after the other: "yes" if it does what it is to, otherwise the name of
 * the errno, with which nothing has changed. Anything else is a failure of the test.
 */
public final class ProviderOperations {
    private static final long ROOT = FileSystemSession.ROOT;
    private static final int NEW = OpenFlags.O_RDWR | OpenFlags.O_EXCL;

    private final Client client;
    private final Stored stored;

    /** @param stored what is served, seen beside the client */
    public ProviderOperations(Client client, Stored stored) {
        this.client = client;
        this.stored = stored;
    }

    private interface Operation {
        /** 0, or the errno with which it is refused. */
        int run() throws IOException;
    }

    /** All of them: what is asked, and how it went. */
    public Map<String, String> run() throws IOException {
        Map<String, Operation> all = new LinkedHashMap<>();
        all.put("create, write, read", this::create);
        all.put("write in the middle, behind the end", this::writeAtRandom);
        all.put("append", this::append);
        all.put("truncate, shorter and longer", this::truncate);
        all.put("fallocate", this::fallocate);
        all.put("punch a hole", this::punch);
        all.put("fsync", this::fsync);
        all.put("mkdir, list, rmdir", this::directories);
        all.put("unlink", this::unlink);
        all.put("go on with a file that is removed", this::removedWhileOpen);
        all.put("rename over another", this::renameOver);
        all.put("rename, not over another", this::renameNoReplace);
        all.put("go on with a file that is replaced", this::replacedWhileOpen);
        all.put("go on beneath a directory that is renamed", this::renameDirectory);
        all.put("chmod", this::chmod);
        all.put("chown", this::chown);
        all.put("set times", this::times);
        all.put("symbolic link", this::symlink);
        all.put("hard link", this::link);
        all.put("user attributes", this::xattrs);
        all.put("statfs, a size", this::statfs);
        Map<String, String> results = new LinkedHashMap<>();
        for (Map.Entry<String, Operation> each : all.entrySet()) {
            int result;
            try {
                result = each.getValue().run();
            } catch (AssertionError | IOException failed) {
                throw new AssertionError(each.getKey(), failed);
            }
            results.put(each.getKey(), result == 0 ? "yes" : Errno.name(-result));
        }
        return results;
    }

    /** The name of a new file, with text in it that is in the store. */
    private long made(String name, String text) {
        assertThat(client.create(ROOT, name, NEW, 0644)).isZero();
        long node = client.entry.nodeid;
        long fh = client.opened.fh;
        assertThat(client.write(node, fh, 0, text)).isEqualTo(text.length());
        assertThat(client.session.flush(client.caller(), node, fh, 0)).isZero();
        assertThat(client.release(node, fh)).isZero();
        return node;
    }

    private long open(long node) {
        assertThat(client.open(node, OpenFlags.O_RDWR)).isZero();
        return client.opened.fh;
    }

    private void holds(String name, String text) throws IOException {
        assertThat(stored.read(name)).isEqualTo(text);
    }

    private int create() throws IOException {
        long node = made("create", "hello");
        holds("create", "hello");
        assertThat(client.read(node)).isEqualTo("hello");
        assertThat(client.create(ROOT, "create", NEW, 0644)).isEqualTo(-Errno.EEXIST);
        // whoever saw no such name looks again, and checks who may open what is there by now
        assertThat(client.create(ROOT, "create", OpenFlags.O_RDWR | OpenFlags.O_TRUNC, 0644))
                .isEqualTo(-Errno.ESTALE);
        holds("create", "hello");
        assertThat(client.lookup(ROOT, "create")).isZero();
        assertThat(client.entry.nodeid).isEqualTo(node);
        return client.release(node, open(node));
    }

    private int writeAtRandom() throws IOException {
        long node = made("random", "0123456789");
        long fh = open(node);
        assertThat(client.write(node, fh, 3, "xyz")).isEqualTo(3);
        assertThat(client.write(node, fh, 12, "end")).isEqualTo(3);
        assertThat(client.read(node, fh, 0, 100)).isEqualTo("012xyz6789\0\0end");
        assertThat(client.read(node, fh, 4, 2)).isEqualTo("yz");
        assertThat(client.getattr(node)).isZero();
        assertThat(client.attr.size).isEqualTo(15);
        assertThat(client.session.flush(client.caller(), node, fh, 0)).isZero();
        holds("random", "012xyz6789\0\0end");
        return client.release(node, fh);
    }

    private int append() throws IOException {
        long node = made("append", "one");
        assertThat(client.open(node, OpenFlags.O_WRONLY | OpenFlags.O_APPEND)).isZero();
        long fh = client.opened.fh;
        assertThat(client.write(node, fh, 0, OpenFlags.O_WRONLY | OpenFlags.O_APPEND, 0, "two"))
                .isEqualTo(3);
        assertThat(client.release(node, fh)).isZero();
        holds("append", "onetwo");
        return 0;
    }

    private int size(long node, long size) {
        client.change.valid = FuseFlags.FATTR_SIZE;
        client.change.size = size;
        return client.setattr(node);
    }

    private int truncate() throws IOException {
        long node = made("truncate", "0123456789");
        assertThat(size(node, 4)).isZero();
        assertThat(client.attr.size).isEqualTo(4);
        assertThat(size(node, 6)).isZero();
        holds("truncate", "0123\0\0");
        assertThat(client.open(node, OpenFlags.O_WRONLY | OpenFlags.O_TRUNC)).isZero();
        assertThat(client.release(node, client.opened.fh)).isZero();
        holds("truncate", "");
        return 0;
    }

    private int fallocate() throws IOException {
        long node = made("fallocate", "abc");
        long fh = open(node);
        int result = client.session.fallocate(client.caller(), node, fh, 0, 5, 0);
        assertThat(client.release(node, fh)).isZero();
        holds("fallocate", result == 0 ? "abc\0\0" : "abc");
        return result;
    }

    private int punch() throws IOException {
        long node = made("punch", "0123456789");
        long fh = open(node);
        int mode = FallocateMode.FALLOC_FL_PUNCH_HOLE | FallocateMode.FALLOC_FL_KEEP_SIZE;
        int result = client.session.fallocate(client.caller(), node, fh, 2, 3, mode);
        assertThat(client.release(node, fh)).isZero();
        holds("punch", result == 0 ? "01\0\0\0" + "56789" : "0123456789");
        return result;
    }

    private int fsync() throws IOException {
        long node = made("fsync", "abc");
        long fh = open(node);
        assertThat(client.write(node, fh, 0, "ABC")).isEqualTo(3);
        int result = client.session.fsync(client.caller(), node, fh, false);
        holds("fsync", "ABC");
        assertThat(client.release(node, fh)).isZero();
        return result;
    }

    private int directories() throws IOException {
        assertThat(client.mkdir(ROOT, "directory", 0755)).isZero();
        long node = client.entry.nodeid;
        assertThat(stored.exists("directory")).isTrue();
        assertThat(client.create(node, "in it", NEW, 0644)).isZero();
        assertThat(client.release(client.entry.nodeid, client.opened.fh)).isZero();
        assertThat(names(node)).containsExactlyInAnyOrder(".", "..", "in it");
        assertThat(client.rmdir(ROOT, "directory")).isEqualTo(-Errno.ENOTEMPTY);
        assertThat(client.unlink(ROOT, "directory")).isEqualTo(-Errno.EISDIR);
        assertThat(client.unlink(node, "in it")).isZero();
        int result = client.rmdir(ROOT, "directory");
        assertThat(stored.exists("directory")).isFalse();
        return result;
    }

    private List<String> names(long node) {
        Opened opened = new Opened();
        assertThat(client.session.opendir(client.caller(), node, 0, opened)).isZero();
        Listing listing = new Listing(100);
        assertThat(client.session.readdir(client.caller(), node, opened.fh, 0, true, listing))
                .isZero();
        assertThat(client.session.releasedir(client.caller(), node, opened.fh, 0))
                .isZero();
        return listing.names;
    }

    private int unlink() throws IOException {
        long _ = made("unlink", "abc");
        assertThat(client.rmdir(ROOT, "unlink")).isEqualTo(-Errno.ENOTDIR);
        int result = client.unlink(ROOT, "unlink");
        assertThat(stored.exists("unlink")).isFalse();
        assertThat(client.lookup(ROOT, "unlink")).isEqualTo(-Errno.ENOENT);
        return result;
    }

    private int removedWhileOpen() throws IOException {
        long node = made("removed", "still here");
        long fh = open(node);
        assertThat(client.unlink(ROOT, "removed")).isZero();
        assertThat(client.read(node, fh, 0, 100)).isEqualTo("still here");
        assertThat(client.write(node, fh, 0, "STILL")).isEqualTo(5);
        assertThat(client.read(node, fh, 0, 100)).isEqualTo("STILL here");
        int result = client.getattr(node);
        if (result == 0) {
            assertThat(client.attr.nlink).isZero();
            assertThat(client.attr.size).isEqualTo(10);
        }
        assertThat(client.session.fsync(client.caller(), node, fh, false)).isZero();
        assertThat(client.release(node, fh)).isZero();
        assertThat(stored.exists("removed")).isFalse();
        return result;
    }

    private int renameOver() throws IOException {
        long node = made("old", "moved");
        long _ = made("new", "replaced");
        int result = client.rename(ROOT, "old", ROOT, "new", 0);
        if (result == 0) {
            holds("new", "moved");
            assertThat(client.lookup(ROOT, "new")).isZero();
            assertThat(client.entry.nodeid).isEqualTo(node);
            assertThat(client.read(node)).isEqualTo("moved");
        }
        return result;
    }

    private int renameNoReplace() throws IOException {
        long node = made("first", "1");
        long _ = made("second", "2");
        int flags = RenameFlags.RENAME_NOREPLACE;
        assertThat(client.rename(ROOT, "first", ROOT, "second", flags)).isEqualTo(-Errno.EEXIST);
        int result = client.rename(ROOT, "first", ROOT, "third", flags);
        holds("second", "2");
        assertThat(client.read(node)).isEqualTo("1");
        assertThat(client.rename(ROOT, "second", ROOT, "third", RenameFlags.RENAME_EXCHANGE))
                .isEqualTo(-Errno.EINVAL);
        return result;
    }

    private int replacedWhileOpen() throws IOException {
        long node = made("replaced", "before");
        long _ = made("replacement", "after");
        long fh = open(node);
        int result = client.rename(ROOT, "replacement", ROOT, "replaced", 0);
        assertThat(client.read(node, fh, 0, 100)).isEqualTo("before");
        assertThat(client.write(node, fh, 0, "BEFORE")).isEqualTo(6);
        assertThat(client.release(node, fh)).isZero();
        holds("replaced", "after");
        return result;
    }

    private int renameDirectory() throws IOException {
        assertThat(client.mkdir(ROOT, "from", 0755)).isZero();
        long directory = client.entry.nodeid;
        assertThat(client.mkdir(directory, "below", 0755)).isZero();
        long below = client.entry.nodeid;
        assertThat(client.create(below, "file", NEW, 0644)).isZero();
        long node = client.entry.nodeid;
        long fh = client.opened.fh;
        assertThat(client.write(node, fh, 0, "before")).isEqualTo(6);
        // or no directory is renamed at all
        assertThat(client.rename(ROOT, "from", below, "in itself", 0)).isIn(-Errno.EINVAL, -Errno.EXDEV);
        int result = client.rename(ROOT, "from", ROOT, "to", 0);
        if (result == 0) {
            assertThat(client.write(node, fh, 0, "AFTER ")).isEqualTo(6);
            assertThat(client.getattr(node)).isZero();
            assertThat(client.lookup(below, "file")).isZero();
            assertThat(client.entry.nodeid).isEqualTo(node);
        }
        assertThat(client.session.flush(client.caller(), node, fh, 0)).isZero();
        assertThat(client.release(node, fh)).isZero();
        holds(result == 0 ? "to/below/file" : "from/below/file", result == 0 ? "AFTER " : "before");
        return result;
    }

    private int chmod() {
        long node = made("chmod", "");
        assertThat(client.getattr(node)).isZero();
        int before = client.attr.mode;
        client.change.valid = FuseFlags.FATTR_MODE;
        client.change.mode = 0600;
        int result = client.setattr(node);
        assertThat(client.getattr(node)).isZero();
        assertThat(client.attr.mode & 0777).isEqualTo(result == 0 ? 0600 : before & 0777);
        return result;
    }

    private int chown() {
        long node = made("chown", "");
        client.change.valid = FuseFlags.FATTR_UID | FuseFlags.FATTR_GID;
        client.change.uid = 1234;
        client.change.gid = 4321;
        int result = client.setattr(node);
        assertThat(client.getattr(node)).isZero();
        assertThat(client.attr.uid).isEqualTo(result == 0 ? 1234 : 0);
        assertThat(client.attr.gid).isEqualTo(result == 0 ? 4321 : 0);
        return result;
    }

    private int times() {
        long node = made("times", "");
        client.change.valid = FuseFlags.FATTR_ATIME | FuseFlags.FATTR_MTIME;
        client.change.atime = 1_000_000_000;
        client.change.mtime = 1_234_567_890;
        int result = client.setattr(node);
        assertThat(client.getattr(node)).isZero();
        if (result == 0) {
            assertThat(client.attr.mtime).isEqualTo(1_234_567_890);
            assertThat(client.attr.atime).isEqualTo(1_000_000_000);
        }
        return result;
    }

    private int symlink() {
        int result = client.symlink(ROOT, "symlink", "to/nowhere");
        if (result == 0) {
            long node = client.entry.nodeid;
            MemorySegment target = Arena.ofAuto().allocate(4096);
            int length = client.session.readlink(client.caller(), node, target);
            assertThat(new String(target.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8))
                    .isEqualTo("to/nowhere");
            assertThat(client.open(node, OpenFlags.O_RDONLY)).isEqualTo(-Errno.ELOOP);
            assertThat(client.unlink(ROOT, "symlink")).isZero();
        }
        return result;
    }

    private int link() {
        long node = made("link", "abc");
        int result = client.link(node, ROOT, "another");
        if (result == 0) {
            assertThat(client.entry.nodeid).isEqualTo(node);
            assertThat(client.entry.attributes.nlink).isEqualTo(stored.tellsLinks() ? 2 : 1);
            assertThat(client.unlink(ROOT, "link")).isZero();
            assertThat(client.read(node)).isEqualTo("abc");
            assertThat(client.lookup(ROOT, "another")).isZero();
            assertThat(client.entry.nodeid).isEqualTo(node);
        }
        return result;
    }

    private int xattrs() {
        long node = made("xattrs", "");
        MemorySegment value = MemorySegment.ofArray("value".getBytes(StandardCharsets.UTF_8));
        int result = client.session.setxattr(client.caller(), node, client.name("user.name"), value, 0, 0);
        if (result == 0) {
            MemorySegment out = Arena.ofAuto().allocate(100);
            assertThat(client.session.getxattr(client.caller(), node, client.name("user.name"), out))
                    .isEqualTo(5);
            assertThat(out.get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 'v');
            assertThat(client.session.listxattr(client.caller(), node, MemorySegment.NULL))
                    .isEqualTo("user.name".length() + 1);
            assertThat(client.session.getxattr(client.caller(), node, client.name("user.other"), out))
                    .isEqualTo(-Errno.ENODATA);
            assertThat(client.session.setxattr(client.caller(), node, client.name("trusted.x"), value, 0, 0))
                    .isEqualTo(-Errno.EOPNOTSUPP);
            assertThat(client.session.removexattr(client.caller(), node, client.name("user.name")))
                    .isZero();
            assertThat(client.session.listxattr(client.caller(), node, MemorySegment.NULL))
                    .isZero();
        }
        return result;
    }

    private int statfs() {
        Status status = new Status();
        assertThat(client.session.statfs(client.caller(), ROOT, status)).isZero();
        return status.blocks > 0 ? 0 : -Errno.ENODATA;
    }
}
