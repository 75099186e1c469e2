package dev.oriel.device;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.device.operation.LongHeads;
import dev.oriel.filesystem.FileSystem;
import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.filesystem.Request;
import dev.oriel.fuse.FuseOpcode;
import dev.oriel.linux.Errno;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever is thrown, and where: the request is answered, the session can end, and the next one begins. */
@Timeout(60)
class FailureTest {
    private final RecordingFileSystem fileSystem = new RecordingFileSystem(~0L);

    private static Wire fsync(Client client) {
        return client.request(FuseOpcode.FSYNC, 3).u64(1).u32(0, 0);
    }

    private static Wire lock(Client client) {
        return client.request(FuseOpcode.SETLKW, 3)
                .u64(1, 66, 0, Long.MAX_VALUE)
                .u32(1, 8, 0, 0);
    }

    /** There are no threads left. */
    private static Thread noThread(Runnable work) {
        throw new OutOfMemoryError("unable to create native thread for " + work);
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    static Stream<Arguments> thrown() {
        return Stream.of(
                Arguments.of(new OutOfMemoryError("heap"), Errno.ENOMEM),
                Arguments.of(new InternalError("a page that is gone"), Errno.EFAULT),
                Arguments.of(new AssertionError("a bug"), Errno.EIO),
                Arguments.of(new StackOverflowError(), Errno.EIO),
                Arguments.of(new IllegalStateException("a bug"), Errno.EIO));
    }

    private static long raise(Throwable thrown) {
        if (thrown instanceof Error error) {
            throw error;
        }
        throw (RuntimeException) thrown;
    }

    @ParameterizedTest
    @MethodSource("thrown")
    void anOperationThatThrowsIsAnsweredWithAnErrno(Throwable thrown, int errno) throws Exception {
        fileSystem.on("statfs", arguments -> raise(thrown));
        fileSystem.on(
                "fsync",
                arguments -> ((Request) arguments[0]).mayBlock() ? raise(thrown) : FileSystemSession.WOULD_BLOCK);
        AtomicInteger tries = new AtomicInteger();
        fileSystem.on("setlk", arguments -> tries.getAndIncrement() == 0 ? -Errno.EAGAIN : raise(thrown));
        try (Client client = new Client(fileSystem, LITTLE_ENDIAN).mount()) {
            assertThat(client.call(client.request(FuseOpcode.STATFS, 1)).error())
                    .as("on the queue's thread")
                    .isEqualTo(-errno);
            assertThat(client.call(fsync(client)).error()).as("in the pool").isEqualTo(-errno);
            assertThat(client.call(lock(client)).error())
                    .as("tried again for a lock")
                    .isEqualTo(-errno);
            assertThat(client.call(client.request(FuseOpcode.DESTROY, 0)).error())
                    .isZero();
        }
    }

    @ParameterizedTest
    @MethodSource("thrown")
    void aSessionThatCannotBeginIsAnErrorOfItsInitAndTheNextOneBegins(Throwable thrown, int errno) throws Exception {
        AtomicBoolean first = new AtomicBoolean(true);
        FileSystem failsOnce = new FileSystem() {
            @Override
            public FileSystemSession begin(long offered) {
                if (first.getAndSet(false)) {
                    raise(thrown);
                }
                return fileSystem.begin(offered);
            }

            @Override
            public void close() {}
        };
        try (Client client = new Client(failsOnce, LITTLE_ENDIAN)) {
            assertThat(client.call(client.init(7, Client.MINOR, Client.LINUX_FLAGS), 64)
                            .error())
                    .isEqualTo(-errno);
            client.mount();
            assertThat(client.call(client.request(FuseOpcode.STATFS, 1)).error())
                    .isZero();
        }
    }

    @ParameterizedTest
    @MethodSource("thrown")
    void aSessionThatCannotEndCleanlyEnds(Throwable thrown, int errno) throws Exception {
        fileSystem.on("close", arguments -> raise(thrown));
        try (Client client = new Client(fileSystem, LITTLE_ENDIAN).mount()) {
            assertThat(client.call(client.request(FuseOpcode.DESTROY, 0)).error())
                    .isZero();
            client.mount();
        }
    }

    @Test
    void withoutThreadsEachQueueServesItsRequestsItself() throws Exception {
        fileSystem.on("fsync", arguments -> ((Request) arguments[0]).mayBlock() ? 0 : FileSystemSession.WOULD_BLOCK);
        fileSystem.on("setlk", arguments -> -Errno.EAGAIN);
        try (Client client = new Client(fileSystem, LITTLE_ENDIAN, name -> FailureTest::noThread).mount()) {
            assertThat(client.call(fsync(client)).error()).isZero();
            assertThat(client.call(lock(client)).error()).isEqualTo(-Errno.ENOLCK);
            assertThat(client.call(client.request(FuseOpcode.DESTROY, 0)).error())
                    .isZero();
            client.mount();
        }
    }

    @Test
    void aPoolWithTooFewThreadsServesAllTheSame() throws Exception {
        AtomicInteger made = new AtomicInteger();
        ThreadFactory few = work -> made.getAndIncrement() > 2 ? noThread(work) : new Thread(work);
        fileSystem.on("fsync", arguments -> ((Request) arguments[0]).mayBlock() ? 0 : FileSystemSession.WOULD_BLOCK);
        try (Client client = new Client(fileSystem, LITTLE_ENDIAN, name -> few).mount()) {
            Guest.Sent[] all = new Guest.Sent[50];
            for (int i = 0; i < all.length; i++) {
                all[i] = client.send(fsync(client), 0);
            }
            for (Guest.Sent sent : all) {
                assertThat(client.await(sent).error()).isZero();
            }
        }
    }

    /** Long requests are few, and those that wait have memory of a bounded size: one more waits in its queue. */
    @Test
    void longRequestsThatWaitHoldUpTheirQueueAndNoOther() throws Exception {
        CountDownLatch disk = new CountDownLatch(1);
        fileSystem.on("setxattr", arguments -> {
            if (!((Request) arguments[0]).mayBlock()) {
                return FileSystemSession.WOULD_BLOCK;
            }
            await(disk);
            return 0;
        });
        try (Client client = new Client(fileSystem, LITTLE_ENDIAN).mount()) {
            Guest.Sent[] all = new Guest.Sent[LongHeads.MOST + 1];
            for (int i = 0; i < all.length; i++) {
                all[i] = client.send(
                        client.request(FuseOpcode.SETXATTR, 1)
                                .u32(4096, 0, 0, 0)
                                .name("user.x")
                                .raw(new byte[4096]),
                        0);
            }
            Guest.Sent behind = client.send(client.request(FuseOpcode.STATFS, 1), 512);
            byte[] elsewhere = client.request(FuseOpcode.STATFS, 1).done();
            for (int i = 0; i < 100; i++) {
                assertThat(client.guest
                                .call(Client.OTHER_REQUESTS, LITTLE_ENDIAN, elsewhere, 512)
                                .error())
                        .isZero();
            }
            assertThat(client.guest.isBack(behind)).isFalse();
            disk.countDown();
            for (Guest.Sent sent : all) {
                assertThat(client.await(sent).error()).isZero();
            }
            assertThat(client.await(behind).error()).isZero();
        }
    }

    /** A reply that is finished does not wait for the disk of the request behind it. */
    @Test
    void aFinishedReplyDoesNotWaitForTheNextRequest() throws Exception {
        CountDownLatch disk = new CountDownLatch(1);
        CountDownLatch both = new CountDownLatch(1);
        fileSystem.on("statfs", arguments -> {
            await(both);
            return 0;
        });
        fileSystem.on("unlink", arguments -> {
            await(disk);
            return 0;
        });
        try (Client client = new Client(fileSystem, LITTLE_ENDIAN).mount()) {
            Guest.Sent quick = client.send(client.request(FuseOpcode.STATFS, 1), 512);
            Guest.Sent slow = client.send(client.request(FuseOpcode.UNLINK, 1).name("name"), 0);
            both.countDown();
            assertThat(client.await(quick).error()).isZero();
            assertThat(client.guest.isBack(slow)).isFalse();
            disk.countDown();
            assertThat(client.await(slow).error()).isZero();
        }
    }
}
