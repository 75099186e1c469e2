package dev.oriel.guesttests;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.driver.ClientLocks;
import dev.oriel.driver.ClientQueue;
import dev.oriel.driver.ClientRequest;
import dev.oriel.driver.FuseClient;
import dev.oriel.driver.FuseFiles;
import dev.oriel.driver.OpenFile;
import dev.oriel.fuse.FuseLkIn;
import dev.oriel.fuse.FuseOpcode;
import dev.oriel.linux.Errno;
import dev.oriel.linux.FlockBuffer;
import dev.oriel.linux.OpenFlags;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Operations of FUSE that Linux sends rarely or never over virtio-fs, or that only newer servers know. */
@ParameterizedClass
@EnumSource(names = {"BY_REQUEST", "BY_REQUEST_BIG_ENDIAN"})
class DriverOperationsTest {
    private static final long ROOT = FuseClient.ROOT;

    @Parameter
    private DriverSubject subject = DriverSubject.BY_REQUEST;

    @SuppressWarnings("NullAway.Init") // by connect
    private static DriverShare share;

    @SuppressWarnings("NullAway.Init") // by connect
    private static FuseClient client;

    @BeforeParameterizedClassInvocation
    static void connect(DriverSubject subject) throws Exception {
        share = DriverShare.serve(subject);
        client = share.connect();
    }

    @AfterParameterizedClassInvocation
    static void disconnect() throws Exception {
        client.close();
        share.close();
    }

    private static OpenFile create(String name) throws IOException {
        return client.files()
                .create(ROOT, name.getBytes(UTF_8), OpenFlags.O_RDWR, 0644)
                .file();
    }

    @Test
    void theSessionHasTheByteOrderThatTheClientChose() {
        assertThat(client.order()).isEqualTo(subject.clientOptions().order());
    }

    @Test
    void theServerCopiesBetweenFilesInBothWaysOfAsking() throws IOException {
        byte[] content = share.make("source", 3_000_001);
        OpenFile source = client.files().open(DriverShare.node(client, "source"), OpenFlags.O_RDONLY);
        OpenFile target = create("target");
        FuseFiles files = client.files();
        assertThat(files.copyFileRange(source, 0, target, 0, 1_000_000)).isEqualTo(1_000_000);
        assertThat(files.copyFileRange64(source, 1_000_000, target, 1_000_000, Long.MAX_VALUE - 1_000_000))
                .isEqualTo(2_000_001);
        assertThat(files.copyFileRange64(source, content.length, target, 0, 100))
                .isZero();
        assertThat(Files.readAllBytes(share.host("target"))).isEqualTo(content);
    }

    @Test
    void aWaitForALockEndsWhenItIsInterrupted() throws Exception {
        OpenFile file = create("locked");
        ClientLocks.Lock lock = new ClientLocks.Lock(0, Long.MAX_VALUE, FlockBuffer.F_WRLCK, 1);
        client.locks().set(file, 1, lock, false);
        ClientQueue queue = client.queue(0);
        ClientRequest waiting = queue.acquire().begin(FuseOpcode.SETLKW, file.nodeid());
        FuseLkIn in = waiting.argument(new FuseLkIn());
        in.fh(file.fh()).owner(2).lk().end(Long.MAX_VALUE).type(FlockBuffer.F_WRLCK);
        assertThat(queue.enqueue(waiting)).isZero();
        queue.flush();
        // one thread serves a queue, in order: once this is answered, the other one waits
        ClientRequest next = queue.acquire().getattr(ROOT);
        assertThat(queue.call(next)).isZero();
        next.release();
        client.interrupt(waiting.unique());
        assertThat(queue.await(Duration.ofSeconds(20).toNanos())).isTrue();
        assertThat(queue.poll()).isSameAs(waiting);
        assertThat(Errno.name(-waiting.result())).isEqualTo("EINTR");
        waiting.release();
        assertThat(client.locks().get(file, 2, lock).type()).isEqualTo(FlockBuffer.F_WRLCK);
    }

    /** Files of a host directory have no events, and where their blocks lie is no guest's business. */
    @Test
    void pollAndBmapAreNotServed() throws IOException {
        OpenFile file = create("file");
        for (int opcode : new int[] {FuseOpcode.POLL, FuseOpcode.BMAP}) {
            ClientRequest request = client.queue(0).acquire().begin(opcode, file.nodeid());
            int result = client.queue(0).call(request.bytes(new byte[24]));
            request.release();
            assertThat(Errno.name(-result)).isEqualTo("ENOSYS");
        }
    }
}
