package dev.oriel.filesystem.local;

import dev.oriel.filesystem.FileSystem;
import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.linux.At;
import dev.oriel.linux.CString;
import dev.oriel.linux.Descriptor;
import dev.oriel.linux.Errno;
import dev.oriel.linux.FileCalls;
import dev.oriel.linux.FileHandleBuffer;
import dev.oriel.linux.LinuxException;
import dev.oriel.linux.OpenFlags;
import dev.oriel.linux.ProcSelfFd;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.ThreadFactory;

/**
 * A host directory, with Linux's semantics.
 *
 * <p>As root it acts with the ids of the client's callers; otherwise as the one user it runs as, and what that user may
 * not do (giving files away, for one) is answered with the host's errno. What the client may do among its own users is
 * the client's to check ({@code default_permissions}).
 *
 * <p>Nothing outside the directory is reached: names are looked up one at a time relative to a descriptor, links are
 * never followed, and special files never opened.
 */
public final class LocalFileSystem implements FileSystem {
    private final LocalOptions options;
    private final Budgets budgets;
    private final Descriptor root;
    private final boolean changesIds;
    private final SecondReader second = new SecondReader();

    private LocalFileSystem(LocalOptions options, Descriptor root) {
        this.options = options;
        this.root = root;
        budgets = new Budgets(options);
        changesIds = CallerIdentity.canChange();
    }

    /**
     * Opens the shared directory.
     *
     * @throws LinuxException if it is no directory that can be read, if there is no /proc, or if file handles are
     *     mandatory and cannot be used
     */
    public static LocalFileSystem open(LocalOptions options) throws LinuxException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment path = CString.of(options.sharedDir().toString(), arena);
            // Opened for reading once, as every client will have to.
            Descriptor readable = new Descriptor(LinuxException.check(
                    FileCalls.openat(At.AT_FDCWD, path, OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY, 0),
                    "cannot share the directory " + options.sharedDir()));
            try (readable) {
                Descriptor root = new Descriptor(LinuxException.check(
                        FileCalls.openat(readable.number(), CString.of(".", arena), OpenFlags.O_PATH, 0),
                        "cannot share the directory " + options.sharedDir()));
                try {
                    requireProc(root);
                    if (options.inodeFileHandles() == FileHandlePolicy.MANDATORY) {
                        requireHandles(options, readable, arena);
                    }
                } catch (LinuxException e) {
                    root.close();
                    throw e;
                }
                return new LocalFileSystem(options, root);
            }
        }
    }

    private static void requireProc(Descriptor root) throws LinuxException {
        int again = FileCalls.openat(At.AT_FDCWD, ProcSelfFd.path(root.number()), OpenFlags.O_PATH, 0);
        LinuxException.check(again, "files are opened through /proc/self/fd, but there is no usable /proc here");
        FileCalls.close(again);
    }

    private static void requireHandles(LocalOptions options, Descriptor readable, Arena arena) throws LinuxException {
        FileHandleBuffer handle = new FileHandleBuffer(arena);
        LinuxException.check(
                FileCalls.name_to_handle_at(
                        readable.number(), CString.EMPTY, handle, arena.allocate(Long.BYTES), At.AT_EMPTY_PATH),
                "file handles are mandatory, but the file system of " + options.sharedDir() + " has none");
        int opened = FileCalls.open_by_handle_at(readable.number(), handle, OpenFlags.O_PATH);
        LinuxException.check(
                opened,
                opened == -Errno.EPERM
                        ? "file handles are mandatory, but opening one needs the capability CAP_DAC_READ_SEARCH"
                        : "file handles are mandatory, but those of " + options.sharedDir() + " cannot be opened");
        FileCalls.close(opened);
    }

    /** How the directory is served. */
    public LocalOptions options() {
        return options;
    }

    @Override
    public FileSystemSession begin(long offered) {
        int directory = root.number();
        long flags = SessionFlags.choose(options, offered, changesIds, DirectoryCookies.areSteady(directory));
        ThreadFactory threads =
                Thread.ofPlatform().daemon().name("oriel-files-by-node").factory();
        SessionState state = new SessionState(options, budgets, flags, changesIds, directory, threads);
        try {
            return new LocalSession(state, budgets, second);
        } catch (RuntimeException | Error failed) {
            state.close();
            throw failed;
        }
    }

    @Override
    public void close() {
        second.close();
        root.close();
    }
}
