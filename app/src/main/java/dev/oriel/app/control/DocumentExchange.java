package dev.oriel.app.control;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.oriel.linux.Connection;
import dev.oriel.linux.DescriptorQueue;
import dev.oriel.socket.ConnectionServer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** One request for a document and its answer, by HTTP/1.1 (RFC 9112). Only the first line of the request is read. */
final class DocumentExchange implements ConnectionServer.Service {
    /** More than any request for a document takes. */
    private static final int MOST_REQUEST = 8 << 10;

    /** Sent at once: who reads too slowly is noticed between two of them. */
    private static final int PIECE = 64 << 10;

    /** How long a request and its answer may take together. */
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(5);

    private static final int[] NO_DESCRIPTORS = {};

    private final Connection connection;
    private final Map<String, Document> documents;
    private final Object writing;
    private final long begun = System.nanoTime();

    /** @param writing held while a document is written; of all connections of a server */
    DocumentExchange(Connection connection, Map<String, Document> documents, Object writing) {
        this.connection = connection;
        this.documents = documents;
        this.writing = writing;
    }

    @Override
    public void run() {
        try (Arena arena = Arena.ofConfined()) {
            String request = receive(arena.allocate(MOST_REQUEST));
            if (!request.isEmpty()) {
                MemorySegment answer = answer(request, arena);
                send(answer);
            }
        } finally {
            connection.finish();
        }
    }

    private int millisLeft() {
        long left = PATIENCE_NANOS - (System.nanoTime() - begun);
        return (int) Math.max(0, TimeUnit.NANOSECONDS.toMillis(left));
    }

    /** The request up to its empty line; nothing if it does not come, or is longer than a request can be. */
    private String receive(MemorySegment buffer) {
        try (DescriptorQueue none = new DescriptorQueue(1)) {
            int length = 0;
            while (length < MOST_REQUEST) {
                int left = millisLeft();
                int received = left == 0 ? 0 : connection.receive(buffer, length, MOST_REQUEST - length, none, left);
                if (received <= 0) {
                    return "";
                }
                length += received;
                String text = new String(buffer.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE), US_ASCII);
                if (text.contains("\r\n\r\n") || text.contains("\n\n")) {
                    return text;
                }
            }
            return "";
        }
    }

    /**
     * The answer, in memory of {@code arena}. One at a time for all connections of a server: the text of a document with many guests
     * is some MiB.
     */
    private MemorySegment answer(String request, Arena arena) {
        synchronized (writing) {
            return arena.allocateFrom(ValueLayout.JAVA_BYTE, answer(request));
        }
    }

    private byte[] answer(String request) {
        String[] words = request.lines().findFirst().orElse("").split(" ", -1);
        if (words.length != 3 || !words[2].startsWith("HTTP/1.")) {
            return response("400 Bad Request", "text/plain", "this is no HTTP: GET PATH HTTP/1.1\n");
        }
        if (!words[0].equals("GET")) {
            return response("405 Method Not Allowed", "text/plain", "only GET\n");
        }
        int query = words[1].indexOf('?');
        Document document = documents.get(query < 0 ? words[1] : words[1].substring(0, query));
        if (document == null) {
            return response("404 Not Found", "text/plain", "here are " + String.join(", ", documents.keySet()) + "\n");
        }
        return response("200 OK", document.contentType(), document.text().get());
    }

    private static byte[] response(String status, String contentType, String text) {
        byte[] body = text.getBytes(UTF_8);
        byte[] head = """
                HTTP/1.1 %s\r
                Content-Type: %s\r
                Content-Length: %d\r
                Connection: close\r
                \r
                """.formatted(status, contentType, body.length).getBytes(US_ASCII);
        byte[] whole = new byte[head.length + body.length];
        System.arraycopy(head, 0, whole, 0, head.length);
        System.arraycopy(body, 0, whole, head.length, body.length);
        return whole;
    }

    private void send(MemorySegment memory) {
        long sent = 0;
        while (sent < memory.byteSize()) {
            int piece = (int) Math.min(PIECE, memory.byteSize() - sent);
            int left = millisLeft();
            if (left == 0 || connection.send(memory, sent, piece, NO_DESCRIPTORS, 0, left) < 0) {
                return;
            }
            sent += piece;
        }
    }

    @Override
    public void close() {
        connection.shutdown();
    }
}
