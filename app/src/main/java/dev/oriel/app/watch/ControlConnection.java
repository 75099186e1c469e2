package dev.oriel.app.watch;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.oriel.app.command.CommandFailed;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;

/** Asks a server for its status, over its control socket. */
final class ControlConnection {
    private static final String REQUEST = "GET /status HTTP/1.1\r\nHost: oriel\r\nConnection: close\r\n\r\n";
    private static final Duration PATIENCE = Duration.ofSeconds(6);
    private static final Duration RETRY = Duration.ofMillis(50);
    private static final int MOST_BYTES = 64 << 20;
    private static final String OK = "HTTP/1.1 200 ";
    private static final String END_OF_HEAD = "\r\n\r\n";

    private final Path socket;

    ControlConnection(Path socket) {
        this.socket = socket;
    }

    /** The status as JSON. */
    String status() throws CommandFailed {
        String answer;
        long began = System.nanoTime();
        try (SocketChannel channel = connect(began);
                Selector selector = Selector.open()) {
            channel.write(US_ASCII.encode(REQUEST));
            channel.register(selector, SelectionKey.OP_READ);
            answer = read(channel, selector, began);
        } catch (IOException unreachable) {
            throw new CommandFailed(
                    "cannot ask " + socket + ": " + unreachable.getMessage()
                            + "; it is the PATH of a server that runs with --control-path PATH, for its user alone",
                    unreachable);
        } catch (InterruptedException now) {
            Thread.currentThread().interrupt();
            throw new CommandFailed("interrupted", now);
        }
        int body = answer.indexOf(END_OF_HEAD);
        if (!answer.startsWith(OK) || body < 0) {
            throw new CommandFailed(
                    answer.isEmpty()
                            ? socket + " did not answer: it has many connections, or is no control socket"
                            : socket + " is no control socket: it answered "
                                    + answer.lines().findFirst().orElse(""));
        }
        return answer.substring(body + END_OF_HEAD.length());
    }

    /** Connects without waiting in the kernel, where nothing limits it: a server with many who wait is asked again. */
    private SocketChannel connect(long began) throws IOException, InterruptedException {
        while (true) {
            SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
            try {
                channel.configureBlocking(false);
                channel.connect(UnixDomainSocketAddress.of(socket));
                return channel;
            } catch (IOException refused) {
                channel.close();
                boolean busy = String.valueOf(refused.getMessage()).contains("temporarily unavailable");
                if (!busy || System.nanoTime() - began > PATIENCE.toNanos()) {
                    throw refused;
                }
            }
            Thread.sleep(RETRY);
        }
    }

    private static String read(SocketChannel channel, Selector selector, long began) throws IOException {
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        ByteBuffer buffer = ByteBuffer.allocate(1 << 16);
        while (text.size() < MOST_BYTES) {
            long left = PATIENCE.minusNanos(System.nanoTime() - began).toMillis();
            if (left <= 0 || selector.select(left) == 0) {
                throw new IOException("no whole answer within " + PATIENCE.toSeconds() + " s");
            }
            selector.selectedKeys().clear();
            int count = channel.read(buffer.clear());
            if (count < 0) {
                return text.toString(UTF_8);
            }
            text.write(buffer.array(), 0, count);
        }
        throw new IOException("it answers with more than " + (MOST_BYTES >> 20) + " MiB");
    }
}
