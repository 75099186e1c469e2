package dev.oriel.kerberos;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Properties;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.hdfs.MiniDFSCluster;
import org.apache.hadoop.minikdc.MiniKdc;
import org.apache.hadoop.security.UserGroupInformation;
import org.apache.kerby.kerberos.kerb.KrbException;
import org.apache.kerby.kerberos.kerb.client.KrbClient;

/**
 * A cluster that knows nobody but by Kerberos, with the server that gives the tickets, and with block tokens and data
 * that is guarded: a program for tests. In the folder that it is given there are then
 *
 * <pre>
 *   krb5.conf          where tickets are given
 *   conf               HADOOP_CONF_DIR of the cluster's clients
 *   guest.keytab       the key of guest@REALM, who owns /share
 *   tickets/cache      a ticket of guest, another one each quarter of its time
 * </pre>
 *
 * <p>It says {@code UP URI}, and lives until its standard input ends.
 */
public final class SecuredCluster {
    private static final String SERVER = "hdfs/localhost";
    private static final String WEB = "HTTP/localhost";
    private static final String GUEST = "guest";

    private SecuredCluster() {}

    /**
     * Starts it.
     *
     * @param arguments a folder, and how many seconds tickets are good
     */
    public static void main(String[] arguments) throws Exception {
        Path folder = Path.of(arguments[0]);
        Properties properties = MiniKdc.createConf();
        properties.setProperty(
                MiniKdc.KDC_BIND_ADDRESS, InetAddress.getLoopbackAddress().getHostAddress());
        properties.setProperty(MiniKdc.MAX_TICKET_LIFETIME, arguments[1]);
        properties.setProperty(MiniKdc.MIN_TICKET_LIFETIME, "1");
        MiniKdc tickets = new MiniKdc(
                properties, Files.createDirectories(folder.resolve("kdc")).toFile());
        tickets.start();
        Files.copy(tickets.getKrb5conf().toPath(), folder.resolve("krb5.conf"));
        File servers = folder.resolve("servers.keytab").toFile();
        File guest = folder.resolve("guest.keytab").toFile();
        tickets.createPrincipal(servers, SERVER, WEB);
        tickets.createPrincipal(guest, GUEST);

        Configuration client = secured(tickets.getRealm());
        Configuration server = new Configuration();
        client.forEach(entry -> server.set(entry.getKey(), entry.getValue()));
        server.set("hdfs.minidfs.basedir", folder.resolve("data").toString());
        server.set("dfs.namenode.keytab.file", servers.getPath());
        server.set("dfs.datanode.keytab.file", servers.getPath());
        server.set("dfs.web.authentication.kerberos.keytab", servers.getPath());
        server.set("dfs.web.authentication.kerberos.principal", WEB + "@" + tickets.getRealm());
        // ports below 1024, or HTTPS, are wanted otherwise
        server.setBoolean("ignore.secure.ports.for.testing", true);
        UserGroupInformation.setConfiguration(server);
        UserGroupInformation.loginUserFromKeytab(SERVER, servers.getPath());
        MiniDFSCluster cluster =
                new MiniDFSCluster.Builder(server).numDataNodes(1).build();
        cluster.waitActive();
        FileSystem files = cluster.getFileSystem();
        org.apache.hadoop.fs.Path share = new org.apache.hadoop.fs.Path("/share");
        boolean _ = files.mkdirs(share);
        files.setOwner(share, GUEST, GUEST);
        client.set("fs.defaultFS", cluster.getURI().toString());
        try (OutputStream out = Files.newOutputStream(
                Files.createDirectory(folder.resolve("conf")).resolve("core-site.xml"))) {
            client.writeXml(out);
        }
        KrbClient asks = new KrbClient(tickets.getKrb5conf().getParentFile());
        asks.init();
        Path cache = Files.createDirectory(folder.resolve("tickets")).resolve("cache");
        write(asks, guest, cache);
        long quarter = TimeUnit.SECONDS.toMillis(Long.parseLong(arguments[1])) / 4;
        var _ = Executors.newSingleThreadScheduledExecutor(
                        Thread.ofPlatform().daemon().factory())
                .scheduleAtFixedRate(() -> write(asks, guest, cache), quarter, quarter, TimeUnit.MILLISECONDS);
        say("UP " + cluster.getURI() + share);
        long _ = System.in.transferTo(OutputStream.nullOutputStream());
        cluster.shutdown(true);
        tickets.stop();
        Runtime.getRuntime().halt(0); // its threads may take their time
    }

    private static Configuration secured(String realm) {
        Configuration secured = new Configuration(false);
        secured.set("hadoop.security.authentication", "kerberos");
        secured.set("hadoop.security.authorization", "true");
        secured.set("dfs.namenode.kerberos.principal", SERVER + "@" + realm);
        secured.set("dfs.datanode.kerberos.principal", SERVER + "@" + realm);
        secured.set("dfs.block.access.token.enable", "true");
        secured.set("dfs.data.transfer.protection", "integrity");
        return secured;
    }

    /**
     * In a new file by the same name, as kinit(1) does it. It comes from the folder above: that of the cache never
     * holds anything else.
     */
    private static void write(KrbClient asks, File keytab, Path cache) {
        Path beside = cache.resolveSibling("../new").normalize();
        try {
            asks.storeTicket(asks.requestTgt(GUEST, keytab), beside.toFile());
            Files.move(beside, cache, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException | KrbException failed) {
            throw new IllegalStateException("no ticket in " + cache, failed);
        }
    }

    private static void say(String line) {
        System.out.println(line);
        System.out.flush();
    }
}
