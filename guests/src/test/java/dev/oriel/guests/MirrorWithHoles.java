package dev.oriel.guests;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Predicate;

/**
 * The real Debian mirror through a proxy that says of some files that they are gone, as a mirror does in the middle of
 * an update.
 */
final class MirrorWithHoles implements AutoCloseable {
    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final Predicate<String> gone;
    private final List<String> refused = new CopyOnWriteArrayList<>();

    /** @param gone says of a file's path whether it is missing */
    MirrorWithHoles(Predicate<String> gone) throws IOException {
        this.gone = gone;
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/", this::answer);
        server.start();
    }

    /** A configuration of apt, for the environment variable APT_CONFIG, with this proxy. */
    Path aptConfiguration(Path folder) throws IOException {
        return Files.writeString(
                folder.resolve("apt.conf"),
                "Acquire::http::Proxy \"http://127.0.0.1:" + server.getAddress().getPort()
                        + "\";\nAcquire::http::Pipeline-Depth \"0\";\n");
    }

    /** The paths that were asked for and missing. */
    List<String> refused() {
        return refused;
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            String path = exchange.getRequestURI().getPath();
            if (gone.test(path)) {
                refused.add(path);
                exchange.sendResponseHeaders(HttpURLConnection.HTTP_NOT_FOUND, -1);
                return;
            }
            HttpURLConnection mirror =
                    (HttpURLConnection) exchange.getRequestURI().toURL().openConnection(Proxy.NO_PROXY);
            int status = mirror.getResponseCode();
            if (status != HttpURLConnection.HTTP_OK) {
                exchange.sendResponseHeaders(status, -1);
                return;
            }
            exchange.sendResponseHeaders(status, mirror.getContentLengthLong());
            try (InputStream from = mirror.getInputStream();
                    OutputStream to = exchange.getResponseBody()) {
                from.transferTo(to);
            }
        }
    }

    @Override
    public void close() {
        server.stop(0);
        threads.close();
    }
}
