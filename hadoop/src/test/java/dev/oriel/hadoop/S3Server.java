package dev.oriel.hadoop;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;

/** An S3 server as a process of its own, s3proxy, with one bucket in memory. The profile s3proxy has its jars. */
final class S3Server implements AutoCloseable {
    /** The folder of the jars of s3proxy; set by the profile. */
    static final String PROPERTY = "oriel.s3proxy";

    private static final String BUCKET = "bucket";
    private static final int TRIES = 600;

    /** Loggers are forgotten when nobody has them. */
    private static final Logger LOG = Logger.getLogger("org.apache.hadoop");

    private final Process process;
    private final String endpoint;

    private S3Server(Process process, String endpoint) {
        this.process = process;
        this.endpoint = endpoint;
    }

    static S3Server start(Path folder) throws IOException, InterruptedException {
        HadoopLog.redirect();
        LOG.setLevel(Level.SEVERE);
        int port;
        try (ServerSocket free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        String endpoint = "http://127.0.0.1:" + port;
        Path properties = Files.writeString(folder.resolve("s3proxy.properties"), """
            s3proxy.endpoint=%s
            s3proxy.authorization=none
            jclouds.provider=transient
            jclouds.identity=nobody
            jclouds.credential=none
            """.formatted(endpoint));
        Path quiet = Files.writeString(
                folder.resolve("logback.xml"), "<configuration><root level='ERROR'/></configuration>");
        Process process = new ProcessBuilder(
                        ProcessHandle.current().info().command().orElseThrow(),
                        "-Xmx512m",
                        "-Dlogback.configurationFile=" + quiet,
                        "-cp",
                        System.getProperty(PROPERTY) + "/*",
                        "org.gaul.s3proxy.Main",
                        "--properties",
                        properties.toString())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("s3proxy.log").toFile())
                .start();
        S3Server server = new S3Server(process, endpoint);
        for (int i = 0; !server.hasBucket(); i++) {
            if (i == TRIES || !process.isAlive()) {
                server.close();
                throw new IOException(Files.readString(folder.resolve("s3proxy.log")));
            }
            process.waitFor(100, TimeUnit.MILLISECONDS);
        }
        return server;
    }

    private boolean hasBucket() throws InterruptedException {
        try (HttpClient http = HttpClient.newHttpClient()) {
            HttpRequest make = HttpRequest.newBuilder(URI.create(endpoint + "/" + BUCKET))
                    .PUT(HttpRequest.BodyPublishers.noBody())
                    .build();
            int status = http.send(make, HttpResponse.BodyHandlers.discarding()).statusCode();
            return status == HttpURLConnection.HTTP_OK;
        } catch (IOException notYet) {
            return false;
        }
    }

    /** What opens a share of it, beside the URI. */
    Map<String, String> options() {
        return Map.of(
                "fs.s3a.endpoint", endpoint,
                "fs.s3a.endpoint.region", "us-east-1",
                "fs.s3a.path.style.access", "true",
                "fs.s3a.access.key", "nobody",
                "fs.s3a.secret.key", "none");
    }

    static URI share(String path) {
        return URI.create("s3a://" + BUCKET + path);
    }

    /** Hadoop's own client. */
    FileSystem client() throws IOException {
        Configuration configuration = new Configuration();
        options().forEach(configuration::set);
        return FileSystem.newInstance(share("/"), configuration);
    }

    @Override
    public void close() {
        process.destroyForcibly();
        process.onExit().join();
    }
}
