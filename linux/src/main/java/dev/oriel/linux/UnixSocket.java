package dev.oriel.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A UNIX stream socket that waits for connections (unix(7)).
 *
 * <p>One thread accepts; any thread may shut it down. Closing removes the socket from the file system if this object
 * made it and nobody replaced it since.
 */
public final class UnixSocket implements AutoCloseable {
    private final Descriptor descriptor;
    private final @Nullable Path path;
    private final long device;
    private final long inode;

    private UnixSocket(Descriptor descriptor, @Nullable Path path, long device, long inode) {
        this.descriptor = descriptor;
        this.path = path;
        this.device = device;
        this.inode = inode;
    }

    /**
     * Makes a socket at a path and listens. A socket that a dead process left there is replaced.
     *
     * @param backlog how many connections may wait to be accepted
     * @throws LinuxException EADDRINUSE if a live process listens there, EEXIST if something else than a socket is
     *     there, or what bind(2) says
     */
    public static UnixSocket listen(Path path, int backlog) throws LinuxException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment address = SocketCalls.address(path, arena);
            Descriptor descriptor = new Descriptor(LinuxException.check(SocketCalls.socket(), "create a socket"));
            try {
                int bound = SocketCalls.bind(descriptor.number(), address);
                if (bound == -Errno.EADDRINUSE) {
                    removeStale(path, address, arena);
                    bound = SocketCalls.bind(descriptor.number(), address);
                }
                // At once: whoever waits for the path to appear connects to it then.
                int listens = bound < 0 ? bound : SocketCalls.listen(descriptor.number(), backlog);
                LinuxException.check(bound, "create the socket " + path);
                StatxBuffer attributes = attributes(path, arena);
                UnixSocket socket = new UnixSocket(descriptor, path, device(attributes), attributes.ino());
                try {
                    LinuxException.check(listens, "listen on the socket " + path);
                } catch (LinuxException failed) {
                    socket.close();
                    throw failed;
                }
                return socket;
            } catch (LinuxException failed) {
                descriptor.close();
                throw failed;
            }
        }
    }

    private static void removeStale(Path path, MemorySegment address, Arena arena) throws LinuxException {
        if (attributes(path, arena).type() != FileMode.S_IFSOCK) {
            throw new LinuxException(
                    "listen on " + path
                            + " (something that is not a socket is there; remove it or choose another path)",
                    Errno.EEXIST);
        }
        // non-blocking: a live server whose backlog is full answers EAGAIN instead of holding us up
        int fd = LinuxException.check(SocketCalls.nonBlockingSocket(), "create a socket");
        int connected = SocketCalls.connect(fd, address);
        FileCalls.close(fd);
        if (connected >= 0 || connected == -Errno.EAGAIN) {
            throw new LinuxException(
                    "listen on " + path + " (another process listens there; stop it or choose another path)",
                    Errno.EADDRINUSE);
        }
        if (connected != -Errno.ECONNREFUSED && connected != -Errno.ENOENT) {
            throw new LinuxException("find out whether a process listens on " + path, -connected);
        }
        int removed = NameCalls.unlinkat(At.AT_FDCWD, CString.of(path.toString(), arena), 0);
        if (removed != -Errno.ENOENT) {
            LinuxException.check(removed, "remove the socket " + path + " that a dead process left");
        }
    }

    private static StatxBuffer attributes(Path path, Arena arena) throws LinuxException {
        StatxBuffer attributes = new StatxBuffer(arena);
        LinuxException.check(
                FileCalls.statx(
                        At.AT_FDCWD,
                        CString.of(path.toString(), arena),
                        At.AT_SYMLINK_NOFOLLOW,
                        StatxBuffer.STATX_BASIC_STATS,
                        attributes),
                "look at " + path);
        return attributes;
    }

    private static long device(StatxBuffer attributes) {
        return FileMode.device(attributes.devMajor(), attributes.devMinor());
    }

    /**
     * Takes ownership of a socket that listens already, as socket activation passes it. Its path stays when this is
     * closed.
     *
     * @throws LinuxException EBADF or ENOTSOCK if it is no socket, EINVAL if it is no UNIX socket or does not listen;
     *     then the descriptor still belongs to the caller
     */
    public static UnixSocket fromDescriptor(int fd) throws LinuxException {
        String what = "use descriptor " + fd + " as a listening UNIX socket";
        if (fd < 0) {
            throw new LinuxException(what, Errno.EBADF);
        }
        if (LinuxException.check(SocketCalls.isUnix(fd), what) == 0
                || LinuxException.check(SocketCalls.isListening(fd), what) == 0) {
            throw new LinuxException(what, Errno.EINVAL);
        }
        return new UnixSocket(new Descriptor(fd), null, 0, 0);
    }

    /** Connects to the process that listens at a path; waits while its backlog is full. */
    public static Connection connect(Path path) throws LinuxException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment address = SocketCalls.address(path, arena);
            int fd = LinuxException.check(SocketCalls.socket(), "create a socket");
            int connected;
            do {
                connected = SocketCalls.connect(fd, address);
            } while (connected == -Errno.EINTR);
            if (connected < 0) {
                FileCalls.close(fd);
                throw new LinuxException("connect to " + path, -connected);
            }
            return Connection.fromDescriptor(fd);
        }
    }

    /** The two ends of a connection inside this process. */
    public record Pair(Connection first, Connection second) implements AutoCloseable {
        /** Closes both. */
        @Override
        public void close() {
            first.close();
            second.close();
        }
    }

    /** Makes two sockets that are connected with each other. */
    public static Pair pair() throws LinuxException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment numbers = arena.allocate(JAVA_INT, 2);
            LinuxException.check(SocketCalls.socketpair(numbers), "create a pair of sockets");
            return new Pair(
                    Connection.fromDescriptor(numbers.get(JAVA_INT, 0)),
                    Connection.fromDescriptor(numbers.get(JAVA_INT, Integer.BYTES)));
        }
    }

    /** Where it listens; null if it was made elsewhere. */
    public @Nullable Path path() {
        return path;
    }

    /** The descriptor, still owned by this object. */
    public int number() {
        return descriptor.number();
    }

    /**
     * Waits for a connection.
     *
     * @return the connection, owned by the caller; null once this socket is shut down
     * @throws LinuxException for example EMFILE
     */
    public @Nullable Connection accept() throws LinuxException {
        while (true) {
            int fd = SocketCalls.accept(descriptor.numberOrNone());
            if (fd >= 0) {
                try {
                    return Connection.fromDescriptor(fd);
                } catch (Throwable failed) {
                    FileCalls.close(fd);
                    throw failed;
                }
            }
            if (fd == -Errno.EINVAL || !descriptor.isOpen()) {
                return null;
            }
            // ECONNABORTED: the other side left before it was its turn
            if (fd != -Errno.EINTR && fd != -Errno.ECONNABORTED) {
                throw new LinuxException("accept a connection" + (path == null ? "" : " on " + path), -fd);
            }
        }
    }

    /** Makes {@link #accept()} answer null, in this thread and in one that waits in it. */
    public void shutdown() {
        SocketCalls.shutdown(descriptor.numberOrNone(), SocketCalls.SHUT_RDWR);
    }

    /**
     * Shuts down, closes, and removes the socket from the file system; does nothing the second time. Where another
     * thread accepts, shut down first and close when it has ended.
     */
    @Override
    public synchronized void close() {
        if (!descriptor.isOpen()) {
            return;
        }
        shutdown();
        descriptor.close();
        if (path == null) {
            return;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = CString.of(path.toString(), arena);
            StatxBuffer now = new StatxBuffer(arena);
            int found = FileCalls.statx(At.AT_FDCWD, name, At.AT_SYMLINK_NOFOLLOW, StatxBuffer.STATX_BASIC_STATS, now);
            if (found == 0 && now.ino() == inode && device(now) == device) {
                NameCalls.unlinkat(At.AT_FDCWD, name, 0);
            }
        }
    }
}
