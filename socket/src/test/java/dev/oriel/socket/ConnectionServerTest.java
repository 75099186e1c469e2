package dev.oriel.socket;

import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.linux.Connection;
import dev.oriel.linux.DescriptorQueue;
import dev.oriel.linux.Errno;
import dev.oriel.linux.Failure;
import dev.oriel.linux.LinuxException;
import dev.oriel.linux.ResourceLimits;
import dev.oriel.linux.UnixSocket;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiFunction;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
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
    private static final long PATIENT_MILLIS = 30_000;

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
        serve(socket, services, most, threads, PATIENT_MILLIS, PATIENT_MILLIS);
    }

    private void serve(
            UnixSocket socket,
            BiFunction<String, Connection, ConnectionServer.Service> services,
            int most,
            ThreadFactory threads,
            long patienceMillis,
            long lastPatienceMillis) {
        server =
                new ConnectionServer("connection", socket, services, most, threads, patienceMillis, lastPatienceMillis);
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

    private static Handler lines(List<String> said) {
        SimpleFormatter formatter = new SimpleFormatter();
        return new Handler() {
            @Override
            public void publish(LogRecord line) {
                said.add(formatter.formatMessage(line));
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
    }

    @Test
    void aServiceThatNeverEndsIsNamedAndThenGivenUp() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch answers = new CountDownLatch(1);
        serve(
                UnixSocket.listen(folder.resolve("socket"), 4),
                (name, connection) -> new ConnectionServer.Service() {
                    @Override
                    public void run() {
                        begun.countDown();
                        try {
                            answers.await();
                        } catch (InterruptedException nobodyDoes) {
                            throw new IllegalStateException(nobodyDoes);
                        }
                    }

                    @Override
                    public void close() {
                        connection.shutdown();
                    }
                },
                4,
                Thread.ofPlatform().daemon().factory(),
                1,
                2);
        List<String> said = new CopyOnWriteArrayList<>();
        Handler handler = lines(said);
        Logger log = Logger.getLogger("dev.oriel.socket");
        log.addHandler(handler);
        try (Connection _ = UnixSocket.connect(folder.resolve("socket"))) {
            begun.await();
            server.close();
            assertThat(server.connections()).isEqualTo(1);
            assertThat(said).hasSize(2);
            assertThat(said.getFirst()).contains("waits for connection 1");
            assertThat(said.getLast()).contains("gives up connection 1");
        } finally {
            log.removeHandler(handler);
            answers.countDown();
        }
        while (server.connections() > 0) {
            Thread.sleep(1);
        }
    }

    /** What is wanting comes back when another has gone: nobody is turned away, and the server goes on. */
    @Test
    void aConnectionForWhichThereIsNoDescriptorWaitsUntilThereIsOne() throws Exception {
        serve((name, connection) -> new Answering(connection));
        assertThat(connect()).as("what is loaded once is loaded").isEqualTo(1);
        server.close();
        accepting.join();
        UnixSocket socket = UnixSocket.listen(folder.resolve("socket"), 4);
        ResourceLimits.Limit enough = ResourceLimits.openFiles();
        List<String> said = new CopyOnWriteArrayList<>();
        Handler handler = lines(said);
        Logger log = Logger.getLogger("dev.oriel.socket");
        log.addHandler(handler);
        // and what is said then, with all that it needs
        System.getLogger("dev.oriel.socket")
                .log(System.Logger.Level.ERROR, Failure.reason(new LinuxException("accept", Errno.EMFILE)));
        said.clear();
        try (Connection client = UnixSocket.connect(folder.resolve("socket"));
                DescriptorQueue descriptors = new DescriptorQueue(1)) {
            ResourceLimits.setOpenFiles(new ResourceLimits.Limit(3, enough.hard()));
            try {
                serve(
                        socket,
                        (name, connection) -> new Answering(connection),
                        4,
                        Thread.ofPlatform().daemon().factory());
                while (said.isEmpty()) {
                    Thread.sleep(1);
                }
            } finally {
                ResourceLimits.setOpenFiles(enough);
            }
            assertThat(said.getFirst()).contains("could not be accepted", "has to wait until another has gone");
            assertThat(client.receive(buffer, 0, 64, descriptors)).isEqualTo(1);
        } finally {
            log.removeHandler(handler);
        }
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
