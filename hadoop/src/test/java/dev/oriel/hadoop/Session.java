package dev.oriel.hadoop;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.filesystem.Entry;
import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.filesystem.Name;
import dev.oriel.filesystem.Opened;
import dev.oriel.filesystem.Request;
import dev.oriel.filesystem.Usage;
import dev.oriel.linux.OpenFlags;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** A session as root has it, without a device in between: names in its root. */
final class Session implements AutoCloseable {
    private static final Request ROOT_ASKS = new Request() {
        @Override
        public long unique() {
            return 2;
        }

        @Override
        public int uid() {
            return 0;
        }

        @Override
        public int gid() {
            return 0;
        }

        @Override
        public int pid() {
            return 1;
        }

        @Override
        public int supplementaryGid() {
            return -1;
        }

        @Override
        public int securityContexts() {
            return 0;
        }

        @Override
        public MemorySegment securityContextName(int index) {
            throw new IndexOutOfBoundsException(index);
        }

        @Override
        public MemorySegment securityContextValue(int index) {
            throw new IndexOutOfBoundsException(index);
        }

        @Override
        public boolean mayBlock() {
            return true;
        }
    };

    private final FileSystemSession session;
    private final Entry entry = new Entry();
    private final List<Long> known = new ArrayList<>();

    /** @param session closed with this */
    Session(FileSystemSession session) {
        this.session = session;
    }

    private static Name name(String text) {
        Name name = new Name(Arena.ofAuto().allocate(1024));
        byte[] bytes = text.getBytes(UTF_8);
        assertThat(name.set(MemorySegment.ofArray(bytes), 0, bytes.length)).isTrue();
        return name;
    }

    private int entered(int result) {
        if (result == 0) {
            known.add(entry.nodeid);
        }
        return result;
    }

    int lookup(String name) {
        return entered(session.lookup(ROOT_ASKS, FileSystemSession.ROOT, name(name), entry));
    }

    int mkdir(String name) {
        return entered(session.mkdir(ROOT_ASKS, FileSystemSession.ROOT, name(name), 0755, 0, entry));
    }

    int create(String name) {
        int flags = OpenFlags.O_RDWR | OpenFlags.O_EXCL;
        Opened opened = new Opened();
        return entered(session.create(ROOT_ASKS, FileSystemSession.ROOT, name(name), flags, 0644, 0, 0, entry, opened));
    }

    /** The inode number of what was found or made last. */
    long ino() {
        return entry.attributes.ino;
    }

    int rename(String from, String to) {
        return session.rename(ROOT_ASKS, FileSystemSession.ROOT, name(from), FileSystemSession.ROOT, name(to), 0);
    }

    void forgetAll() {
        known.forEach(nodeid -> session.forget(nodeid, 1));
        known.clear();
    }

    /** Bytes of heap that are left for nodes. */
    long left() {
        Usage usage = new Usage();
        session.usage(usage);
        return usage.nodeMemoryLeft;
    }

    @Override
    public void close() {
        session.close();
    }
}
