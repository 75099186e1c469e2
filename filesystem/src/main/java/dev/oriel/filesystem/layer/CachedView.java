package dev.oriel.filesystem.layer;

import dev.oriel.filesystem.AttributeChange;
import dev.oriel.filesystem.Attributes;
import dev.oriel.filesystem.DirectoryEntries;
import dev.oriel.filesystem.Entry;
import dev.oriel.filesystem.FileSystem;
import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.filesystem.ForwardingSession;
import dev.oriel.filesystem.Name;
import dev.oriel.filesystem.Opened;
import dev.oriel.filesystem.Request;
import dev.oriel.fuse.FuseFlags;
import dev.oriel.fuse.FuseInitFlags;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A file system whose clients keep what {@link CacheRules} let them, whatever it says itself. */
public final class CachedView implements FileSystem {
    private static final int CACHE_FLAGS = FuseFlags.FOPEN_KEEP_CACHE
            | FuseFlags.FOPEN_CACHE_DIR
            | FuseFlags.FOPEN_DIRECT_IO
            | FuseFlags.FOPEN_PARALLEL_DIRECT_WRITES;

    private final FileSystem behind;
    private final CacheRules rules;
    private final ThreadLocal<LimitedEntries> limited;

    /** Stands before a file system, and closes it when it is closed. */
    public CachedView(FileSystem behind, CacheRules rules) {
        this.behind = behind;
        this.rules = rules;
        limited = ThreadLocal.withInitial(() -> new LimitedEntries(rules.validNanos()));
    }

    @Override
    public FileSystemSession begin(long offered) {
        long known = offered & ~FuseInitFlags.WRITEBACK_CACHE;
        if (!rules.readdirplus()) {
            known &= ~(FuseInitFlags.DO_READDIRPLUS | FuseInitFlags.READDIRPLUS_AUTO);
        }
        long added = rules.allowMmap() ? offered & FuseInitFlags.DIRECT_IO_ALLOW_MMAP : 0;
        return new Session(behind.begin(known), rules, added, limited);
    }

    @Override
    public void close() {
        behind.close();
    }

    private static final class Session extends ForwardingSession {
        private final FileSystemSession session;
        private final CacheRules rules;
        private final long added;
        private final ThreadLocal<LimitedEntries> limited;

        Session(FileSystemSession session, CacheRules rules, long added, ThreadLocal<LimitedEntries> limited) {
            this.session = session;
            this.rules = rules;
            this.added = added;
            this.limited = limited;
        }

        @Override
        protected FileSystemSession delegate() {
            return session;
        }

        @Override
        public long flags() {
            return session.flags() | added;
        }

        private void limit(Entry entry) {
            // that there is no such name is remembered for as long as the session behind says
            if (entry.nodeid != 0) {
                entry.validNanos = rules.validNanos();
            }
            limit(entry.attributes);
        }

        private void limit(Attributes attributes) {
            attributes.validNanos = rules.validNanos();
        }

        private void open(Opened out, int flags) {
            out.openFlags = (out.openFlags & ~CACHE_FLAGS) | flags;
        }

        @Override
        public int lookup(Request request, long parent, Name name, Entry out) {
            int result = session.lookup(request, parent, name, out);
            limit(out);
            return result;
        }

        @Override
        public int getattr(Request request, long nodeid, long fh, Attributes out) {
            int result = session.getattr(request, nodeid, fh, out);
            limit(out);
            return result;
        }

        @Override
        public int statx(Request request, long nodeid, long fh, int syncFlags, int mask, Attributes out) {
            int result = session.statx(request, nodeid, fh, syncFlags, mask, out);
            limit(out);
            return result;
        }

        @Override
        public int setattr(Request request, long nodeid, AttributeChange in, Attributes out) {
            int result = session.setattr(request, nodeid, in, out);
            limit(out);
            return result;
        }

        @Override
        public int symlink(Request request, long parent, Name name, Name target, Entry out) {
            int result = session.symlink(request, parent, name, target, out);
            limit(out);
            return result;
        }

        @Override
        public int mknod(Request request, long parent, Name name, int mode, int rdev, int umask, Entry out) {
            int result = session.mknod(request, parent, name, mode, rdev, umask, out);
            limit(out);
            return result;
        }

        @Override
        public int mkdir(Request request, long parent, Name name, int mode, int umask, Entry out) {
            int result = session.mkdir(request, parent, name, mode, umask, out);
            limit(out);
            return result;
        }

        @Override
        public int link(Request request, long nodeid, long newParent, Name newName, Entry out) {
            int result = session.link(request, nodeid, newParent, newName, out);
            limit(out);
            return result;
        }

        @Override
        public int open(Request request, long nodeid, int flags, int openFlags, Opened out) {
            int result = session.open(request, nodeid, flags, openFlags, out);
            open(out, rules.fileOpenFlags());
            return result;
        }

        @Override
        public int opendir(Request request, long nodeid, int flags, Opened out) {
            int result = session.opendir(request, nodeid, flags, out);
            open(out, rules.directoryOpenFlags());
            return result;
        }

        @Override
        public int create(
                Request request,
                long parent,
                Name name,
                int flags,
                int mode,
                int umask,
                int openFlags,
                Entry entry,
                Opened out) {
            int result = session.create(request, parent, name, flags, mode, umask, openFlags, entry, out);
            limit(entry);
            open(out, rules.fileOpenFlags());
            return result;
        }

        @Override
        public int tmpfile(
                Request request, long parent, int flags, int mode, int umask, int openFlags, Entry entry, Opened out) {
            int result = session.tmpfile(request, parent, flags, mode, umask, openFlags, entry, out);
            limit(entry);
            open(out, rules.fileOpenFlags());
            return result;
        }

        @Override
        public int readdir(Request request, long nodeid, long fh, long offset, boolean plus, DirectoryEntries entries) {
            return session.readdir(
                    request, nodeid, fh, offset, plus, plus ? limited.get().into(entries) : entries);
        }
    }

    /** A reply to READDIRPLUS. One for each thread. */
    private static final class LimitedEntries implements DirectoryEntries {
        private final long validNanos;
        private @Nullable DirectoryEntries target;

        LimitedEntries(long validNanos) {
            this.validNanos = validNanos;
        }

        /** Before a READDIR: where its entries go. */
        LimitedEntries into(DirectoryEntries entries) {
            target = entries;
            return this;
        }

        private DirectoryEntries target() {
            return Objects.requireNonNull(target);
        }

        @Override
        public boolean fits(int nameLength) {
            return target().fits(nameLength);
        }

        @Override
        public boolean add(long ino, long next, int type, MemorySegment name, long nameOffset, int nameLength) {
            return target().add(ino, next, type, name, nameOffset, nameLength);
        }

        @Override
        public Entry entry() {
            return target().entry();
        }

        @Override
        public boolean add(Entry entry, long next, MemorySegment name, long nameOffset, int nameLength) {
            entry.validNanos = validNanos;
            entry.attributes.validNanos = validNanos;
            return target().add(entry, next, name, nameOffset, nameLength);
        }
    }
}
