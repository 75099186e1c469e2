package dev.oriel.linux;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.oriel.linux.abi.Native;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * An eventfd(2): a counter that one side adds to and the other waits for. Kicks and interrupts of virtio queues are
 * made of them.
 *
 * <p>The static methods are for the request path: plain descriptors, {@code -errno} and no allocation. Any thread.
 */
public final class EventDescriptor implements AutoCloseable {
    public static final int EFD_SEMAPHORE = 1;
    public static final int EFD_NONBLOCK = OpenFlags.O_NONBLOCK;
    public static final int EFD_CLOEXEC = OpenFlags.O_CLOEXEC;

    private static final MethodHandle READ = Native.link("read", 3);
    private static final MethodHandle WRITE = Native.link("write", 3);

    /** The number 1, never freed and never written again, so all threads may share it. */
    private static final MemorySegment ONE = Arena.global().allocate(Long.BYTES, Long.BYTES);

    static {
        ONE.set(JAVA_LONG, 0, 1);
    }

    /**
     * Where in the words of the thread the counter and the struct iovec { address, length } are that preadv2(2) takes
     * it by.
     */
    private static final int COUNTER = 0;

    private static final int VECTOR = 1;

    private static final class Rare {
        static final MethodHandle EVENTFD = Native.link("eventfd", 2);

        private Rare() {}
    }

    private final Descriptor descriptor;

    private EventDescriptor(Descriptor descriptor) {
        this.descriptor = descriptor;
    }

    /**
     * Makes a new one with the counter at 0.
     *
     * @param flags 0, or of {@code EFD_SEMAPHORE} and {@code EFD_NONBLOCK}; EFD_CLOEXEC is added
     */
    public static EventDescriptor create(int flags) throws LinuxException {
        int fd = Native.callInt(Rare.EVENTFD, 0, flags | EFD_CLOEXEC);
        return new EventDescriptor(new Descriptor(LinuxException.check(fd, "create an eventfd")));
    }

    /**
     * Takes ownership of one that came from elsewhere.
     *
     * @param fd an eventfd, blocking or not
     */
    public static EventDescriptor adopt(int fd) {
        return new EventDescriptor(new Descriptor(fd));
    }

    /**
     * Makes an eventfd that came from the other side O_NONBLOCK, for everybody who has it. The other side can undo that
     * at any time: who must not wait reads by {@link #take} and signals by {@link PeerEvent}.
     *
     * @return null; or what it is, if that is no eventfd: a plain file would be ready for ever, and written to
     */
    public static @Nullable String unblock(int fd) {
        String kind = kindOf(fd);
        int flags = FileCalls.fcntl(fd, FcntlCommand.F_GETFL, 0);
        return kind.equals("anon_inode:[eventfd]")
                        && flags >= 0
                        && FileCalls.fcntl(fd, FcntlCommand.F_SETFL, flags | OpenFlags.O_NONBLOCK) >= 0
                ? null
                : kind;
    }

    /** Whether a descriptor is a socket: what user-mode Linux is interrupted by. */
    public static boolean isSocket(int fd) {
        return kindOf(fd).startsWith("socket:");
    }

    /** What the kernel says a descriptor is. */
    private static String kindOf(int fd) {
        try {
            return Files.readSymbolicLink(Path.of("/proc/self/fd/" + fd)).toString();
        } catch (IOException unknown) {
            return "unknown (" + unknown.getMessage() + ")";
        }
    }

    /**
     * Adds 1 to the counter of an eventfd.
     *
     * @return 0, also if the counter is full, as then the other side has not looked yet; or -errno
     */
    public static int signal(int fd) {
        long result;
        do {
            result = Native.callLong(WRITE, fd, ONE.address(), Long.BYTES);
        } while (result == -Errno.EINTR);
        return result >= 0 || result == -Errno.EAGAIN ? 0 : (int) result;
    }

    /**
     * Sends as much to a socket, and never waits.
     *
     * @return 0, also if the socket is full; or -errno
     */
    static int signalSocket(int fd) {
        long result;
        do {
            result = SocketCalls.sendNow(fd, ONE.address(), Long.BYTES);
        } while (result == -Errno.EINTR);
        return result >= 0 || result == -Errno.EAGAIN ? 0 : (int) result;
    }

    /**
     * Takes the counter of an eventfd and sets it to 0. Blocks while it is 0, unless the descriptor is O_NONBLOCK.
     *
     * @return the counter, more than 0; -EAGAIN if it is 0; or another -errno
     */
    public static long read(int fd) {
        long result;
        do {
            result = Native.callLong(READ, fd, Native.wordAddress(0), Long.BYTES);
        } while (result == -Errno.EINTR);
        if (result < 0) {
            return result;
        }
        // whoever made the descriptor decides what comes out: a pipe may be short, a file of any value
        return result == Long.BYTES ? Native.word(0) & Long.MAX_VALUE : -Errno.EIO;
    }

    /**
     * Takes the counter of an eventfd and sets it to 0; never waits, whatever flags the other side gives the
     * descriptor.
     *
     * @return the counter, more than 0; -EAGAIN if it is 0; or another -errno
     */
    public static long take(int fd) {
        Native.setWord(VECTOR, Native.wordAddress(COUNTER));
        Native.setWord(VECTOR + 1, Long.BYTES);
        long result;
        do {
            result = FileCalls.preadv2(fd, Native.wordAddress(VECTOR), 1, -1, TransferFlags.RWF_NOWAIT);
        } while (result == -Errno.EINTR);
        if (result < 0) {
            return result;
        }
        return result == Long.BYTES ? Native.word(COUNTER) & Long.MAX_VALUE : -Errno.EIO;
    }

    /**
     * Waits until the counter is above 0 and sets it to 0, whether or not the descriptor is O_NONBLOCK.
     *
     * @return the counter, or -errno
     */
    public static long await(int fd) {
        long result = read(fd);
        while (result == -Errno.EAGAIN) {
            int ready = Poll.awaitReadable(fd);
            if (ready < 0) {
                return ready;
            }
            result = read(fd);
        }
        return result;
    }

    /** The descriptor, still owned by this object. */
    public int number() {
        return descriptor.number();
    }

    /** As {@link #signal(int)}; -EBADF if it is closed. */
    public int signal() {
        return signal(descriptor.numberOrNone());
    }

    /** As {@link #await(int)}. */
    public long await() {
        return await(descriptor.number());
    }

    /**
     * Sets the counter to 0 without waiting.
     *
     * @return the counter, 0 or more, or -errno
     */
    public long drain() {
        int fd = descriptor.number();
        int ready = Poll.pollOne(fd, Poll.POLLIN, 0);
        if (ready <= 0) {
            return ready;
        }
        long result = read(fd);
        return result == -Errno.EAGAIN ? 0 : result;
    }

    /** Closes the descriptor; does nothing the second time. A thread that waits is not woken: signal first. */
    @Override
    public void close() {
        descriptor.close();
    }
}
