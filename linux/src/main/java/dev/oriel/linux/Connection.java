package dev.oriel.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.ref.Reference.reachabilityFence;

import dev.oriel.linux.abi.Native;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A connected UNIX stream socket that carries bytes and, along with them, file descriptors (SCM_RIGHTS, unix(7)).
 *
 * <p>One thread receives and one sends at the same time; any thread may shut down. The methods that receive and send
 * answer {@code -errno}, allocate nothing and never leak a descriptor.
 *
 * <p>Memory for each direction, allocated once, host byte order:
 *
 * <pre>
 *     0  struct msghdr    name 8, namelen 4 + 4, iov 8, iovlen 8, control 8, controllen 8, flags 4 + 4
 *    56  struct iovec     address 8, length 8
 *    72  struct cmsghdr   len 8, level 4, type 4, then the descriptors, 4 bytes each
 * </pre>
 */
public final class Connection implements AutoCloseable {
    /** Most descriptors one message can carry (SCM_MAX_FD). */
    public static final int MAX_DESCRIPTORS = 253;

    private static final int SOL_SOCKET = 1;
    private static final int SCM_RIGHTS = 1;
    private static final int MSG_CTRUNC = 0x8;
    private static final int MSG_DONTWAIT = 0x40;
    private static final int MSG_NOSIGNAL = 0x4000;
    private static final int MSG_CMSG_CLOEXEC = 0x4000_0000;

    private static final long MESSAGE_IOV = 16;
    private static final long MESSAGE_IOV_COUNT = 24;
    private static final long MESSAGE_CONTROL = 32;
    private static final long MESSAGE_CONTROL_LENGTH = 40;
    private static final long MESSAGE_FLAGS = 48;
    private static final long IOV = 56;
    private static final long IOV_LENGTH = IOV + 8;
    private static final long CONTROL = 72;
    private static final long CONTROL_HEADER_SIZE = 16;
    private static final long CONTROL_LEVEL = 8;
    private static final long CONTROL_TYPE = 12;
    private static final long CONTROL_SIZE = CONTROL_HEADER_SIZE + align(MAX_DESCRIPTORS * 4L);

    private static final int FOREVER = -1;

    /** No answer of a system call. */
    private static final int READY = Integer.MIN_VALUE;

    /** What is read and not looked at, by any number of threads. */
    private static final MemorySegment REST = Arena.global().allocate(4096);

    private final Descriptor descriptor;
    private final MemorySegment incoming = newMessage();
    private final MemorySegment outgoing = newMessage();

    private Connection(Descriptor descriptor) {
        this.descriptor = descriptor;
    }

    /**
     * Takes ownership of a connected socket.
     *
     * @param fd a UNIX stream socket in blocking mode
     */
    public static Connection fromDescriptor(int fd) {
        return new Connection(new Descriptor(fd));
    }

    private static MemorySegment newMessage() {
        MemorySegment message = Arena.ofAuto().allocate(CONTROL + CONTROL_SIZE, Long.BYTES);
        message.set(JAVA_LONG, MESSAGE_IOV, message.address() + IOV);
        message.set(JAVA_LONG, MESSAGE_IOV_COUNT, 1);
        return message;
    }

    private static long align(long length) {
        return length + 7 & -8;
    }

    /**
     * The process that connected, or listened when this side connected (SO_PEERCRED, unix(7)).
     *
     * @return its process id; 0 if it has none in this namespace of process ids; or -errno
     */
    public int peer() {
        return SocketCalls.peer(descriptor.numberOrNone());
    }

    /** The descriptor, still owned by this object. */
    public int number() {
        return descriptor.number();
    }

    /**
     * Waits for bytes and takes as many as have come, with the descriptors that came along.
     *
     * @param buffer native memory
     * @param offset where in the buffer the bytes go
     * @param length most bytes to take, more than 0
     * @param fds gets the descriptors, and owns them
     * @return bytes taken; 0 at the end of the stream; -EMSGSIZE if more descriptors came than the queue has room for,
     *     -EMFILE if this process may have no more: the descriptors of this message are closed then and the stream is
     *     of no more use; or another -errno
     */
    public int receive(MemorySegment buffer, long offset, int length, DescriptorQueue fds) {
        return receive(buffer, offset, length, fds, FOREVER);
    }

    /**
     * As {@link #receive(MemorySegment, long, int, DescriptorQueue)}, for so long at most.
     *
     * @param timeoutMillis 0 or more
     * @return also -ETIMEDOUT if nothing has come
     */
    public int receive(MemorySegment buffer, long offset, int length, DescriptorQueue fds, int timeoutMillis) {
        incoming.set(JAVA_LONG, IOV, addressIn(buffer, offset, length));
        incoming.set(JAVA_LONG, IOV_LENGTH, length);
        int socket = descriptor.numberOrNone();
        try {
            long result;
            do {
                incoming.set(JAVA_LONG, MESSAGE_CONTROL, incoming.address() + CONTROL);
                incoming.set(JAVA_LONG, MESSAGE_CONTROL_LENGTH, CONTROL_SIZE);
                incoming.set(JAVA_INT, MESSAGE_FLAGS, 0);
                int flags = timeoutMillis < 0 ? MSG_CMSG_CLOEXEC : MSG_CMSG_CLOEXEC | MSG_DONTWAIT;
                result = SocketCalls.recvmsg(socket, incoming.address(), flags);
                if (result == -Errno.EAGAIN) {
                    result = awaitReady(socket, Poll.POLLIN, timeoutMillis);
                }
            } while (result == -Errno.EINTR || result == READY);
            if (result < 0) {
                return (int) result;
            }
            boolean cutOff = (incoming.get(JAVA_INT, MESSAGE_FLAGS) & MSG_CTRUNC) != 0;
            int failure = takeDescriptors(fds, cutOff);
            return failure < 0 ? failure : (int) result;
        } finally {
            reachabilityFence(buffer);
            reachabilityFence(this);
        }
    }

    /** {@link #READY}, -ETIMEDOUT or another -errno. */
    private static int awaitReady(int socket, int events, int timeoutMillis) {
        int result = Poll.pollOne(socket, events, timeoutMillis);
        return result > 0 ? READY : result == 0 ? -Errno.ETIMEDOUT : result;
    }

    /** Hands all descriptors of a message to the queue, or closes them all: 0 or -errno. */
    private int takeDescriptors(DescriptorQueue fds, boolean cutOff) {
        long end = CONTROL + incoming.get(JAVA_LONG, MESSAGE_CONTROL_LENGTH);
        int arrived = 0;
        for (long header = CONTROL; hasHeader(header, end); ) {
            arrived += isRights(header) ? descriptorsIn(header, end) : 0;
            header += align(incoming.get(JAVA_LONG, header));
        }
        // the kernel drops descriptors that do not fit: here only those above the limit of this process
        int failure = cutOff ? -Errno.EMFILE : arrived > fds.room() ? -Errno.EMSGSIZE : 0;
        for (long header = CONTROL; hasHeader(header, end); ) {
            int count = isRights(header) ? descriptorsIn(header, end) : 0;
            for (int i = 0; i < count; i++) {
                int fd = incoming.get(JAVA_INT, header + CONTROL_HEADER_SIZE + 4L * i);
                if (failure < 0 || !fds.add(fd)) {
                    ReceivedDescriptors.close(fd);
                }
            }
            header += align(incoming.get(JAVA_LONG, header));
        }
        return failure;
    }

    private boolean hasHeader(long header, long end) {
        return end - header >= CONTROL_HEADER_SIZE && incoming.get(JAVA_LONG, header) >= CONTROL_HEADER_SIZE;
    }

    private boolean isRights(long header) {
        return incoming.get(JAVA_INT, header + CONTROL_LEVEL) == SOL_SOCKET
                && incoming.get(JAVA_INT, header + CONTROL_TYPE) == SCM_RIGHTS;
    }

    private int descriptorsIn(long header, long end) {
        long length = Math.min(incoming.get(JAVA_LONG, header), end - header);
        return (int) ((length - CONTROL_HEADER_SIZE) / Integer.BYTES);
    }

    /**
     * Sends all bytes, and the descriptors along with the first of them; waits while the other side is slow.
     *
     * @param buffer native memory
     * @param offset where in the buffer the bytes are
     * @param length how many bytes, more than 0
     * @param fds descriptors to send, which stay owned by the caller
     * @param fdCount how many of them, at most {@link #MAX_DESCRIPTORS}
     * @return {@code length}; or -errno, -EPIPE if the other side is gone (no SIGPIPE comes)
     */
    public int send(MemorySegment buffer, long offset, int length, int[] fds, int fdCount) {
        return send(buffer, offset, length, fds, fdCount, FOREVER);
    }

    /**
     * As {@link #send(MemorySegment, long, int, int[], int)}, for a side that goes on reading.
     *
     * @param timeoutMillis 0 or more
     * @return also -ETIMEDOUT if the other side has taken nothing for so long: then the stream is of no more use
     */
    public int send(MemorySegment buffer, long offset, int length, int[] fds, int fdCount, int timeoutMillis) {
        if (fdCount < 0 || fdCount > MAX_DESCRIPTORS) {
            return -Errno.EINVAL;
        }
        long address = addressIn(buffer, offset, length);
        if (fdCount == 0) {
            outgoing.set(JAVA_LONG, MESSAGE_CONTROL, 0);
            outgoing.set(JAVA_LONG, MESSAGE_CONTROL_LENGTH, 0);
        } else {
            outgoing.set(JAVA_LONG, MESSAGE_CONTROL, outgoing.address() + CONTROL);
            outgoing.set(JAVA_LONG, MESSAGE_CONTROL_LENGTH, CONTROL_HEADER_SIZE + align(fdCount * 4L));
            outgoing.set(JAVA_LONG, CONTROL, CONTROL_HEADER_SIZE + fdCount * 4L);
            outgoing.set(JAVA_INT, CONTROL + CONTROL_LEVEL, SOL_SOCKET);
            outgoing.set(JAVA_INT, CONTROL + CONTROL_TYPE, SCM_RIGHTS);
            for (int i = 0; i < fdCount; i++) {
                outgoing.set(JAVA_INT, CONTROL + CONTROL_HEADER_SIZE + 4L * i, fds[i]);
            }
        }
        int socket = descriptor.numberOrNone();
        int sent = 0;
        try {
            while (sent < length) {
                outgoing.set(JAVA_LONG, IOV, address + sent);
                outgoing.set(JAVA_LONG, IOV_LENGTH, length - sent);
                int flags = timeoutMillis < 0 ? MSG_NOSIGNAL : MSG_NOSIGNAL | MSG_DONTWAIT;
                long result = SocketCalls.sendmsg(socket, outgoing.address(), flags);
                if (result == -Errno.EAGAIN) {
                    result = awaitReady(socket, Poll.POLLOUT, timeoutMillis);
                }
                if (result == -Errno.EINTR || result == READY) {
                    continue;
                }
                if (result < 0) {
                    return (int) result;
                }
                sent += (int) result;
                // the descriptors went with the first bytes
                outgoing.set(JAVA_LONG, MESSAGE_CONTROL, 0);
                outgoing.set(JAVA_LONG, MESSAGE_CONTROL_LENGTH, 0);
            }
            return sent;
        } finally {
            reachabilityFence(buffer);
            reachabilityFence(this);
        }
    }

    private static long addressIn(MemorySegment buffer, long offset, int length) {
        if (offset < 0 || length <= 0 || length > buffer.byteSize() - offset) {
            throw new IndexOutOfBoundsException(
                    "bytes " + offset + " to " + (offset + length) + " of a buffer of " + buffer.byteSize());
        }
        return Native.address(buffer) + offset;
    }

    /** Ends both directions: a receiver that waits sees the end of the stream, here and at the other side. */
    public void shutdown() {
        SocketCalls.shutdown(descriptor.numberOrNone(), SocketCalls.SHUT_RDWR);
    }

    /**
     * Ends both directions and reads what has come to its end. A socket that is closed with something unread in it is
     * an error (ECONNRESET) for the other side, which some take badly; after this it is the end of the stream. For the
     * thread that receives.
     */
    public void finish() {
        shutdown();
        try {
            long count;
            do {
                incoming.set(JAVA_LONG, IOV, REST.address());
                incoming.set(JAVA_LONG, IOV_LENGTH, REST.byteSize());
                // Without room for descriptors none arrive: closing one could wait for its file system.
                incoming.set(JAVA_LONG, MESSAGE_CONTROL, 0);
                incoming.set(JAVA_LONG, MESSAGE_CONTROL_LENGTH, 0);
                count = SocketCalls.recvmsg(descriptor.numberOrNone(), incoming.address(), 0);
            } while (count > 0 || count == -Errno.EINTR);
        } finally {
            reachabilityFence(this);
        }
    }

    /** Closes the socket; does nothing the second time. A thread that waits in it is not woken: shut down first. */
    @Override
    public void close() {
        descriptor.close();
    }
}
