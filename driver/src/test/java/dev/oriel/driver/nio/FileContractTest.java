package dev.oriel.driver.nio;

import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.AclFileAttributeView;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFileAttributeView;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;

/** What {@link Files} and the attribute views promise. */
class FileContractTest extends ProviderContract {
    @Override
    List<Contract> contracts() {
        List<Contract> all = new ArrayList<>();
        all.addAll(attributes());
        all.addAll(files());
        return all;
    }

    private static List<Contract> attributes() {
        FileTime time = FileTime.fromMillis(1_000_000_000_000L);
        return List.of(
                that(
                        "attributes by names",
                        f -> new TreeSet<>(Files.readAttributes(f.resolve("file"), "size,isDirectory")
                                .keySet())),
                that(
                        "all attributes",
                        f -> new TreeSet<>(
                                Files.readAttributes(f.resolve("file"), "*").keySet())),
                that(
                        "all attributes and one",
                        f -> new TreeSet<>(Files.readAttributes(f.resolve("file"), "posix:size,*")
                                .keySet())),
                that(
                        "the owner's attributes",
                        f -> new TreeSet<>(Files.readAttributes(f.resolve("file"), "owner:*")
                                .keySet())),
                that("an attribute that there is not", f -> Files.readAttributes(f.resolve("file"), "colour")),
                that("no attribute", f -> Files.readAttributes(f.resolve("file"), "")),
                that("a view that there is not", f -> Files.readAttributes(f.resolve("file"), "colour:red")),
                that("an attribute of nothing", f -> Files.getAttribute(f.resolve("none"), "size")),
                that("set an attribute that there is not", f -> Files.setAttribute(f.resolve("file"), "colour", 1)),
                that("set an attribute that cannot be set", f -> Files.setAttribute(f.resolve("file"), "size", 1L)),
                that("set in a view that there is not", f -> Files.setAttribute(f.resolve("file"), "colour:red", 1)),
                that(
                        "set to another kind of value",
                        f -> Files.setAttribute(f.resolve("file"), "lastModifiedTime", "now")),
                that(
                        "set the time of creation",
                        f -> Files.setAttribute(f.resolve("file"), "creationTime", time)
                                        .getFileName()
                                + ""),
                that("set times through a link", f -> {
                    Files.getFileAttributeView(f.resolve("link"), BasicFileAttributeView.class)
                            .setTimes(time, time, null);
                    return Files.getLastModifiedTime(f.resolve("file")) + " "
                            + Files.getAttribute(f.resolve("file"), "lastAccessTime");
                }),
                that("set no times", f -> {
                    FileTime before = Files.getLastModifiedTime(f.resolve("file"));
                    Files.getFileAttributeView(f.resolve("file"), BasicFileAttributeView.class)
                            .setTimes(null, null, null);
                    return before.equals(Files.getLastModifiedTime(f.resolve("file")));
                }),
                that(
                        "names of views",
                        f -> Files.getFileAttributeView(f, BasicFileAttributeView.class)
                                        .name()
                                + Files.getFileAttributeView(f, PosixFileAttributeView.class)
                                        .name()),
                that("a view of another world", f -> Files.getFileAttributeView(f, AclFileAttributeView.class)),
                that("the owner", f -> Files.getOwner(f.resolve("file")).equals(Files.getOwner(f.resolve("dir")))),
                that("set the owner", f -> {
                    Files.setOwner(f.resolve("file"), Files.getOwner(f.resolve("dir")));
                    return "";
                }),
                that(
                        "the type of a link",
                        f -> Files.readAttributes(
                                        f.resolve("link"), "isSymbolicLink,isRegularFile", LinkOption.NOFOLLOW_LINKS)
                                .toString()),
                that("special bits are kept", f -> {
                    Files.setAttribute(f.resolve("file"), "unix:mode", 04755);
                    return Integer.toOctalString((int) Files.getAttribute(f.resolve("file"), "unix:mode"));
                }),
                that(
                        "may be executed",
                        f -> Files.isExecutable(f.resolve("file")) + "" + Files.isExecutable(f.resolve("dir"))),
                that("access to nothing", f -> {
                    f.getFileSystem().provider().checkAccess(f.resolve("none"));
                    return "";
                }));
    }

    private static List<Contract> files() {
        return List.of(
                that("make a directory that is there", f -> Files.createDirectory(f.resolve("dir"))),
                that("make a directory over a file", f -> Files.createDirectory(f.resolve("file"))),
                that("make a directory that is a dot", f -> Files.createDirectory(f.resolve("dir/."))),
                that("make a directory that is above", f -> Files.createDirectory(f.resolve("dir/.."))),
                that(
                        "make directories with dots",
                        f -> Files.exists(Files.createDirectories(f.resolve("dir/../dir/./a/b")))),
                that("make a directory in nothing", f -> Files.createDirectory(f.resolve("none/new"))),
                that("delete a directory that is not empty", f -> Files.deleteIfExists(f.resolve("dir"))),
                that("delete nothing", f -> Files.deleteIfExists(f.resolve("none"))),
                that("delete a link", f -> {
                    Files.delete(f.resolve("link"));
                    return Files.exists(f.resolve("file"));
                }),
                that("link what is there", f -> Files.createLink(f.resolve("file"), f.resolve("dir/inner"))),
                that(
                        "link",
                        f -> Files.isSameFile(
                                Files.createLink(f.resolve("hard"), f.resolve("file")), f.resolve("link"))),
                that(
                        "a link over a file",
                        f -> Files.createSymbolicLink(
                                f.resolve("file"), f.getFileSystem().getPath("x"))),
                that("read a link that is none", f -> Files.readSymbolicLink(f.resolve("file"))),
                that(
                        "read a link",
                        f -> Files.readSymbolicLink(f.resolve("link")).toString()),
                that(
                        "the same file",
                        f -> Files.isSameFile(f.resolve("link"), f.resolve("file")) + ""
                                + Files.isSameFile(f.resolve("file"), f.resolve("dir/inner"))),
                that("the same nothing", f -> Files.isSameFile(f.resolve("none"), f.resolve("none"))),
                that("nothing and something", f -> Files.isSameFile(f.resolve("none"), f.resolve("file"))),
                that("copy over a file", f -> Files.copy(f.resolve("file"), f.resolve("dir/inner"))),
                that(
                        "copy in place of a file",
                        f -> Files.readString(Files.copy(
                                f.resolve("file"), f.resolve("dir/inner"), StandardCopyOption.REPLACE_EXISTING))),
                that(
                        "copy in place of a directory that is not empty",
                        f -> Files.copy(f.resolve("file"), f.resolve("dir"), StandardCopyOption.REPLACE_EXISTING)),
                that(
                        "copy a link",
                        f -> Files.isSymbolicLink(
                                Files.copy(f.resolve("link"), f.resolve("new"), LinkOption.NOFOLLOW_LINKS))),
                that("copy through a link", f -> Files.isSymbolicLink(Files.copy(f.resolve("link"), f.resolve("new")))),
                that(
                        "copy to itself",
                        f -> Files.copy(f.resolve("file"), f.resolve("link"))
                                .getFileName()
                                .toString()),
                that(
                        "copy a directory",
                        f -> Files.exists(
                                Files.copy(f.resolve("dir"), f.resolve("new")).resolve("inner"))),
                that(
                        "copy atomically",
                        f -> Files.copy(f.resolve("file"), f.resolve("new"), StandardCopyOption.ATOMIC_MOVE)),
                that("move over a file", f -> Files.move(f.resolve("file"), f.resolve("dir/inner"))),
                that(
                        "move in place of a file",
                        f -> Files.readString(Files.move(
                                f.resolve("file"), f.resolve("dir/inner"), StandardCopyOption.REPLACE_EXISTING))),
                that(
                        "move in place of a directory that is not empty",
                        f -> Files.move(f.resolve("file"), f.resolve("dir"), StandardCopyOption.REPLACE_EXISTING)),
                that(
                        "move to itself",
                        f -> Files.move(f.resolve("file"), f.resolve("file"))
                                .getFileName()
                                .toString()),
                that("move nothing", f -> Files.move(f.resolve("none"), f.resolve("new"))),
                that(
                        "move with attributes",
                        f -> Files.move(f.resolve("file"), f.resolve("new"), StandardCopyOption.COPY_ATTRIBUTES)),
                that("move a directory into itself", f -> Files.move(f.resolve("dir"), f.resolve("dir/below"))),
                that(
                        "the real path",
                        f -> f.resolve("dirlink/../link")
                                .toRealPath()
                                .toString()
                                .replace(f.toRealPath().toString(), "")),
                that("the real path of nothing", f -> f.resolve("none").toRealPath()),
                that(
                        "compare with another world",
                        f -> f.compareTo(f.getFileSystem().equals(share) ? temporary : share.getPath("/"))),
                that(
                        "resolve another world",
                        f -> f.resolve(f.getFileSystem().equals(share) ? temporary : share.getPath("a"))));
    }
}
