package dev.oriel.driver.nio;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;
import static java.nio.file.StandardWatchEventKinds.ENTRY_CREATE;
import static java.nio.file.StandardWatchEventKinds.ENTRY_DELETE;
import static java.nio.file.StandardWatchEventKinds.ENTRY_MODIFY;
import static java.nio.file.StandardWatchEventKinds.OVERFLOW;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.oriel.guests.GuestKit;
import dev.oriel.guests.PeerDaemon;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousFileChannel;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.ClosedFileSystemException;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What ends: waits for locks, channels in use, watches, and all that a file system has open. */
@Timeout(60)
class ChannelLifeTest {
    @TempDir
    private Path temporary;

    private Path host;
    private PeerDaemon daemon;
    private FileSystem share;

    @BeforeEach
    void open() throws Exception {
        host = Files.createDirectory(temporary.resolve("shared"));
        Path socket = temporary.resolve("socket");
        daemon = PeerDaemon.start(GuestKit.locate(), host, socket, "peer");
        share = FileSystems.newFileSystem(socket, Map.of());
        Files.writeString(host.resolve("file"), "0123456789");
    }

    @AfterEach
    void close() throws IOException {
        share.close();
        daemon.close();
    }

    private FileChannel channel() throws IOException {
        return FileChannel.open(share.getPath("/file"), READ, WRITE);
    }

    /** Starts something that waits, and waits until it does. */
    private static <T> FutureTask<T> waiting(Callable<T> call) {
        FutureTask<T> task = new FutureTask<>(call);
        Thread thread = Thread.ofPlatform().daemon().start(task);
        while (!task.isDone()
                && thread.getState() != Thread.State.TIMED_WAITING
                && thread.getState() != Thread.State.WAITING) {
            Thread.onSpinWait();
        }
        return task;
    }

    private static void endsWith(Class<? extends Throwable> kind, FutureTask<?> task) {
        assertThatExceptionOfType(ExecutionException.class)
                .isThrownBy(task::get)
                .withCauseInstanceOf(kind);
    }

    @Test
    void aLockOfTwoChannelsOverlapsUntilTheFirstIsReleased() throws IOException {
        try (FileChannel one = channel();
                FileChannel two = channel()) {
            var held = one.lock(0, 5, false);
            assertThatExceptionOfType(OverlappingFileLockException.class).isThrownBy(() -> two.tryLock(4, 2, false));
            assertThatExceptionOfType(OverlappingFileLockException.class).isThrownBy(() -> two.lock(4, 2, true));
            held.release();
            assertThat(two.tryLock(4, 2, false).isValid()).isTrue();
        }
    }

    @Test
    @SuppressWarnings("StreamResourceLeak") // the file system closes it
    void closingTheFileSystemClosesWhatIsOpen() throws Exception {
        FileChannel channel = channel();
        AsynchronousFileChannel asynchronous = AsynchronousFileChannel.open(share.getPath("/file"), READ);
        DirectoryStream<Path> stream = Files.newDirectoryStream(share.getPath("/"));
        WatchService watch = share.newWatchService();
        WatchKey key = share.getPath("/").register(watch, ENTRY_CREATE);
        share.close();
        share.close();
        assertThat(channel.isOpen()).isFalse();
        assertThat(asynchronous.isOpen()).isFalse();
        assertThat(key.isValid()).isFalse();
        assertThatExceptionOfType(ClosedChannelException.class).isThrownBy(() -> channel.write(ByteBuffer.allocate(1)));
        assertThatExceptionOfType(ClosedWatchServiceException.class).isThrownBy(watch::poll);
        assertThatExceptionOfType(IllegalStateException.class).isThrownBy(stream::iterator);
        assertThatExceptionOfType(ClosedFileSystemException.class).isThrownBy(() -> Files.size(share.getPath("/file")));
        assertThatExceptionOfType(ClosedFileSystemException.class).isThrownBy(share::newWatchService);
    }

    @Test
    void whatWasWrittenAtTheEndIsThereAfterTheFileSystem() throws IOException {
        FileChannel channel = FileChannel.open(share.getPath("/new"), CREATE, WRITE);
        channel.write(ByteBuffer.wrap("content".getBytes(UTF_8)));
        share.close();
        assertThat(host.resolve("new")).hasContent("content");
    }

    @Test
    void aWatchThatIsClosedWakesAllWhoWait() throws Exception {
        WatchService watch = share.newWatchService();
        share.getPath("/").register(watch, ENTRY_CREATE);
        FutureTask<WatchKey> one = waiting(watch::take);
        FutureTask<WatchKey> two = waiting(watch::take);
        watch.close();
        endsWith(ClosedWatchServiceException.class, one);
        endsWith(ClosedWatchServiceException.class, two);
    }

    @Test
    void eventsOfOneNameAreJoined() throws Exception {
        try (PollingWatchService watch = (PollingWatchService) share.newWatchService()) {
            WatchKey key = share.getPath("/").register(watch, ENTRY_CREATE, ENTRY_DELETE, ENTRY_MODIFY);
            for (int i = 1; i <= 3; i++) {
                Files.writeString(host.resolve("file"), "0", StandardOpenOption.APPEND);
                watch.look();
            }
            assertThat(watch.poll()).isSameAs(key);
            assertThat(watch.poll()).isNull();
            assertThat(key.pollEvents()).singleElement().satisfies(event -> {
                assertThat(event.kind()).isEqualTo(ENTRY_MODIFY);
                assertThat(event.context()).hasToString("file");
                assertThat(event.count()).isEqualTo(3);
            });
            assertThat(key.reset()).isTrue();
            assertThat(watch.poll()).isNull();
        }
    }

    @Test
    void anotherFileOfTheSameNameWasDeletedAndCreated() throws Exception {
        try (PollingWatchService watch = (PollingWatchService) share.newWatchService()) {
            WatchKey key = share.getPath("/").register(watch, ENTRY_CREATE, ENTRY_DELETE, ENTRY_MODIFY);
            // made where nobody looks
            Path other = Files.writeString(Files.createTempFile(host.getParent(), "other", ""), "0123456789");
            Files.move(other, host.resolve("file"), StandardCopyOption.REPLACE_EXISTING);
            watch.look();
            assertThat(key.pollEvents())
                    .<WatchEvent.Kind<?>>map(WatchEvent::kind)
                    .containsExactly(ENTRY_DELETE, ENTRY_CREATE);
        }
    }

    @Test
    void moreEventsThanAnybodyTakesAreAnOverflow() throws Exception {
        try (PollingWatchService watch = (PollingWatchService) share.newWatchService()) {
            WatchKey key = share.getPath("/").register(watch, ENTRY_CREATE);
            for (int i = 0; i < PollingWatchKey.EVENTS_MAX + 10; i++) {
                Files.createFile(host.resolve("new-" + i));
            }
            watch.look();
            assertThat(key.pollEvents()).singleElement().satisfies(event -> {
                assertThat((Object) event.kind()).isEqualTo(OVERFLOW);
                assertThat(event.count()).isEqualTo(10);
            });
        }
    }

    @Test
    void aWatchedDirectoryThatIsGoneEndsItsWatch() throws Exception {
        Files.createDirectory(host.resolve("dir"));
        try (PollingWatchService watch = (PollingWatchService) share.newWatchService()) {
            WatchKey key = share.getPath("/dir").register(watch, ENTRY_CREATE);
            Files.delete(host.resolve("dir"));
            watch.look();
            assertThat(watch.poll()).isSameAs(key);
            assertThat(key.isValid()).isFalse();
            assertThat(key.reset()).isFalse();
        }
    }
}
