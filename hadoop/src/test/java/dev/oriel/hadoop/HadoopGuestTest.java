package dev.oriel.hadoop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.guests.Guest;
import dev.oriel.guests.GuestKind;
import dev.oriel.guests.GuestKit;
import dev.oriel.guests.GuestRun;
import dev.oriel.guests.PeerDaemon;
import dev.oriel.guests.Share;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
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
}
