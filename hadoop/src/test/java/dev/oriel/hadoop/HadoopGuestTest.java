package dev.oriel.hadoop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.guests.Guest;
import dev.oriel.guests.GuestKind;
import dev.oriel.guests.GuestKit;
import dev.oriel.guests.GuestRun;
import dev.oriel.guests.PeerDaemon;
import dev.oriel.guests.Share;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Map;
import java.util.Random;
import org.apache.hadoop.fs.FSDataOutputStream;
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

    private static byte[] content() {
        byte[] content = new byte[5_000_001];
        new Random(1).nextBytes(content);
        return content;
    }

    private static String sha256(byte[] content) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
    }

    private static byte[] read(DistributedFileSystem hadoop, String path) throws IOException {
        try (InputStream in = hadoop.open(new org.apache.hadoop.fs.Path(path))) {
            return in.readAllBytes();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"hdfs", "webhdfs"})
    void aGuestListsReadsWritesAndRenames(String scheme) throws Exception {
        String script = """
            cd /mnt
            ls theirs
            sha256sum theirs/large
            tail -c 1000 theirs/large | sha256sum
            mkdir -p mine/below
            cp theirs/large mine/copy
            for i in 1 2 3; do echo line $i >> mine/log; done
            cat mine/log
            dd if=/dev/zero of=mine/copy bs=1000 seek=1000 count=3 conv=notrunc 2>/dev/null
            sha256sum mine/copy | cut -d ' ' -f 1 | sed 's/^/copy /'
            mv mine/copy mine/below/moved
            tar cf mine/tar -C theirs large && tar tf mine/tar
            exec 5< mine/log; rm mine/log; cat <&5; exec 5<&-
            ln mine/tar mine/hard 2>/dev/null || echo no hard links
            touch 'mine/a:b' 2>/dev/null || echo no colons
            rmdir mine 2>/dev/null || echo not empty
            chmod 640 mine/tar; stat -c '%a %s' mine/tar
            sync
            df /mnt | tail -n 1 | grep -c share
            tools setfacl -m u:4711:r theirs/large
            tools getfacl -n theirs/large
            echo over
            """;
        try (TestCluster cluster = TestCluster.start()) {
            DistributedFileSystem hadoop = cluster.client();
            byte[] content = content();
            try (FSDataOutputStream out = hadoop.create(new org.apache.hadoop.fs.Path("/share/theirs/large"))) {
                out.write(content);
            }
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
                byte[] changed = content.clone();
                java.util.Arrays.fill(changed, 1_000_000, 1_003_000, (byte) 0);
                assertThat(run.lines())
                        .containsSubsequence(
                                "large",
                                sha256(content) + "  theirs/large",
                                "line 1",
                                "line 2",
                                "line 3",
                                "copy " + sha256(changed),
                                "large",
                                "line 1",
                                "line 2",
                                "line 3",
                                "no hard links",
                                "no colons",
                                "not empty",
                                "user:4711:r--")
                        .contains("over");
                assertThat(hadoop.getAclStatus(new org.apache.hadoop.fs.Path("/share/theirs/large"))
                                .getEntries())
                        .extracting(Object::toString)
                        .contains("user:4711:r--");
                assertThat(read(hadoop, "/share/mine/below/moved")).isEqualTo(changed);
                assertThat(hadoop.exists(new org.apache.hadoop.fs.Path("/share/mine/log")))
                        .isFalse();
                assertThat(new String(read(hadoop, "/share/mine/tar"), StandardCharsets.ISO_8859_1))
                        .contains("large");
                assertThat(hadoop.getFileStatus(new org.apache.hadoop.fs.Path("/share/mine/tar"))
                                .getPermission()
                                .toString())
                        .isEqualTo("rw-r-----");
            }
        }
    }
}
