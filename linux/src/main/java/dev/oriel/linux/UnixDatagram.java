package dev.oriel.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;

/** A UNIX datagram socket that is connected to a receiver, as syslog's (unix(7)). Safe for all threads. */
public final class UnixDatagram implements AutoCloseable {
    private final Descriptor descriptor;

    private UnixDatagram(Descriptor descriptor) {
        this.descriptor = descriptor;
    }

    /**
     * Connects to the process that receives at a path.
     *
     * @throws LinuxException ENOENT or ECONNREFUSED if nobody does, EPROTOTYPE if it is no datagram socket
     */
    public static UnixDatagram connect(Path path) throws LinuxException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment address = SocketCalls.address(path, arena);
            Descriptor descriptor =
                    new Descriptor(LinuxException.check(SocketCalls.nonBlockingDatagramSocket(), "create a socket"));
            int connected = SocketCalls.connect(descriptor.number(), address);
            if (connected < 0) {
                descriptor.close();
                throw new LinuxException("connect to " + path, -connected);
            }
            return new UnixDatagram(descriptor);
        }
    }

    /**
     * Sends one datagram, without waiting.
     *
     * @return 0, or -errno: -EAGAIN while the receiver is slow, -ECONNREFUSED or -ENOTCONN once it is gone
     */
    public int send(byte[] bytes) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes);
            long sent = FileCalls.write(descriptor.number(), memory, bytes.length);
            return sent < 0 ? (int) sent : 0;
        }
    }

    @Override
    public void close() {
        descriptor.close();
    }
}
