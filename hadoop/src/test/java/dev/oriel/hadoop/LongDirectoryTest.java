package dev.oriel.hadoop;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.filesystem.ShareSettings;
import dev.oriel.filesystem.local.Client;
import dev.oriel.filesystem.local.Listing;
import dev.oriel.linux.Errno;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.hdfs.DistributedFileSystem;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A directory of more names than a client may keep, as memory for nodes goes, and than the cluster tells at once; of
 * still more with {@code -Doriel.names=100000}.
 */
@SuppressWarnings("NullAway.Init") // before all
class LongDirectoryTest {
    private static final int NAMES = Integer.getInteger("oriel.names", 8000);
    private static final int MAKERS = 8;
    private static final int ONE_ANSWER = 700;
    private static final ShareSettings LITTLE_MEMORY = new ShareSettings(Map.of(), false, 1, 1, null, 1 << 20);

    private static TestCluster cluster;

    @BeforeAll
    static void startACluster() throws Exception {
        cluster = TestCluster.start();
        DistributedFileSystem hadoop = cluster.client();
        List<Thread> makers = IntStream.range(0, MAKERS)
                .mapToObj(maker -> Thread.ofPlatform().start(() -> {
                    for (int i = maker; i < NAMES; i += MAKERS) {
                        try {
                            hadoop.mkdirs(new Path("/many/name-" + i));
                        } catch (IOException failed) {
                            throw new UncheckedIOException(failed);
                        }
                    }
                }))
                .toList();
        for (Thread maker : makers) {
            maker.join();
        }
    }

    @AfterAll
    static void stopIt() throws Exception {
        cluster.close();
    }

    private static Client client(String scheme) throws IOException {
        return Client.of(new HadoopShares().open(cluster.share(scheme, "/many"), LITTLE_MEMORY));
    }

    @ParameterizedTest
    @ValueSource(strings = {"hdfs", "webhdfs"})
    void itIsListedWithoutANameMissingOrTwice(String scheme) throws IOException {
        List<String> expected = new ArrayList<>(List.of(".", ".."));
        IntStream.range(0, NAMES).forEach(i -> expected.add("name-" + i));
        try (Client client = client(scheme)) {
            assertThat(listedFrom(client, 0).names).containsExactlyInAnyOrderElementsOf(expected);
        }
    }

    /** As telldir(3) and seekdir(3) have it, and a server of NFS, which opens a directory for each of its answers. */
    @ParameterizedTest
    @ValueSource(strings = {"hdfs", "webhdfs"})
    void itIsListedFromAnyPlace(String scheme) throws IOException {
        try (Client client = client(scheme)) {
            Listing whole = listedFrom(client, 0);
            int all = whole.names.size();
            for (int place : new int[] {1, 2, 3, all / 2, all - 1, all}) {
                assertThat(listedFrom(client, whole.offsets.get(place - 1)).names)
                        .isEqualTo(whole.names.subList(place, all));
            }
            assertThat(listedFrom(client, Long.MAX_VALUE).names).isEmpty();
        }
    }

    @Test
    void whatIsHalfReadCountsUntilItIsClosed() throws IOException {
        try (Client client = client("hdfs")) {
            FileSystemSession session = client.session;
            List<Long> open = new ArrayList<>();
            int result = 0;
            while (result == 0) {
                assertThat(session.opendir(client.caller(), FileSystemSession.ROOT, 0, client.opened))
                        .isZero();
                open.add(client.opened.fh);
                Listing first = new Listing(ONE_ANSWER);
                result = session.readdir(client.caller(), FileSystemSession.ROOT, open.getLast(), 0, false, first);
            }
            assertThat(result).isEqualTo(-Errno.ENOMEM);
            assertThat(open.size()).isBetween(2, 6);
            for (long fh : open) {
                assertThat(session.releasedir(client.caller(), FileSystemSession.ROOT, fh, 0))
                        .isZero();
            }
            assertThat(listedFrom(client, 0).names).hasSize(NAMES + 2);
        }
    }

    /** What an open directory tells from an offset on; in the end it is asked for the first of it again. */
    private static Listing listedFrom(Client client, long offset) {
        FileSystemSession session = client.session;
        assertThat(session.opendir(client.caller(), FileSystemSession.ROOT, 0, client.opened))
                .isZero();
        long fh = client.opened.fh;
        Listing all = new Listing(Integer.MAX_VALUE);
        Listing some = answer(client, fh, offset);
        Listing first = some;
        while (!some.names.isEmpty()) {
            for (int i = 0; i < some.names.size(); i++) {
                byte[] name = some.names.get(i).getBytes(UTF_8);
                assertThat(all.add(some.inos.get(i), some.offsets.get(i), some.types.get(i), name))
                        .isTrue();
            }
            some = answer(client, fh, all.next());
        }
        assertThat(answer(client, fh, offset).names).isEqualTo(first.names);
        assertThat(session.releasedir(client.caller(), FileSystemSession.ROOT, fh, 0))
                .isZero();
        return all;
    }

    private static Listing answer(Client client, long fh, long offset) {
        Listing answer = new Listing(ONE_ANSWER);
        assertThat(client.session.readdir(client.caller(), FileSystemSession.ROOT, fh, offset, false, answer))
                .isZero();
        return answer;
    }
}
