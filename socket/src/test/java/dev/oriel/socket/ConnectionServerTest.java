package dev.oriel.socket;

import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.linux.Connection;
import dev.oriel.linux.DescriptorQueue;
import dev.oriel.linux.UnixSocket;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * One connection that cannot be served, for whatever reason, ends; the next one is served, and the server can be
 * closed.
 */
@Timeout(60)
class ConnectionServerTest {
    private static final byte ANSWER = 42;

    private final MemorySegment buffer = Arena.ofAuto().allocate(64);
    private final AtomicInteger asked = new AtomicInteger();

    @TempDir
    Path folder;

    @SuppressWarnings("NullAway.Init") // by each test
    private ConnectionServer server;

    @SuppressWarnings("NullAway.Init")
    private Thread accepting;

    private void serve(
            BiFunction<String, Connection, ConnectionServer.Service> services, int most, ThreadFactory threads)
            throws Exception {
        serve(UnixSocket.listen(folder.resolve("socket"), 4), services, most, threads);
    }

    private void serve(
            UnixSocket socket,
            BiFunction<String, Connection, ConnectionServer.Service> services,
            int most,
            ThreadFactory threads) {
        server = new ConnectionServer(socket, services, most, threads);
        accepting = Thread.ofPlatform().daemon().start(() -> {
            try {
                server.run();
            } catch (IOException failed) {
                throw new IllegalStateException(failed);
            }
        });
    }

    private void serve(BiFunction<String, Connection, ConnectionServer.Service> services) throws Exception {
        serve(services, 4, Thread.ofPlatform().daemon().factory());
    }

    @AfterEach
    void theServerCanBeClosed() throws Exception {
        server.close();
        accepting.join();
        assertThat(server.connections()).isZero();
    }

    /** Answers one byte, and ends. */
    private record Answering(Connection connection) implements ConnectionServer.Service {
        @Override
        public void run() {
            MemorySegment reply = Arena.ofAuto().allocate(1);
            reply.set(java.lang.foreign.ValueLayout.JAVA_BYTE, 0, ANSWER);
            connection.send(reply, 0, 1, new int[0], 0);
            connection.close();
        }

        @Override
        public void close() {
            connection.shutdown();
        }
    }

    /** What a client gets: 1 if it is served, 0 if its connection ends. */
    private int connect() throws Exception {
        try (Connection client = UnixSocket.connect(folder.resolve("socket"));
                DescriptorQueue descriptors = new DescriptorQueue(1)) {
            return client.receive(buffer, 0, 64, descriptors);
        }
    }

    @Test
    void whoIsTurnedAwayHasSaidSomethingAndLearnsOfNoError() throws Exception {
        UnixSocket socket = UnixSocket.listen(folder.resolve("socket"), 4);
        try (Connection client = UnixSocket.connect(folder.resolve("socket"));
                DescriptorQueue descriptors = new DescriptorQueue(1)) {
            assertThat(client.send(buffer, 0, 64, new int[0], 0)).isEqualTo(64);
            serve(
                    socket,
                    (name, connection) -> {
                        throw new AssertionError("served");
                    },
                    0,
                    Thread.ofPlatform().daemon().factory());
            assertThat(client.receive(buffer, 0, 64, descriptors)).isZero();
        }
    }

    @Test
    void aConnectionForWhichThereIsNoMemoryEndsAndTheNextIsServed() throws Exception {
        serve((name, connection) -> {
            if (asked.getAndIncrement() == 0) {
                throw new OutOfMemoryError("as the JVM says it");
            }
            return new Answering(connection);
        });
        assertThat(connect()).isZero();
        assertThat(connect()).isEqualTo(1);
    }

    @Test
    void aConnectionForWhichThereIsNoThreadEndsAndTheNextIsServed() throws Exception {
        serve((name, connection) -> new Answering(connection), 4, work -> {
            if (asked.getAndIncrement() == 0) {
                throw new OutOfMemoryError("unable to create native thread");
            }
            return new Thread(work);
        });
        assertThat(connect()).isZero();
        assertThat(connect()).isEqualTo(1);
    }

    @Test
    void aServiceThatThrowsEndsItsConnectionAndTheNextIsServed() throws Exception {
        serve((name, connection) -> new ConnectionServer.Service() {
            @Override
            public void run() {
                if (asked.getAndIncrement() == 0) {
                    throw new InternalError("a page that is gone");
                }
                new Answering(connection).run();
            }

            @Override
            public void close() {
                connection.shutdown();
            }
        });
        assertThat(connect()).isZero();
        assertThat(connect()).isEqualTo(1);
    }
}
