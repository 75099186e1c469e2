package dev.oriel.hadoop;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** What a guest does in a share of any of Hadoop's file systems: its script, and what it says and leaves behind. */
final class GuestWork {
    /** Leaves the guest in its share. */
    static final String SCRIPT = """
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
            rmdir mine 2>/dev/null || echo not empty
            """;

    /** The end of any script. */
    static final String END = """
            sync
            df /mnt | tail -n 1 | grep -c share
            echo over
            """;

    private static final int ZEROS = 1_000_000;
    private static final int ZEROS_END = 1_003_000;

    private final FileSystem hadoop;
    private final Path share;
    private final byte[] content = new byte[5_000_001];
    private final byte[] changed;

    /**
     * Writes the file that the guest finds.
     *
     * @param share the folder that is shared, as Hadoop's client has it
     */
    GuestWork(FileSystem hadoop, Path share) throws IOException {
        this.hadoop = hadoop;
        this.share = share;
        new Random(1).nextBytes(content);
        changed = content.clone();
        Arrays.fill(changed, ZEROS, ZEROS_END, (byte) 0);
        try (FSDataOutputStream out = hadoop.create(there("theirs/large"))) {
            out.write(content);
        }
    }

    /** Where a file of the share is. */
    Path there(String path) {
        return new Path(share, path);
    }

    byte[] read(String path) throws IOException {
        try (InputStream in = hadoop.open(there(path))) {
            return in.readAllBytes();
        }
    }

    static String sha256(byte[] content) throws NoSuchAlgorithmException {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
    }

    /** What the guest is to say, in this order, and then what its own part of the script says. */
    List<String> said(String... then) throws NoSuchAlgorithmException {
        return Stream.concat(
                        Stream.of(
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
                                "not empty"),
                        Stream.concat(Stream.of(then), Stream.of("1", "over")))
                .toList();
    }

    /** Holds what Hadoop's client reads against what the guest wrote. */
    void assertLeftBehind() throws IOException {
        assertThat(read("mine/above/moved")).isEqualTo(changed);
        assertThat(hadoop.exists(there("mine/below"))).isFalse();
        assertThat(hadoop.exists(there("mine/log"))).isFalse();
        assertThat(read("mine/replaced")).asString(UTF_8).isEqualTo("new\n");
        assertThat(read("mine/tar")).hasSizeGreaterThan(content.length);
        assertThat(new String(read("mine/tar"), StandardCharsets.ISO_8859_1)).contains("large");
    }
}
