package dev.oriel.guesttests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.oriel.guests.GuestKind;
import dev.oriel.linux.credential.ThreadCredentials;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Ids, names of attributes and owners that a guest sees otherwise than the host, from both sides. */
@Tag("guest")
class LayersTest {
    private static final int NOBODY = 65534;

    /** A program that tells what became of calls, in the share. */
    private static String python(String text) {
        return "cat >/tmp/program.py <<'END-OF-SCRIPT'\n" + """
                import errno, os, struct
                os.chdir("/mnt/work")
                def tell(what, function, *arguments):
                    try:
                        print(what, function(*arguments))
                    except OSError as e:
                        print(what, errno.errorcode[e.errno])
                def owner(name):
                    status = os.lstat(name)
                    return f"{status.st_uid}:{status.st_gid}"
                """ + text
                + "END-OF-SCRIPT\ntools python3 /tmp/program.py\n";
    }

    private static String owner(Path file) throws IOException {
        return Files.getAttribute(file, "unix:uid", LinkOption.NOFOLLOW_LINKS) + ":"
                + Files.getAttribute(file, "unix:gid", LinkOption.NOFOLLOW_LINKS);
    }

    @Test
    void idsAreOthersOnTheHost() throws Exception {
        assumeThat(ThreadCredentials.geteuid())
                .as("root, who may give files to others on the host")
                .isZero();
        List<String> options = List.of(
                "--translate-uid=map:1000:101000:1000",
                "--translate-uid=forbid-guest:5000:10",
                "--translate-uid=squash-host:200000:4242:1000",
                "--translate-gid=map:1000:201000:1000",
                "--translate-gid=squash-guest:3000:209999:10");
        try (SharedFolder shared = SharedFolder.serve(options)) {
            Files.setAttribute(shared.work(), "unix:mode", 0777);
            Path made = Files.writeString(shared.work().resolve("hosts"), "host");
            Files.setAttribute(made, "unix:uid", 101005);
            Files.setAttribute(made, "unix:gid", 201006);
            Path squashed = Files.writeString(shared.work().resolve("squashed"), "host");
            Files.setAttribute(squashed, "unix:uid", 200123);
            List<String> lines = shared.run(GuestKind.UML, python("""
                    print("hosts", owner("hosts"), "squashed", owner("squashed"))
                    print("listed", sorted((e.name, e.stat().st_uid) for e in os.scandir(".")))
                    open("given", "w").close()
                    os.chown("given", 1001, 1002)
                    print("given", owner("given"))
                    os.chown("given", -1, 3005)
                    print("squashed group", owner("given"))
                    tell("forbidden chown", os.chown, "given", 5001, -1)
                    def become(uid, gid):
                        os.setgroups([])
                        os.setresgid(gid, gid, gid)
                        os.setresuid(uid, uid, uid)
                    for uid in 1007, 5000:
                        child = os.fork()
                        if child == 0:
                            become(uid, 1008)
                            tell(f"{uid} mkdir", os.mkdir, f"of-{uid}")
                            tell(f"{uid} symlink", os.symlink, "x", f"link-of-{uid}")
                            tell(f"{uid} fifo", os.mkfifo, f"fifo-of-{uid}")
                            tell(f"{uid} open", lambda: os.close(os.open(f"file-of-{uid}", os.O_CREAT | os.O_RDWR)))
                            os.sys.stdout.flush()
                            os._exit(0)
                        os.waitpid(child, 0)
                    for name in "of-1007", "link-of-1007", "fifo-of-1007", "file-of-1007":
                        print("guest", name, owner(name))
                    """));
            assertThat(lines)
                    .contains("hosts 1005:1006 squashed 4242:0")
                    .contains("listed [('hosts', 1005), ('squashed', 4242)]")
                    .contains("given 1001:1002", "squashed group 1001:209999", "forbidden chown EPERM")
                    .contains("1007 mkdir None", "1007 symlink None", "1007 fifo None", "1007 open None")
                    .contains("5000 mkdir EPERM", "5000 symlink EPERM", "5000 fifo EPERM", "5000 open EPERM");
            assertThat(owner(shared.work().resolve("given"))).isEqualTo("101001:209999");
            for (String name : List.of("of-1007", "link-of-1007", "fifo-of-1007", "file-of-1007")) {
                assertThat(lines).contains("guest " + name + " 1007:1008");
                assertThat(owner(shared.work().resolve(name))).as(name).isEqualTo("101007:201008");
            }
            shared.server().stop();
        }
    }

    private static List<String> attributes(Path file) throws IOException {
        return Files.getFileAttributeView(file, UserDefinedFileAttributeView.class).list().stream()
                .sorted()
                .toList();
    }

    @Test
    void namesOfAttributesAreOthersOnTheHostAndCapabilitiesEndAllTheSame() throws Exception {
        // with --killpriv-v2 the guest leaves it to the server to end capabilities
        try (SharedFolder shared =
                SharedFolder.serve(List.of("-o", "xattrmap=:map::user.virtiofs.:", "--killpriv-v2"))) {
            List<String> lines = shared.run(GuestKind.UML, python("""
                    capability = struct.pack("<5I", 0x02000001, 1 << 10, 0, 0, 0)
                    def has(name):
                        return "security.capability" in os.listxattr(name)
                    def make(name):
                        with open(name, "w") as f:
                            f.write("x")
                        os.setxattr(name, "security.capability", capability)
                        assert os.getxattr(name, "security.capability") == capability
                    make("kept")
                    os.setxattr("kept", "user.one", b"1")
                    os.setxattr("kept", "trusted.two", b"2")
                    print("kept", sorted(os.listxattr("kept")), os.getxattr("kept", "trusted.two"))
                    os.removexattr("kept", "user.one")
                    os.chmod("kept", 0o711)
                    make("written")
                    with open("written", "a") as f:
                        f.write("y")
                    make("truncated")
                    os.truncate("truncated", 0)
                    make("opened")
                    os.close(os.open("opened", os.O_WRONLY | os.O_TRUNC))
                    make("given")
                    os.chown("given", os.stat("given").st_uid, -1)
                    os.sync()
                    print("have", [name for name in sorted(os.listdir(".")) if has(name)])
                    """));
            assertThat(lines)
                    .contains("kept ['security.capability', 'trusted.two', 'user.one'] b'2'")
                    .contains("have ['kept']");
            assertThat(attributes(shared.work().resolve("kept")))
                    .containsExactly("virtiofs.security.capability", "virtiofs.trusted.two");
            for (String name : List.of("written", "truncated", "opened", "given")) {
                assertThat(attributes(shared.work().resolve(name))).as(name).isEmpty();
            }
            shared.server().stop();
        }
    }

    /** A server that is nobody, and everything on the host is its. */
    private static List<String> asNobody(Path folder) {
        if (ThreadCredentials.geteuid() != 0) {
            return List.of();
        }
        try {
            for (Path path : List.of(folder.getParent(), folder, folder.resolve("work"))) {
                Files.setAttribute(path, "unix:uid", NOBODY);
                Files.setAttribute(path, "unix:gid", NOBODY);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        String id = Integer.toString(NOBODY);
        return List.of("setpriv", "--reuid", id, "--regid", id, "--clear-groups");
    }

    @Test
    void aRootFileSystemThatAGuestUnpacksOntoAShareOfNobodyIsRightAfterRemount() throws Exception {
        try (SharedFolder shared = SharedFolder.serve(LayersTest::asNobody, List.of("--override-stat"))) {
            List<String> lines = shared.run(
                    GuestKind.UML,
                    """
                    mkdir /tmp/source
                    (cd /tools && tar -cf - bin sbin lib64 etc home root tmp var usr/sbin usr/bin/[a-k]*) |
                        tar -C /tmp/source -xf -
                    """ + GuestProgram.run("tree", "write /tmp/source/all")
                            + "rm /tmp/source/all/socket\ncat >/tmp/own.py <<'END-OF-SCRIPT'\n"
                            + """
                    import os, stat
                    count = 0
                    for folder, folders, files in os.walk("/tmp/source"):
                        for name in folders + files:
                            path = os.path.join(folder, name)
                            count += 1
                            mode = os.lstat(path).st_mode
                            if "/all" not in path:
                                os.lchown(path, count % 5000, count % 700)
                                if stat.S_ISREG(mode):
                                    os.chmod(path, [0o644, 0o4755, 0o2755, 0o600, 0o0, 0o440][count % 6])
                    for folder, folders, files in os.walk("/tmp/source", topdown=False):
                        for name in files + folders:
                            path = os.path.join(folder, name)
                            os.utime(path, (1_500_000_000, 1_600_000_000 + len(path)), follow_symlinks=False)
                    os.utime("/tmp/source", (1_500_000_000, 1_600_000_000))
                    print("FILES", count)
                    END-OF-SCRIPT
                    tools python3 /tmp/own.py
                    tools tar -C /tmp/source -cf - . | tools tar -C /mnt/work -xpf -
                    umount /mnt
                    echo 3 >/proc/sys/vm/drop_caches
                    mount -t virtiofs share /mnt
                    echo SOURCE
                    """ + GuestProgram.run("tree", "show /tmp/source")
                            + "echo SHARE\n"
                            + GuestProgram.run("tree", "show /mnt/work") + python("""
                            os.mknod("socket", 0o140600)
                            print("socket", oct(os.stat("socket").st_mode))
                            print("attributes", os.listxattr("."), os.listxattr("all/program"))
                            os.chown("all/program", 7, 8)
                            print("given", owner("all/program"), oct(os.stat("all/program").st_mode))
                            def user():
                                os.setresgid(1000, 1000, 1000)
                                os.setresuid(1000, 1000, 1000)
                                os.sys.stdin.close()
                            child = os.fork()
                            if child == 0:
                                os.setgroups([])
                                user()
                                tell("user reads", open, "all/folder0/deeper0/file0")
                                tell("user makes", os.mkdir, "all/new")
                                os.mkdir("all/sticky/of-user", 0o750)
                                print("user made", owner("all/sticky/of-user"))
                                program = "all/sticky/of-user/program"
                                with open(program, "w") as f:
                                    os.chmod(program, 0o4755)
                                    print("before", oct(os.stat(program).st_mode))
                                    f.write("x")
                                print("after", oct(os.stat(program).st_mode))
                                os.sys.stdout.flush()
                                os._exit(0)
                            os.waitpid(child, 0)
                            """));
            List<String> source = tree(lines, "SOURCE");
            assertThat(source).hasSizeGreaterThan(400);
            assertThat(tree(lines, "SHARE")).isEqualTo(source);
            assertThat(lines)
                    .contains("socket 0o140600", "attributes [] []", "given 7:8 0o100755")
                    .contains("user reads EACCES", "user makes EACCES", "user made 1000:1000")
                    .contains("before 0o104755", "after 0o100755");
            try (Stream<Path> files = Files.walk(shared.work())) {
                List<String> kinds = files.filter(path -> !path.equals(shared.work()))
                        .map(LayersTest::onHost)
                        .distinct()
                        .sorted()
                        .toList();
                int own = ThreadCredentials.geteuid() == 0 ? NOBODY : ThreadCredentials.geteuid();
                assertThat(kinds).containsExactly(own + " 100600", own + " 40700");
            }
            shared.server().stop();
        }
    }

    private static String onHost(Path path) {
        try {
            Object owner = Files.getAttribute(path, "unix:uid", LinkOption.NOFOLLOW_LINKS);
            Object mode = Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
            return owner + " " + Integer.toOctalString(Integer.parseInt(String.valueOf(mode)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The lines from a marker to the end of the tree. */
    private static List<String> tree(List<String> lines, String marker) {
        int from = lines.indexOf(marker) + 1;
        int end = from + lines.subList(from, lines.size()).indexOf("tree end");
        return lines.subList(from, Math.max(from, end)).stream()
                .filter(line -> line.startsWith("tree "))
                .map(LayersTest::portable)
                .toList();
    }

    /**
     * Without what two file systems may tell otherwise: where data lies, links of a directory, and when a link was
     * made.
     */
    private static String portable(String line) {
        List<String> words = List.of(line.split(" ", -1));
        String type = words.get(2).substring(0, words.get(2).length() - 4);
        return words.stream()
                .filter(word -> !word.startsWith("data="))
                .filter(word -> !(word.startsWith("links=") && type.equals("4")))
                .filter(word -> !(word.startsWith("mtime=") && type.equals("12")))
                .collect(Collectors.joining(" "));
    }
}
