package dev.oriel.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.oriel.linux.abi.Native;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** System calls on UNIX stream sockets (unix(7)): what the C function answers, or {@code -errno}. */
final class SocketCalls {
    static final int SHUT_RDWR = 2;

    private static final int AF_UNIX = 1;
    private static final int SOCK_STREAM = 1;
    private static final int SOCK_DGRAM = 2;
    private static final int SOCK_CLOEXEC = OpenFlags.O_CLOEXEC;
    private static final int SOCK_NONBLOCK = OpenFlags.O_NONBLOCK;
    private static final int SOL_SOCKET = 1;
    private static final int MSG_DONTWAIT = 0x40;
    private static final int MSG_NOSIGNAL = 0x4000;
    private static final int SO_ACCEPTCONN = 30;
    private static final int SO_PEERCRED = 17;
    private static final int SO_DOMAIN = 39;

    /** {@code struct sockaddr_un}: 16 bits for the family, then the path and its NUL. */
    private static final int PATH_OFFSET = 2;

    private static final int PATH_SIZE = 108;

    private static final MethodHandle SOCKET = Native.link("socket", 3);
    private static final MethodHandle BIND = Native.link("bind", 3);
    private static final MethodHandle LISTEN = Native.link("listen", 2);
    private static final MethodHandle CONNECT = Native.link("connect", 3);
    private static final MethodHandle ACCEPT4 = Native.link("accept4", 4);
    private static final MethodHandle SHUTDOWN = Native.link("shutdown", 2);
    private static final MethodHandle RECVMSG = Native.link("recvmsg", 3);
    private static final MethodHandle SENDMSG = Native.link("sendmsg", 3);

    private SocketCalls() {}

    private static final class Rare {
        static final MethodHandle SOCKETPAIR = Native.link("socketpair", 4);
        static final MethodHandle SEND = Native.link("send", 4);
        static final MethodHandle GETSOCKOPT = Native.link("getsockopt", 5);

        private Rare() {}
    }

    /**
     * The address of a socket in the file system.
     *
     * @throws LinuxException ENAMETOOLONG if the path does not fit
     */
    static MemorySegment address(Path path, Arena arena) throws LinuxException {
        byte[] bytes = path.toString().getBytes(StandardCharsets.UTF_8);
        if (bytes.length == 0 || bytes.length >= PATH_SIZE) {
            throw new LinuxException(
                    "use the socket path " + path + " (" + bytes.length + " bytes; a socket path has 1 to "
                            + (PATH_SIZE - 1) + ")",
                    bytes.length == 0 ? Errno.ENOENT : Errno.ENAMETOOLONG);
        }
        MemorySegment address = arena.allocate(PATH_OFFSET + PATH_SIZE, Short.BYTES);
        address.set(JAVA_SHORT, 0, (short) AF_UNIX);
        MemorySegment.copy(bytes, 0, address, JAVA_BYTE, PATH_OFFSET, bytes.length);
        return address;
    }

    static int socket() {
        return Native.callInt(SOCKET, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    }

    /** Sends without waiting and without SIGPIPE, whatever the flags of the socket are. */
    static long sendNow(int fd, long address, long length) {
        return Native.callLong(Rare.SEND, fd, address, length, MSG_DONTWAIT | MSG_NOSIGNAL);
    }

    static int nonBlockingSocket() {
        return Native.callInt(SOCKET, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    }

    static int nonBlockingDatagramSocket() {
        return Native.callInt(SOCKET, AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    }

    static int bind(int fd, MemorySegment address) {
        return Native.callInt(BIND, fd, Native.address(address), address.byteSize());
    }

    static int listen(int fd, int backlog) {
        return Native.callInt(LISTEN, fd, backlog);
    }

    static int connect(int fd, MemorySegment address) {
        return Native.callInt(CONNECT, fd, Native.address(address), address.byteSize());
    }

    static int accept(int fd) {
        return Native.callInt(ACCEPT4, fd, 0, 0, SOCK_CLOEXEC);
    }

    static int shutdown(int fd, int how) {
        return Native.callInt(SHUTDOWN, fd, how);
    }

    static long recvmsg(int fd, long message, int flags) {
        return Native.callLong(RECVMSG, fd, message, flags);
    }

    static long sendmsg(int fd, long message, int flags) {
        return Native.callLong(SENDMSG, fd, message, flags);
    }

    /** @param pair room for two ints, the new descriptors */
    static int socketpair(MemorySegment pair) {
        return Native.callInt(
                Rare.SOCKETPAIR, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, Native.address(pair, 2 * Integer.BYTES));
    }

    /** Whether this is a UNIX socket: 1 or 0, or -errno. */
    static int isUnix(int fd) {
        int domain = option(fd, SO_DOMAIN);
        return domain < 0 ? domain : domain == AF_UNIX ? 1 : 0;
    }

    /** Whether listen(2) was called on this socket: 1 or 0, or -errno. */
    static int isListening(int fd) {
        return option(fd, SO_ACCEPTCONN);
    }

    /** The process at the other end: the first member of its {@code struct ucred}; or -errno. */
    static int peer(int fd) {
        return option(fd, SO_PEERCRED);
    }

    private static int option(int fd, int option) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment value = arena.allocate(JAVA_INT);
            MemorySegment size = arena.allocate(JAVA_INT);
            size.set(JAVA_INT, 0, Integer.BYTES);
            int result = Native.callInt(Rare.GETSOCKOPT, fd, SOL_SOCKET, option, value.address(), size.address());
            return result < 0 ? result : value.get(JAVA_INT, 0);
        }
    }
}
