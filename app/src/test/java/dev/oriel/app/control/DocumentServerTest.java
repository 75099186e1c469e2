package dev.oriel.app.control;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.linux.UnixSocket;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whoever connects gets an answer or an end, and so does the next one. */
@Timeout(60)
class DocumentServerTest {
    private static final String TEXT = "x".repeat(4 << 20);

    @TempDir
    Path folder;

    @SuppressWarnings("NullAway.Init") // before each
    private Path socket;

    @SuppressWarnings("NullAway.Init") // before each
    private DocumentServer server;

    @BeforeEach
    void serve() throws IOException {
        socket = folder.resolve("socket");
        Document large = new Document("text/plain", () -> TEXT);
        Document failing = new Document("text/plain", () -> {
            throw new IllegalStateException("no such figure");
        });
        server = new DocumentServer(
                "control", UnixSocket.listen(socket, 16), Map.of("/large", large, "/failing", failing));
        server.start();
    }

    @AfterEach
    void end() {
        server.close();
        assertThat(socket).doesNotExist();
    }

    private SocketChannel connect() throws IOException {
        SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        channel.connect(UnixDomainSocketAddress.of(socket));
        return channel;
    }

    private String ask(String request) throws IOException {
        try (SocketChannel channel = connect()) {
            channel.write(US_ASCII.encode(request));
            return new String(Channels.newInputStream(channel).readAllBytes(), UTF_8);
        }
    }

    private void assertServing() throws IOException {
        assertThat(ask("GET /large?x=1 HTTP/1.1\r\nHost: a\r\n\r\n"))
                .startsWith("HTTP/1.1 200 OK\r\n")
                .contains("Content-Length: " + TEXT.length())
                .endsWith(TEXT);
    }

    @Test
    void aDocumentComesWhole() throws IOException {
        assertServing();
    }

    @ParameterizedTest
    @ValueSource(strings = {"\r\n\r\n", "GET\n\n", "GET /large\n\n", "\0\1\2\n\n", "PUT / x\r\n\r\n"})
    void nonsenseIsRefused(String nonsense) throws IOException {
        assertThat(ask(nonsense)).startsWith("HTTP/1.1 400 ");
        assertServing();
    }

    @Test
    void whatIsNotThereIsToldWithWhatIs() throws IOException {
        assertThat(ask("GET /none HTTP/1.0\r\n\r\n"))
                .startsWith("HTTP/1.1 404 ")
                .contains("/large");
        assertThat(ask("POST /large HTTP/1.0\r\n\r\n")).startsWith("HTTP/1.1 405 ");
    }

    @Test
    void aRequestThatIsTooLongEndsTheConnection() throws IOException {
        assertThat(ask("x".repeat(8 << 10))).isEmpty();
        assertServing();
    }

    @Test
    void aDocumentThatFailsEndsItsConnectionOnly() throws IOException {
        assertThat(ask("GET /failing HTTP/1.1\r\n\r\n")).isEmpty();
        assertServing();
    }

    /** They hold all places of the server, for a few seconds: it ends them, and serves the next. */
    @Test
    void thoseWhoSendOrReadNothingAreEnded() throws IOException {
        List<SocketChannel> idle = new ArrayList<>();
        try {
            for (int i = 0; i < 8; i++) {
                SocketChannel channel = connect();
                idle.add(channel);
                if (i % 2 == 0) {
                    channel.write(US_ASCII.encode("GET /large HTTP/1.1\r\n\r\n"));
                }
            }
            ByteBuffer buffer = ByteBuffer.allocate(1 << 16);
            for (int i = 1; i < 8; i += 2) {
                assertThat(idle.get(i).read(buffer)).isEqualTo(-1);
            }
            // The others came before the last of those: their time is up too.
            for (int i = 0; i < 8; i += 2) {
                long read = 0;
                for (int n = idle.get(i).read(buffer.clear());
                        n >= 0;
                        n = idle.get(i).read(buffer.clear())) {
                    read += n;
                }
                assertThat(read).isLessThan(TEXT.length());
            }
        } finally {
            for (SocketChannel channel : idle) {
                channel.close();
            }
        }
        assertServing();
    }
}
