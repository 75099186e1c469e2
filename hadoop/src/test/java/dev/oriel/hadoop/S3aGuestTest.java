package dev.oriel.hadoop;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.guests.Guest;
import dev.oriel.guests.GuestKind;
import dev.oriel.guests.GuestKit;
import dev.oriel.guests.GuestRun;
import dev.oriel.guests.Share;
import java.io.InputStream;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileSystem;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/** A Linux guest, a random writer, and Hadoop's own client in a bucket of S3: as {@link S3aShareTest}. */
@EnabledIfSystemProperty(named = S3Server.PROPERTY, matches = ".+")
class S3aGuestTest {
    private static final GuestKit KIT = GuestKit.locate();
    private static final Duration LIMIT = Duration.ofMinutes(5);

    @TempDir
    @SuppressWarnings("NullAway.Init") // by JUnit
    private Path folder;

    private static String sha256(byte[] content) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
    }

    private static org.apache.hadoop.fs.Path there(String path) {
        return new org.apache.hadoop.fs.Path("s3a", "bucket", path);
    }

    private static byte[] read(FileSystem hadoop, String path) throws Exception {
        try (InputStream in = hadoop.open(there(path))) {
            return in.readAllBytes();
        }
    }

    @Test
    void whatIsReadIsWhatWasWritten() throws Exception {
        try (S3Server server = S3Server.start(folder);
                FileSystem hadoop = server.client();
                ServedShare share = ServedShare.of(folder, S3Server.share("/"), server.options(), RandomWriter.WINDOW);
                java.nio.file.FileSystem mounted = share.mount()) {
            RandomWriter.run(mounted.getPath("/random"), hadoop, there("/random"));
        }
    }

    @Test
    @Tag("guest")
    void aGuestListsReadsWritesAndRenames() throws Exception {
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
            echo old > mine/replaced; echo new > mine/next; mv mine/next mine/replaced; cat mine/replaced
            mv mine/below mine/above; ls mine/above
            tar cf mine/tar -C theirs large && tar tf mine/tar
            exec 5< mine/log; rm mine/log; cat <&5; exec 5<&-
            ln mine/tar mine/hard 2>/dev/null || echo no hard links
            chmod 640 mine/tar 2>/dev/null || echo no modes
            touch mine/tar mine/touched && echo touched
            rmdir mine 2>/dev/null || echo not empty
            sync
            df /mnt | tail -n 1 | grep -c share
            echo over
            """;
        byte[] content = new byte[5_000_001];
        new Random(1).nextBytes(content);
        try (S3Server server = S3Server.start(folder);
                FileSystem hadoop = server.client()) {
            try (FSDataOutputStream out = hadoop.create(there("/share/theirs/large"))) {
                out.write(content);
            }
            try (ServedShare share = ServedShare.of(folder, S3Server.share("/share"), server.options());
                    GuestRun run = Guest.of(KIT, GuestKind.UML)
                            .share(Share.of(share.socket(), "share"))
                            .limit(LIMIT)
                            .script(script)
                            .start()) {
                run.await().orThrow();
                byte[] changed = content.clone();
                Arrays.fill(changed, 1_000_000, 1_003_000, (byte) 0);
                assertThat(run.lines())
                        .containsSubsequence(
                                "large",
                                sha256(content) + "  theirs/large",
                                sha256(Arrays.copyOfRange(content, content.length - 1000, content.length)) + "  -",
                                "line 1",
                                "line 2",
                                "line 3",
                                "copy " + sha256(changed),
                                "new",
                                "moved",
                                "large",
                                "line 1",
                                "line 2",
                                "line 3",
                                "no hard links",
                                "no modes",
                                "touched",
                                "not empty",
                                "1",
                                "over");
                assertThat(read(hadoop, "/share/mine/above/moved")).isEqualTo(changed);
                assertThat(hadoop.exists(there("/share/mine/below"))).isFalse();
                assertThat(hadoop.exists(there("/share/mine/log"))).isFalse();
                assertThat(read(hadoop, "/share/mine/replaced")).asString(UTF_8).isEqualTo("new\n");
                assertThat(read(hadoop, "/share/mine/touched")).isEmpty();
                assertThat(read(hadoop, "/share/mine/tar")).hasSizeGreaterThan(content.length);
            }
        }
    }
}
