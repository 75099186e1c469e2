package dev.oriel.driver.nio;

import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchService;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** What {@link DirectoryStream}, {@link SecureDirectoryStream} and {@link WatchService} promise. */
@SuppressWarnings("StreamResourceLeak") // what is left open the test ends with
class DirectoryContractTest extends ProviderContract {
    @Override
    List<Contract> contracts() {
        List<Contract> all = new ArrayList<>();
        all.addAll(directories());
        all.addAll(watching());
        return all;
    }

    private static List<Contract> directories() {
        return List.of(
                that("list", f -> list(f).toString().replace(f.toString(), "")),
                that("list a file", f -> Files.newDirectoryStream(f.resolve("file"))),
                that("list nothing", f -> Files.newDirectoryStream(f.resolve("none"))),
                that("list through a link", f -> list(f.resolve("dirlink"))),
                that("list twice", f -> {
                    DirectoryStream<Path> stream = Files.newDirectoryStream(f);
                    var _ = stream.iterator();
                    return stream.iterator();
                }),
                that("list what is closed", f -> {
                    DirectoryStream<Path> stream = Files.newDirectoryStream(f);
                    stream.close();
                    stream.close();
                    return stream.iterator();
                }),
                that("next at the end", f -> {
                    var iterator = Files.newDirectoryStream(f.resolve("dir")).iterator();
                    return iterator.next().getFileName() + " " + iterator.hasNext() + iterator.next();
                }),
                that("remove while listing", f -> {
                    var iterator = Files.newDirectoryStream(f).iterator();
                    iterator.next();
                    iterator.remove();
                    return "";
                }),
                that("a filter that fails", f -> {
                    DirectoryStream.Filter<Path> filter = _ -> {
                        throw new IOException();
                    };
                    return Files.newDirectoryStream(f, filter).iterator().hasNext();
                }),
                that("list an open directory that was moved", f -> {
                    try (var stream = secure(f, "dir")) {
                        Files.move(f.resolve("dir"), f.resolve("moved"));
                        Files.createDirectory(f.resolve("dir"));
                        try (var inner =
                                stream.newDirectoryStream(f.getFileSystem().getPath("."))) {
                            return names(inner).toString().replace("/./", "/");
                        }
                    }
                }),
                that("open in a directory that was moved", f -> {
                    try (var stream = secure(f, "dir")) {
                        Files.move(f.resolve("dir"), f.resolve("moved"));
                        return stream.newByteChannel(f.getFileSystem().getPath("inner"), Set.of(READ))
                                .size();
                    }
                }),
                that("create in a directory that was moved", f -> {
                    try (var stream = secure(f, "dir")) {
                        Files.move(f.resolve("dir"), f.resolve("moved"));
                        stream.newByteChannel(f.getFileSystem().getPath("new"), Set.of(WRITE, CREATE_NEW))
                                .close();
                        return Files.exists(f.resolve("moved/new"));
                    }
                }),
                that("delete in a directory that was moved", f -> {
                    try (var stream = secure(f, "dir")) {
                        Files.move(f.resolve("dir"), f.resolve("moved"));
                        stream.deleteFile(f.getFileSystem().getPath("inner"));
                        return Files.exists(f.resolve("moved/inner"));
                    }
                }),
                that("delete a directory that is not empty", f -> {
                    try (var stream = (SecureDirectoryStream<Path>) Files.newDirectoryStream(f)) {
                        stream.deleteDirectory(f.getFileSystem().getPath("dir"));
                        return "";
                    }
                }),
                that("delete nothing in a directory", f -> {
                    try (var stream = secure(f, "dir")) {
                        stream.deleteFile(f.getFileSystem().getPath("none"));
                        return "";
                    }
                }),
                that("move from directory to directory", f -> {
                    Files.createDirectory(f.resolve("other"));
                    try (var from = secure(f, "dir");
                            var to = secure(f, "other")) {
                        from.move(
                                f.getFileSystem().getPath("inner"),
                                to,
                                f.getFileSystem().getPath("outer"));
                        return Files.readString(f.resolve("other/outer")) + Files.exists(f.resolve("dir/inner"));
                    }
                }),
                that("attributes in a directory that was moved", f -> {
                    try (var stream = secure(f, "dir")) {
                        Files.move(f.resolve("dir"), f.resolve("moved"));
                        Path inner = f.getFileSystem().getPath("inner");
                        stream.getFileAttributeView(inner, PosixFileAttributeView.class)
                                .setPermissions(PosixFilePermissions.fromString("rwx------"));
                        return Files.getPosixFilePermissions(f.resolve("moved/inner"))
                                        .toString()
                                + stream.getFileAttributeView(BasicFileAttributeView.class)
                                        .readAttributes()
                                        .isDirectory()
                                + stream.getFileAttributeView(inner, BasicFileAttributeView.class)
                                        .readAttributes()
                                        .size();
                    }
                }),
                that("not through a link in a directory", f -> {
                    try (var stream = (SecureDirectoryStream<Path>) Files.newDirectoryStream(f)) {
                        return stream.newByteChannel(
                                f.getFileSystem().getPath("link"), Set.of(READ, LinkOption.NOFOLLOW_LINKS));
                    }
                }),
                that("upwards from a directory", f -> {
                    try (var stream = secure(f, "dir")) {
                        return stream.newByteChannel(f.getFileSystem().getPath("../file"), Set.of(READ))
                                .size();
                    }
                }),
                that("in a directory that is closed", f -> {
                    var stream = secure(f, "dir");
                    stream.close();
                    return stream.newByteChannel(f.getFileSystem().getPath("inner"), Set.of(READ));
                }));
    }

    private static List<Contract> watching() {
        return List.of(
                that(
                        "watch a file",
                        f -> f.resolve("file")
                                .register(f.getFileSystem().newWatchService(), StandardWatchEventKinds.ENTRY_CREATE)),
                that("watch for nothing", f -> f.register(f.getFileSystem().newWatchService())),
                that(
                        "watch for overflows",
                        f -> f.register(f.getFileSystem().newWatchService(), StandardWatchEventKinds.OVERFLOW)),
                that("watch twice", f -> {
                    try (WatchService watch = f.getFileSystem().newWatchService()) {
                        return f.register(watch, StandardWatchEventKinds.ENTRY_CREATE)
                                .equals(f.register(watch, StandardWatchEventKinds.ENTRY_DELETE));
                    }
                }),
                that("watch again after the end of a watch", f -> {
                    try (WatchService watch = f.getFileSystem().newWatchService()) {
                        var key = f.register(watch, StandardWatchEventKinds.ENTRY_CREATE);
                        key.cancel();
                        return key.isValid() + "" + key.reset()
                                + key.equals(f.register(watch, StandardWatchEventKinds.ENTRY_DELETE));
                    }
                }),
                that("a watch that is closed", f -> {
                    WatchService watch = f.getFileSystem().newWatchService();
                    var key = f.register(watch, StandardWatchEventKinds.ENTRY_CREATE);
                    watch.close();
                    watch.close();
                    assertThat(key.isValid()).isFalse();
                    return watch.poll();
                }));
    }

    private static Set<String> names(DirectoryStream<Path> stream) {
        Set<String> names = new TreeSet<>();
        stream.forEach(path -> names.add(path.toString()));
        return names;
    }

    private static Set<String> list(Path directory) throws IOException {
        try (DirectoryStream<Path> stream = Files.newDirectoryStream(directory)) {
            return names(stream);
        }
    }

    @SuppressWarnings("StreamResourceLeak") // the caller closes it
    private static SecureDirectoryStream<Path> secure(Path folder, String name) throws IOException {
        return (SecureDirectoryStream<Path>) Files.newDirectoryStream(folder.resolve(name));
    }
}
