package dev.oriel.hadoop;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.guests.Guest;
import dev.oriel.guests.GuestKind;
import dev.oriel.guests.GuestKit;
import dev.oriel.guests.GuestRun;
import dev.oriel.guests.PeerDaemon;
import dev.oriel.guests.Share;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.hadoop.hdfs.DistributedFileSystem;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A Linux guest in a folder of a cluster, and Hadoop's own client in the same folder. */
@Tag("guest")
class HadoopGuestTest {
    private static final GuestKit KIT = GuestKit.locate();
    private static final Duration LIMIT = Duration.ofMinutes(5);

    /** That each guest appends. */
    private static final int LINES = 50;

    @TempDir
    @SuppressWarnings("NullAway.Init") // by JUnit
    private Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"hdfs", "webhdfs"})
    void aGuestListsReadsWritesAndRenames(String scheme) throws Exception {
        String script = GuestWork.SCRIPT + """
            touch 'mine/a:b' 2>/dev/null || echo no colons
            chmod 640 mine/tar; stat -c '%a' mine/tar
            tools setfacl -m u:4711:r theirs/large
            tools getfacl -n theirs/large
            """ + GuestWork.END;
        try (TestCluster cluster = TestCluster.start()) {
            DistributedFileSystem hadoop = cluster.client();
            GuestWork work = new GuestWork(hadoop, new org.apache.hadoop.fs.Path("/share"));
            try (ServedShare share = ServedShare.of(folder, cluster.share(scheme, "/share"), Map.of());
                    PeerDaemon tools = PeerDaemon.start(
                            KIT, KIT.tools(), folder.resolve("tools"), "tools", "--readonly", "--cache=always");
                    GuestRun run = Guest.of(KIT, GuestKind.UML)
                            .share(Share.of(share.socket(), "share"))
                            .share(Share.of(tools.socket(), "tools").at("/tools"))
                            .limit(LIMIT)
                            .script(script)
                            .start()) {
                run.await().orThrow();
                assertThat(run.lines()).containsSubsequence(work.said("no colons", "640", "user:4711:r--"));
                assertThat(hadoop.getAclStatus(work.there("theirs/large")).getEntries())
                        .extracting(Object::toString)
                        .contains("user:4711:r--");
                work.assertLeftBehind();
                assertThat(hadoop.getFileStatus(work.there("mine/tar"))
                                .getPermission()
                                .toString())
                        .isEqualTo("rw-r-----");
            }
        }
    }

    /** At once: each waits for what the others make, and both guests append to one log. */
    @ParameterizedTest
    @ValueSource(strings = {"hdfs", "webhdfs"})
    void twoGuestsAndHadoopsClientWorkInOneTree(String scheme) throws Exception {
        try (TestCluster cluster = TestCluster.start()) {
            DistributedFileSystem hadoop = cluster.client();
            org.apache.hadoop.fs.Path tree = new org.apache.hadoop.fs.Path("/share");
            hadoop.mkdirs(tree);
            try (ServedShare share = ServedShare.of(folder, cluster.share(scheme, "/share"), Map.of());
                    GuestRun one = startInTree(share, "one", "other");
                    GuestRun other = startInTree(share, "other", "one")) {
                try (OutputStream out = hadoop.create(new org.apache.hadoop.fs.Path(tree, "client.here"))) {
                    out.write("client was here\n".getBytes(UTF_8));
                }
                one.await().orThrow();
                other.await().orThrow();
                byte[] log;
                try (InputStream in = hadoop.open(new org.apache.hadoop.fs.Path(tree, "log"))) {
                    log = in.readAllBytes();
                }
                List<String> lines = new String(log, UTF_8).lines().toList();
                assertThat(lines).hasSize(2 * LINES).containsSubsequence(appended("one"));
                assertThat(lines).containsSubsequence(appended("other"));
                assertThat(one.lines()).contains("client was here", "other was here", GuestWork.sha256(log) + "  log");
                assertThat(other.lines()).contains("client was here", "one was here", GuestWork.sha256(log) + "  log");
                assertThat(hadoop.listStatus(tree))
                        .extracting(status -> status.getPath().getName())
                        .containsExactly("client.here", "log", "one.gone", "other.gone");
            }
        }
    }

    private static GuestRun startInTree(ServedShare share, String me, String other) throws Exception {
        String script = """
            await() { until [ -e "$1" ]; do sleep 0.1; done; }
            cd /mnt
            echo ME was here > ME.new; mv ME.new ME.here
            await client.here; cat client.here
            await OTHER.here; cat OTHER.here
            for i in $(seq LINES); do echo ME $i >> log; done
            touch ME.done; await OTHER.done
            sha256sum log
            touch ME.gone; await OTHER.gone
            rm ME.here ME.done
            """;
        return Guest.of(KIT, GuestKind.UML)
                .share(Share.of(share.socket(), "share"))
                .limit(LIMIT)
                .script(script.replace("ME", me).replace("OTHER", other).replace("LINES", Integer.toString(LINES)))
                .start();
    }

    private static List<String> appended(String who) {
        return IntStream.rangeClosed(1, LINES).mapToObj(i -> who + " " + i).toList();
    }
}
