package dev.oriel.driver.nio;

import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.DELETE_ON_CLOSE;
import static java.nio.file.StandardOpenOption.DSYNC;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.SPARSE;
import static java.nio.file.StandardOpenOption.SYNC;
import static java.nio.file.StandardOpenOption.TRUNCATE_EXISTING;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** What {@link java.nio.channels.FileChannel} promises. */
class ChannelContractTest extends ProviderContract {
    @Override
    List<Contract> contracts() {
        List<Contract> all = new ArrayList<>();
        all.addAll(opening());
        all.addAll(channels());
        return all;
    }

    private static List<Contract> opening() {
        return List.of(
                that("open nothing", f -> open(f, "none")),
                that("open a directory for reading", f -> open(f, "dir", READ).isOpen()),
                that("force a directory", f -> {
                    try (FileChannel channel = open(f, "dir", READ)) {
                        channel.force(true);
                        return channel.position();
                    }
                }),
                that("read a directory", f -> open(f, "dir", READ).read(ByteBuffer.allocate(1))),
                that("write a directory", f -> open(f, "dir", WRITE)),
                that(
                        "write to a directory that is open for reading",
                        f -> open(f, "dir", READ).write(bytes("x"))),
                that("read text of a directory", f -> Files.readString(f.resolve("dir"))),
                that("read and append", f -> open(f, "file", READ, APPEND)),
                that("append and truncate", f -> open(f, "file", APPEND, TRUNCATE_EXISTING)),
                that(
                        "read and truncate",
                        f -> open(f, "file", READ, TRUNCATE_EXISTING).size()),
                that("read and create", f -> open(f, "new", READ, CREATE)),
                that("create new over a file", f -> open(f, "file", WRITE, CREATE_NEW)),
                that("create new over a link", f -> open(f, "link", WRITE, CREATE_NEW)),
                that("create", f -> open(f, "new", WRITE, CREATE, SPARSE).size()),
                that("create under a file", f -> open(f, "file/new", WRITE, CREATE)),
                that("create in nothing", f -> open(f, "none/new", WRITE, CREATE)),
                that("a link without following", f -> open(f, "link", READ, LinkOption.NOFOLLOW_LINKS)),
                that("through a link", f -> open(f, "link", READ).size()),
                that("delete on close", f -> {
                    open(f, "file", WRITE, DELETE_ON_CLOSE).close();
                    return Files.exists(f.resolve("file"));
                }),
                that("synchronously", f -> open(f, "file", WRITE, SYNC).write(bytes("x"))),
                that("data synchronously", f -> open(f, "file", WRITE, DSYNC).write(bytes("x"))),
                that("an option of somebody else", f -> open(f, "file", new OpenOption() {})),
                that("an output stream that reads", f -> Files.newOutputStream(f.resolve("file"), READ)),
                that("an output stream truncates", f -> {
                    Files.newOutputStream(f.resolve("file")).close();
                    return Files.size(f.resolve("file"));
                }),
                that("permissions of something new", f -> {
                    var mode = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-r-----"));
                    Files.newByteChannel(f.resolve("new"), Set.of(CREATE, WRITE), mode)
                            .close();
                    return Files.getPosixFilePermissions(f.resolve("new"));
                }));
    }

    private static List<Contract> channels() {
        return List.of(
                that("read what is for writing", f -> open(f, "file", WRITE).read(ByteBuffer.allocate(1))),
                that("write what is for reading", f -> open(f, "file", READ).write(bytes("x"))),
                that("read into nothing", f -> open(f, "file").read(ByteBuffer.allocate(0))),
                that(
                        "read into nothing at the end",
                        f -> open(f, "file").position(10).read(ByteBuffer.allocate(0))),
                that("read at the end", f -> open(f, "file").position(10).read(ByteBuffer.allocate(1))),
                that("read behind the end", f -> open(f, "file").read(ByteBuffer.allocate(1), 1000)),
                that("read before the file", f -> open(f, "file").read(ByteBuffer.allocate(1), -1)),
                that(
                        "read into a read-only buffer",
                        f -> open(f, "file").read(ByteBuffer.allocate(1).asReadOnlyBuffer())),
                that(
                        "write from a read-only buffer",
                        f -> open(f, "file", WRITE).write(ByteBuffer.allocate(3).asReadOnlyBuffer())),
                that("write before the file", f -> open(f, "file", WRITE).write(bytes("x"), -1)),
                that("write nothing behind the end", f -> {
                    FileChannel channel = open(f, "file", WRITE);
                    channel.write(ByteBuffer.allocate(0), 100);
                    return channel.size();
                }),
                that("write behind the end", f -> {
                    FileChannel channel = open(f, "file", WRITE);
                    channel.write(bytes("x"), 100);
                    return channel.size() + " " + channel.position();
                }),
                that("scatter", f -> {
                    ByteBuffer[] parts = {ByteBuffer.allocate(0), ByteBuffer.allocate(3), ByteBuffer.allocate(20)};
                    FileChannel channel = open(f, "file");
                    return channel.read(parts) + " " + channel.position() + " " + channel.read(parts) + " "
                            + channel.read(new ByteBuffer[0]);
                }),
                that("scatter outside the array", f -> open(f, "file").read(new ByteBuffer[1], 1, 1)),
                that("gather", f -> {
                    FileChannel channel = open(f, "file", WRITE);
                    return channel.write(new ByteBuffer[] {bytes("a"), bytes(""), bytes("bc")}) + " "
                            + channel.position() + Files.readString(f.resolve("file"));
                }),
                that("gather outside the array", f -> open(f, "file", WRITE).write(new ByteBuffer[1], 0, 2)),
                that("append", f -> {
                    FileChannel channel = open(f, "file", APPEND);
                    long before = channel.position();
                    channel.position(2).write(bytes("x"));
                    return before + " " + channel.position() + Files.readString(f.resolve("file"));
                }),
                that("a position before the file", f -> open(f, "file").position(-1)),
                that(
                        "a position behind the end",
                        f -> open(f, "file").position(99).position()),
                that(
                        "truncate to less than nothing",
                        f -> open(f, "file", WRITE).truncate(-1)),
                that("truncate what is for reading", f -> open(f, "file").truncate(1)),
                that(
                        "truncate to more",
                        f -> open(f, "file", WRITE).position(99).truncate(50).position()),
                that(
                        "truncate",
                        f -> open(f, "file", WRITE).position(8).truncate(5).position()),
                that("transfer to what is closed", f -> {
                    WritableByteChannel target = open(f, "new", WRITE, CREATE);
                    target.close();
                    return open(f, "file").transferTo(0, 1, target);
                }),
                that(
                        "transfer from before the file",
                        f -> open(f, "file").transferTo(-1, 1, open(f, "new", WRITE, CREATE))),
                that(
                        "transfer less than nothing",
                        f -> open(f, "file").transferTo(0, -1, open(f, "new", WRITE, CREATE))),
                that(
                        "transfer from behind the end",
                        f -> open(f, "file").transferTo(100, 1, open(f, "new", WRITE, CREATE))),
                that("transfer", f -> open(f, "file").transferTo(2, 100, open(f, "new", WRITE, CREATE))),
                that(
                        "transfer to behind the end",
                        f -> open(f, "dir/inner", WRITE).transferFrom(open(f, "file"), 100, 1)),
                that(
                        "transfer from",
                        f -> open(f, "dir/inner", WRITE).transferFrom(open(f, "file"), 5, 100)
                                + Files.readString(f.resolve("dir/inner"))),
                that(
                        "transfer to what is for reading",
                        f -> open(f, "dir/inner").transferFrom(open(f, "file"), 0, 1)),
                that("read what is closed", f -> closed(f).read(ByteBuffer.allocate(1))),
                that("the size of what is closed", f -> closed(f).size()),
                that("the position of what is closed", f -> closed(f).position()),
                that("force what is closed", f -> {
                    closed(f).force(true);
                    return "";
                }),
                that("map what is closed", f -> closed(f).map(MapMode.READ_ONLY, 0, 1)),
                that("lock what is closed", f -> closed(f).lock()),
                that("read in a thread that is interrupted", f -> {
                    FileChannel channel = open(f, "file");
                    Thread.currentThread().interrupt();
                    try {
                        return channel.read(ByteBuffer.allocate(1));
                    } finally {
                        assertThat(Thread.interrupted()).isTrue();
                        assertThat(channel.isOpen()).isFalse();
                    }
                }));
    }

    private static FileChannel closed(Path folder) throws IOException {
        FileChannel channel = open(folder, "file", READ, WRITE);
        channel.close();
        channel.close();
        return channel;
    }
}
