package dev.oriel.guesttests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * A server in its sandbox that is known to a cluster by Kerberos. The profile {@code kerberos} has the cluster, and the
 * server that gives tickets.
 */
@Tag("guest")
@EnabledIfSystemProperty(named = KerberosTest.PROPERTY, matches = ".+")
@SuppressWarnings("NullAway.Init") // before each
class KerberosTest {
    static final String PROPERTY = "oriel.kerberos";

    private static final int TICKET_SECONDS = 60;
    private static final String NO_TICKET = "the cluster wants Kerberos, and there is no ticket that is good";

    @TempDir
    private Path folder;

    private Process cluster;
    private String share;

    @BeforeEach
    void startACluster() throws IOException {
        cluster = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx1g",
                        "-cp",
                        System.getProperty(PROPERTY) + "/*",
                        "dev.oriel.kerberos.SecuredCluster",
                        folder.toString(),
                        String.valueOf(TICKET_SECONDS))
                .redirectError(folder.resolve("cluster.log").toFile())
                .start();
        BufferedReader said = cluster.inputReader();
        String line = said.readLine();
        while (line != null && !line.startsWith("UP ")) {
            line = said.readLine();
        }
        if (line == null) {
            throw new IOException(Files.readString(folder.resolve("cluster.log")));
        }
        share = line.substring("UP ".length());
    }

    @AfterEach
    void stopIt() {
        cluster.descendants().forEach(ProcessHandle::destroyForcibly);
        cluster.destroyForcibly().onExit().join();
    }

    private ProcessBuilder server(Path socket, Map<String, String> environment, String... options) {
        List<String> words = new ArrayList<>(OrielServer.LAUNCHER);
        words.addAll(List.of("serve", "--share", share, "--socket-path", socket.toString()));
        // a minute otherwise, which is longer than tickets are good here
        words.add("--share-option=hadoop.kerberos.min.seconds.before.relogin=1");
        words.addAll(List.of(options));
        ProcessBuilder builder = new ProcessBuilder(words).redirectErrorStream(true);
        builder.environment().put("HADOOP_CONF_DIR", folder.resolve("conf").toString());
        builder.environment().put("KRB5_CONFIG", folder.resolve("krb5.conf").toString());
        builder.environment().putAll(environment);
        return builder;
    }

    private Process started(String name, Map<String, String> environment, String... options) throws IOException {
        Path state = Files.createDirectory(folder.resolve(name));
        Process server = server(state.resolve("socket"), environment, options).start();
        BufferedReader output = server.inputReader();
        List<String> lines = new ArrayList<>();
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            lines.add(line);
            if (line.startsWith("Listening on ")) {
                return server;
            }
        }
        throw new IOException(String.join("\n", lines));
    }

    private String run(String command, String name, String... arguments) throws Exception {
        List<String> words = new ArrayList<>(OrielServer.LAUNCHER);
        words.addAll(List.of(
                command, "--socket", folder.resolve(name).resolve("socket").toString()));
        words.addAll(List.of(arguments));
        Path output = folder.resolve("output");
        int status = new ProcessBuilder(words)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start()
                .waitFor();
        assertThat(status).as("%s: %s", words, Files.readString(output)).isZero();
        return Files.readString(output);
    }

    @Test
    void aKeyOrATicketOpensTheShareAndNewTicketsKeepItOpen() throws Exception {
        Path text = Files.writeString(folder.resolve("text"), "in a cluster with Kerberos\n");
        String cache = "FILE:" + folder.resolve("tickets/cache");
        Process byTicket = started("ticket", Map.of("KRB5CCNAME", cache));
        Process byKey = started(
                "key",
                Map.of(),
                "--share-option=kerberos-principal=guest",
                "--share-option=kerberos-keytab=" + folder.resolve("guest.keytab"));
        try {
            for (String name : List.of("ticket", "key")) {
                run("cp", name, text.toString(), ":/" + name);
                assertThat(run("cat", name, "/" + name)).isEqualTo(Files.readString(text));
            }
            TimeUnit.SECONDS.sleep(TICKET_SECONDS + 20);
            // the first tickets are over, and connections of Hadoop are closed when nobody has asked for ten seconds
            for (String name : List.of("ticket", "key")) {
                assertThat(run("cat", name, "/" + name)).isEqualTo(Files.readString(text));
            }
            assertThat(byTicket.isAlive() && byKey.isAlive()).isTrue();
        } finally {
            byTicket.destroy();
            byKey.destroy();
            byTicket.onExit().join();
            byKey.onExit().join();
        }
    }

    @Test
    void whoHasNoTicketIsToldSo() throws Exception {
        Process server = server(
                        folder.resolve("socket"),
                        Map.of("KRB5CCNAME", folder.resolve("none").toString()))
                .start();
        assertThat(new String(server.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8))
                .contains(NO_TICKET);
        assertThat(server.waitFor()).isEqualTo(1);
    }
}
