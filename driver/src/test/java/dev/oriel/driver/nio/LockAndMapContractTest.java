package dev.oriel.driver.nio;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousFileChannel;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Future;

/**
 * What channels promise of locks and of mapped memory, and {@link java.nio.channels.AsynchronousFileChannel} of all.
 */
class LockAndMapContractTest extends ProviderContract {
    @Override
    List<Contract> contracts() {
        List<Contract> all = new ArrayList<>();
        all.addAll(mapping());
        all.addAll(locking());
        all.addAll(asynchronous());
        return all;
    }

    private static List<Contract> mapping() {
        return List.of(
                that(
                        "map to read what is for writing",
                        f -> open(f, "file", WRITE).map(MapMode.READ_ONLY, 0, 1)),
                that("map to write what is for reading", f -> open(f, "file").map(MapMode.READ_WRITE, 0, 1)),
                that("map privately what is for reading", f -> open(f, "file").map(MapMode.PRIVATE, 0, 1)),
                that("map from before the file", f -> open(f, "file").map(MapMode.READ_ONLY, -1, 1)),
                that("map less than nothing", f -> open(f, "file").map(MapMode.READ_ONLY, 0, -1)),
                that("map more than a buffer", f -> open(f, "file").map(MapMode.READ_ONLY, 0, 1L << 31)),
                that("map to behind all files", f -> open(f, "file").map(MapMode.READ_ONLY, Long.MAX_VALUE, 1)),
                that("map to behind the end", f -> open(f, "file").map(MapMode.READ_ONLY, 0, 11)),
                that(
                        "map nothing",
                        f -> open(f, "file").map(MapMode.READ_ONLY, 0, 0).capacity()),
                that("a mapping outlives its channel", f -> {
                    FileChannel channel = open(f, "file");
                    ByteBuffer buffer = channel.map(MapMode.READ_ONLY, 2, 3);
                    channel.close();
                    return UTF_8.decode(buffer) + " " + buffer.isReadOnly() + " " + buffer.isDirect();
                }),
                that("a private mapping grows the file", f -> {
                    FileChannel channel = open(f, "file", READ, WRITE);
                    ByteBuffer buffer = channel.map(MapMode.PRIVATE, 5, 10).put(0, (byte) 'x');
                    return buffer.get(0) + " " + channel.size() + Files.readString(f.resolve("file"));
                }),
                that("map a directory", f -> open(f, "dir").map(MapMode.READ_ONLY, 0, 1)),
                that("an arena's mapping", f -> {
                    try (Arena arena = Arena.ofConfined()) {
                        var memory = open(f, "file").map(MapMode.READ_ONLY, 2, 3, arena);
                        return memory.byteSize() + " " + memory.isReadOnly() + " "
                                + memory.scope().equals(arena.scope()) + " " + UTF_8.decode(memory.asByteBuffer());
                    }
                }),
                that("an arena's mapping after its end", f -> {
                    MemorySegment memory;
                    try (Arena arena = Arena.ofShared()) {
                        memory = open(f, "file").map(MapMode.READ_ONLY, 2, 3, arena);
                    }
                    return memory.asByteBuffer().get(0);
                }),
                that("an arena's private mapping", f -> {
                    try (Arena arena = Arena.ofShared()) {
                        var memory = open(f, "file", READ, WRITE).map(MapMode.PRIVATE, 0, 4, arena);
                        memory.fill((byte) 'x');
                        return memory.isReadOnly() + Files.readString(f.resolve("file"));
                    }
                }),
                that(
                        "an arena's mapping to behind the end",
                        f -> open(f, "file").map(MapMode.READ_ONLY, 0, 11, Arena.global())),
                that(
                        "an arena's mapping of less than nothing",
                        f -> open(f, "file").map(MapMode.READ_ONLY, 0, -1, Arena.global())),
                that(
                        "an arena's mapping of nothing",
                        f -> open(f, "file")
                                .map(MapMode.READ_ONLY, 0, 0, Arena.ofAuto())
                                .byteSize()),
                that(
                        "an arena's mapping to write what is for reading",
                        f -> open(f, "file").map(MapMode.READ_WRITE, 0, 1, Arena.global())),
                that("map into an arena that has ended", f -> {
                    Arena arena = Arena.ofShared();
                    arena.close();
                    return open(f, "file").map(MapMode.READ_ONLY, 0, 1, arena);
                }));
    }

    private static List<Contract> locking() {
        return List.of(
                that("lock", f -> {
                    try (FileChannel channel = open(f, "file", READ, WRITE)) {
                        FileLock lock = channel.lock();
                        String first = lock.position() + " " + lock.size() + " " + lock.isShared() + lock.isValid();
                        lock.release();
                        lock.release();
                        return first
                                + lock.isValid()
                                + channel.tryLock(0, 0, true).size();
                    }
                }),
                that("lock the same twice", f -> {
                    FileChannel channel = open(f, "file", WRITE);
                    channel.lock(0, 5, false);
                    return channel.tryLock(4, 1, false);
                }),
                that("lock the same through two channels", f -> {
                    FileLock held = open(f, "file", WRITE).lock(0, 5, false);
                    return held.isValid() + " " + open(f, "file", WRITE).tryLock(4, 1, false);
                }),
                that("share the same through two channels", f -> {
                    FileLock held = open(f, "file").lock(0, 5, true);
                    return held.isValid() + " " + open(f, "file").tryLock(4, 1, true);
                }),
                that("lock what is beside", f -> {
                    FileLock held = open(f, "file", WRITE).lock(0, 5, false);
                    return held.isValid() + " "
                            + open(f, "file", WRITE).tryLock(5, 5, false).isValid();
                }),
                that("lock what another channel had", f -> {
                    FileChannel first = open(f, "file", WRITE);
                    FileLock held = first.lock();
                    first.close();
                    return held.isValid() + " "
                            + open(f, "file", WRITE).tryLock().isValid();
                }),
                that("release after the channel", f -> {
                    FileChannel channel = open(f, "file", WRITE);
                    FileLock lock = channel.lock();
                    channel.close();
                    lock.release();
                    return "";
                }),
                that("share what is for writing", f -> open(f, "file", WRITE).tryLock(0, 1, true)),
                that("lock what is for reading", f -> open(f, "file").tryLock(0, 1, false)),
                that("lock before the file", f -> open(f, "file", WRITE).tryLock(-1, 1, false)),
                that("lock less than nothing", f -> open(f, "file", WRITE).tryLock(0, -1, false)),
                that("lock to behind all files", f -> open(f, "file", WRITE).tryLock(Long.MAX_VALUE, 2, false)),
                that("lock in a thread that is interrupted", f -> {
                    FileChannel channel = open(f, "file", WRITE);
                    Thread.currentThread().interrupt();
                    try {
                        return channel.lock();
                    } finally {
                        assertThat(Thread.interrupted()).isTrue();
                    }
                }));
    }

    private static List<Contract> asynchronous() {
        return List.of(
                that("read on another thread", f -> {
                    ByteBuffer buffer = ByteBuffer.allocate(20);
                    return async(f, "file").read(buffer, 3).get() + " " + UTF_8.decode(buffer.flip());
                }),
                that(
                        "read on another thread behind the end",
                        f -> async(f, "file").read(ByteBuffer.allocate(1), 99).get()),
                that(
                        "read on another thread before the file",
                        f -> async(f, "file").read(ByteBuffer.allocate(1), -1).isDone()),
                that(
                        "read on another thread into a read-only buffer",
                        f -> async(f, "file")
                                .read(ByteBuffer.allocate(1).asReadOnlyBuffer(), 0)
                                .isDone()),
                that(
                        "read on another thread what is for writing",
                        f -> async(f, "file", WRITE)
                                .read(ByteBuffer.allocate(1), 0)
                                .isDone()),
                that(
                        "write on another thread",
                        f -> async(f, "file", WRITE).write(bytes("abc"), 8).get()
                                + Files.readString(f.resolve("file"))),
                that(
                        "write on another thread what is for reading",
                        f -> async(f, "file").write(bytes("a"), 0).isDone()),
                that("append on another thread", f -> async(f, "file", WRITE, APPEND)),
                that(
                        "the size on another thread",
                        f -> async(f, "file", WRITE).truncate(4).size()),
                that(
                        "truncate on another thread what is for reading",
                        f -> async(f, "file").truncate(1)),
                that("read on another thread what is closed", f -> {
                    AsynchronousFileChannel channel = async(f, "file");
                    channel.close();
                    Future<Integer> read = channel.read(ByteBuffer.allocate(1), 0);
                    return channel.isOpen() + " " + read.get();
                }),
                that("lock on another thread", f -> {
                    AsynchronousFileChannel channel = async(f, "file", WRITE);
                    FileLock lock = channel.lock().get();
                    return lock.size() + " " + lock.isValid() + channel.equals(lock.acquiredBy());
                }),
                that("lock on another thread what a channel has", f -> {
                    FileLock held = open(f, "file", WRITE).lock();
                    return held.isValid() + " " + async(f, "file", WRITE).lock();
                }),
                that("try to lock on another thread what is closed", f -> {
                    AsynchronousFileChannel channel = async(f, "file", WRITE);
                    channel.close();
                    return channel.tryLock();
                }));
    }

    private static AsynchronousFileChannel async(Path folder, String name, OpenOption... options) throws IOException {
        return AsynchronousFileChannel.open(folder.resolve(name), options);
    }
}
