package dev.oriel.app.watch;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.oriel.app.command.CommandFailed;
import java.io.IOException;
import java.io.InputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;

/** Asks a server for its status, over its control socket. */
final class ControlConnection {
    private static final String REQUEST = "GET /status HTTP/1.1\r\nHost: oriel\r\nConnection: close\r\n\r\n";
    private static final String OK = "HTTP/1.1 200 ";
    private static final String END_OF_HEAD = "\r\n\r\n";

    private final Path socket;

    ControlConnection(Path socket) {
        this.socket = socket;
    }

    /** The status as JSON. */
    String status() throws CommandFailed {
        String answer;
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            channel.connect(UnixDomainSocketAddress.of(socket));
            ByteBuffer request = US_ASCII.encode(REQUEST);
            while (request.hasRemaining()) {
                channel.write(request);
            }
            try (InputStream in = Channels.newInputStream(channel)) {
                answer = new String(in.readAllBytes(), UTF_8);
            }
        } catch (IOException | IllegalArgumentException | UnsupportedOperationException unreachable) {
            throw new CommandFailed(
                    "cannot ask " + socket + ": " + unreachable.getMessage()
                            + "; it is the PATH of a server that runs with --control-path PATH, for its user alone",
                    unreachable);
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
}
