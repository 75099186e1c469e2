package dev.oriel.device;

import static java.nio.ByteOrder.BIG_ENDIAN;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.filesystem.Attributes;
import dev.oriel.filesystem.DirectoryEntries;
import dev.oriel.filesystem.Entry;
import dev.oriel.filesystem.FileLock;
import dev.oriel.filesystem.Opened;
import dev.oriel.filesystem.Status;
import dev.oriel.fuse.FuseOpcode;
import dev.oriel.linux.Errno;
import dev.oriel.linux.IoVector;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every operation: what the file system is asked, and what comes back, in both byte orders and however buffers are cut.
 */
class OperationsTest {
    private static final long FH = 0x1122_3344_5566_7788L;
    private static final long BIG = 0x7fff_1234_5678_9abcL;

    private final RecordingFileSystem fileSystem = new RecordingFileSystem(~0L);

    static Arguments[] wires() {
        return new Arguments[] {
            Arguments.of(LITTLE_ENDIAN, 1 << 20), Arguments.of(BIG_ENDIAN, 1 << 20),
            Arguments.of(LITTLE_ENDIAN, 7), Arguments.of(BIG_ENDIAN, 16),
        };
    }

    private Client mounted(ByteOrder order, int pieceSize) throws Exception {
        Client client = new Client(fileSystem, order).mount();
        client.guest.pieceSize = pieceSize;
        fileSystem.calls();
        return client;
    }

    private void assertAsked(String... calls) {
        assertThat(fileSystem.calls()).containsExactly(calls);
    }

    @ParameterizedTest
    @MethodSource("wires")
    void lookupAndForget(ByteOrder order, int pieceSize) throws Exception {
        fileSystem.on("lookup", arguments -> {
            Entry out = (Entry) arguments[3];
            out.nodeid = 17;
            out.generation = BIG;
            out.validNanos = 1_000_000_000;
            out.attributes.validNanos = 5;
            out.attributes.ino = 99;
            out.attributes.mode = 0100644;
            out.attributes.size = BIG;
            return 0;
        });
        try (Client client = mounted(order, pieceSize)) {
            Answer answer = client.call(client.request(FuseOpcode.LOOKUP, 3).name("name"), 128);
            assertAsked("lookup 3 'name'");
            assertThat(answer.bodyLength()).isEqualTo(128);
            assertThat(answer.u64(0)).isEqualTo(17);
            assertThat(answer.u64(8)).isEqualTo(BIG);
            assertThat(answer.u64(16)).isEqualTo(1);
            assertThat(answer.u64(24)).isZero();
            assertThat(answer.u32(36)).isEqualTo(5);
            assertThat(answer.u64(40)).isEqualTo(99);
            assertThat(answer.u64(48)).isEqualTo(BIG);
            assertThat(answer.u32(100)).isEqualTo(0100644);

            fileSystem.on("lookup", arguments -> -Errno.ENOENT);
            assertThat(client.call(client.request(FuseOpcode.LOOKUP, 3).name("x"))
                            .error())
                    .isEqualTo(-Errno.ENOENT);
            assertAsked("lookup 3 'x'");

            forget(client, client.request(FuseOpcode.FORGET, 17).u64(2));
            assertAsked("forget 17 2");
            forget(client, client.request(FuseOpcode.BATCH_FORGET, 0).u32(2, 0).u64(17, 1, 18, BIG));
            assertAsked("forget 17 1", "forget 18 " + BIG);
        }
    }

    private static void forget(Client client, Wire request) {
        Guest.Sent sent = client.guest.send(Client.HIPRIO, request.done(), 0);
        assertThat(client.guest.await(sent)).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("wires")
    void aBatchOfManyForgetsIsTakenWhole(ByteOrder order, int pieceSize) throws Exception {
        int count = pieceSize < 100 ? 50 : 1000;
        try (Client client = mounted(order, pieceSize)) {
            Wire request = client.request(FuseOpcode.BATCH_FORGET, 0).u32(count, 0);
            for (int i = 0; i < count; i++) {
                request.u64(i + 2, i + 1);
            }
            forget(client, request);
            assertThat(fileSystem.calls())
                    .hasSize(count)
                    .startsWith("forget 2 1", "forget 3 2")
                    .endsWith("forget " + (count + 1) + " " + count);
        }
    }

    @ParameterizedTest
    @MethodSource("wires")
    void attributes(ByteOrder order, int pieceSize) throws Exception {
        fileSystem.on("getattr", arguments -> {
            Attributes out = (Attributes) arguments[3];
            out.validNanos = 3_600_000_000_006L;
            out.ino = 7;
            out.nlink = 2;
            out.rdevMajor = 0x12;
            out.rdevMinor = 0x345;
            return 0;
        });
        fileSystem.on("setattr", arguments -> {
            ((Attributes) arguments[3]).ino = 8;
            return 0;
        });
        fileSystem.on("statx", arguments -> {
            Attributes out = (Attributes) arguments[5];
            out.mask = 0xfff;
            out.mode = 0100755;
            out.btime = -5;
            out.btimensec = 6;
            return 0;
        });
        fileSystem.on("statfs", arguments -> {
            Status out = (Status) arguments[2];
            out.blocks = BIG;
            out.namelen = 255;
            return 0;
        });
        fileSystem.on("access", arguments -> -Errno.EACCES);
        try (Client client = mounted(order, pieceSize)) {
            Answer answer =
                    client.call(client.request(FuseOpcode.GETATTR, 3).u32(0, 0).u64(FH), 104);
            assertThat(answer.bodyLength()).isEqualTo(104);
            assertThat(answer.u64(0)).isEqualTo(3600);
            assertThat(answer.u64(16)).isEqualTo(7);
            assertThat(answer.u32(8)).isEqualTo(6);
            assertThat(answer.u32(80)).isEqualTo(2);
            assertThat(answer.u32(92)).as("rdev").isEqualTo(0x301245);
            client.call(client.request(FuseOpcode.GETATTR, 3).u32(1, 0).u64(FH), 104);
            assertAsked("getattr 3 -1", "getattr 3 " + FH);

            answer = client.call(
                    client.request(FuseOpcode.SETATTR, 3)
                            .u32(0xff, 0)
                            .u64(FH, 4096, 55, 1, 2, 3)
                            .u32(4, 5, 6, 0644, 0, 10, 11, 0),
                    104);
            assertThat(answer.bodyLength()).isEqualTo(104);
            assertThat(answer.u64(16)).isEqualTo(8);
            assertAsked("setattr 3 valid ff fh " + FH + " size 4096 mode 644 uid 10 gid 11 atime 1.4 mtime 2.5");

            answer = client.call(
                    client.request(FuseOpcode.STATX, 3).u32(1, 0).u64(FH).u32(0x2000, 0xfff), 288);
            assertThat(answer.bodyLength()).isEqualTo(288);
            assertThat(answer.u32(32)).isEqualTo(0xfff);
            assertThat(answer.u16(60)).isEqualTo(0100755);
            assertThat(answer.u64(112)).isEqualTo(-5);
            assertThat(answer.u32(120)).isEqualTo(6);
            assertAsked("statx 3 " + FH + " 8192 4095");

            answer = client.call(client.request(FuseOpcode.STATFS, 1), 80);
            assertThat(answer.bodyLength()).isEqualTo(80);
            assertThat(answer.u64(0)).isEqualTo(BIG);
            assertThat(answer.u32(44)).isEqualTo(255);
            assertThat(client.call(client.request(FuseOpcode.ACCESS, 3).u32(2, 0), 0)
                            .error())
                    .isEqualTo(-Errno.EACCES);
            assertAsked("statfs 1", "access 3 2");
        }
    }

    @ParameterizedTest
    @MethodSource("wires")
    void names(ByteOrder order, int pieceSize) throws Exception {
        for (String operation : new String[] {"symlink", "mknod", "mkdir", "link"}) {
            fileSystem.on(operation, arguments -> {
                ((Entry) arguments[arguments.length - 1]).nodeid = 5;
                return 0;
            });
        }
        fileSystem.on("readlink", arguments -> {
            byte[] target = "some/target".getBytes(StandardCharsets.UTF_8);
            MemorySegment.copy(target, 0, (MemorySegment) arguments[2], ValueLayout.JAVA_BYTE, 0, target.length);
            return target.length;
        });
        try (Client client = mounted(order, pieceSize)) {
            Answer answer =
                    client.call(client.request(FuseOpcode.SYMLINK, 1).name("l").name("../a/b"), 128);
            assertThat(answer.u64(0)).isEqualTo(5);
            client.call(
                    client.request(FuseOpcode.MKNOD, 1)
                            .u32(0010644, 0x103, 022, 0)
                            .name("n"),
                    128);
            client.call(client.request(FuseOpcode.MKDIR, 1).u32(0755, 027).name("d"), 128);
            client.call(client.request(FuseOpcode.LINK, 1).u64(9).name("h"), 128);
            assertAsked("symlink 1 'l' '../a/b'", "mknod 1 'n' 4516 259 18", "mkdir 1 'd' 493 23", "link 9 1 'h'");

            answer = client.call(client.request(FuseOpcode.READLINK, 4), 1000);
            assertThat(answer.text(0, answer.bodyLength())).isEqualTo("some/target");
            assertThat(client.call(client.request(FuseOpcode.READLINK, 4), 10).error())
                    .isEqualTo(-Errno.ENAMETOOLONG);
            assertAsked("readlink 4 4096B", "readlink 4 4096B");

            client.call(client.request(FuseOpcode.UNLINK, 1).name("u"), 0);
            client.call(client.request(FuseOpcode.RMDIR, 1).name("r"), 0);
            client.call(client.request(FuseOpcode.RENAME, 1).u64(2).name("old").name("new"), 0);
            client.call(
                    client.request(FuseOpcode.RENAME2, 1)
                            .u64(2)
                            .u32(2, 0)
                            .name("old")
                            .name("new"),
                    0);
            assertAsked("unlink 1 'u'", "rmdir 1 'r'", "rename 1 'old' 2 'new' 0", "rename 1 'old' 2 'new' 2");
            assertThat(client.call(client.request(FuseOpcode.RENAME2, 1)
                                    .u64(2)
                                    .u32(8, 0)
                                    .name("old")
                                    .name("new"))
                            .error())
                    .isEqualTo(-Errno.EINVAL);
            assertAsked();
        }
    }

    @ParameterizedTest
    @MethodSource("wires")
    void files(ByteOrder order, int pieceSize) throws Exception {
        fileSystem.on("open", arguments -> open(arguments[4]));
        fileSystem.on("create", arguments -> {
            ((Entry) arguments[7]).nodeid = 6;
            return open(arguments[8]);
        });
        fileSystem.on("tmpfile", arguments -> {
            ((Entry) arguments[6]).nodeid = 6;
            return open(arguments[7]);
        });
        fileSystem.on("lseek", arguments -> BIG);
        fileSystem.on("copyFileRange", arguments -> 0x7fff_f000L);
        try (Client client = mounted(order, pieceSize)) {
            Answer answer = client.call(client.request(FuseOpcode.OPEN, 3).u32(0x8201, 1), 16);
            assertThat(answer.bodyLength()).isEqualTo(16);
            assertThat(answer.u64(0)).isEqualTo(FH);
            assertThat(answer.u32(8)).isEqualTo(2);
            assertThat(answer.u32(12)).as("backing_id").isZero();
            answer = client.call(
                    client.request(FuseOpcode.CREATE, 1)
                            .u32(0x8042, 0100600, 022, 1)
                            .name("f"),
                    144);
            assertThat(answer.bodyLength()).isEqualTo(144);
            assertThat(answer.u64(0)).isEqualTo(6);
            assertThat(answer.u64(128)).isEqualTo(FH);
            answer = client.call(
                    client.request(FuseOpcode.TMPFILE, 1)
                            .u32(2, 0100600, 022, 0)
                            .name("/"),
                    144);
            assertThat(answer.u64(128)).isEqualTo(FH);
            assertAsked("open 3 33281 1", "create 1 'f' 32834 33152 18 1", "tmpfile 1 2 33152 18 0");

            client.call(client.request(FuseOpcode.FLUSH, 3).u64(FH).u32(0, 0).u64(77), 0);
            client.call(client.request(FuseOpcode.RELEASE, 3).u64(FH).u32(2, 3).u64(77), 0);
            client.call(client.request(FuseOpcode.FSYNC, 3).u64(FH).u32(1, 0), 0);
            client.call(client.request(FuseOpcode.FSYNC, 3).u64(FH).u32(0, 0), 0);
            client.call(
                    client.request(FuseOpcode.FALLOCATE, 3).u64(FH, 4096, BIG).u32(3, 0), 0);
            client.call(client.request(FuseOpcode.SYNCFS, 1).u64(0), 0);
            assertAsked(
                    "flush 3 " + FH + " 77",
                    "release 3 " + FH + " 2 3 77",
                    "fsync 3 " + FH + " true",
                    "fsync 3 " + FH + " false",
                    "fallocate 3 " + FH + " 4096 " + BIG + " 3",
                    "syncfs 1");

            answer = client.call(client.request(FuseOpcode.LSEEK, 3).u64(FH, 10).u32(3, 0), 8);
            assertThat(answer.u64(0)).isEqualTo(BIG);
            answer = client.call(client.request(FuseOpcode.COPY_FILE_RANGE, 3).u64(FH, 1, 4, 5, 6, -1, 0), 8);
            assertThat(answer.bodyLength()).isEqualTo(8);
            assertThat(answer.u32(0)).isEqualTo(0x7fff_f000);
            answer =
                    client.call(client.request(FuseOpcode.COPY_FILE_RANGE_64, 3).u64(FH, 1, 4, 5, 6, BIG, 0), 8);
            assertThat(answer.u64(0)).isEqualTo(0x7fff_f000L);
            assertAsked(
                    "lseek 3 " + FH + " 10 3",
                    "copyFileRange 3 " + FH + " 1 4 5 6 " + 0x7fff_f000L + " 0",
                    "copyFileRange 3 " + FH + " 1 4 5 6 " + BIG + " 0");
        }
    }

    private static long open(Object out) {
        Opened opened = (Opened) out;
        opened.fh = FH;
        opened.openFlags = 2;
        return 0;
    }

    @ParameterizedTest
    @MethodSource("wires")
    void readsAndWritesGoStraightToTheMemoryOfTheGuest(ByteOrder order, int pieceSize) throws Exception {
        byte[] content = new byte[700];
        new Random(1).nextBytes(content);
        byte[] written = new byte[700];
        fileSystem.on("read", arguments -> {
            scatter(content, (IoVector) arguments[5]);
            return content.length;
        });
        fileSystem.on("write", arguments -> {
            gather((IoVector) arguments[6], written);
            return written.length;
        });
        try (Client client = mounted(order, pieceSize)) {
            Answer answer = client.call(
                    client.request(FuseOpcode.READ, 3)
                            .u64(FH, BIG)
                            .u32(700, 0)
                            .u64(0)
                            .u32(0x8002, 0),
                    700);
            assertThat(answer.body()).isEqualTo(content);
            assertAsked("read 3 " + FH + " " + BIG + " 32770 700B");

            answer = client.call(
                    client.request(FuseOpcode.WRITE, 3)
                            .u64(FH, 5)
                            .u32(700, 4)
                            .u64(0)
                            .u32(0x8401, 0)
                            .raw(content),
                    8);
            assertThat(answer.bodyLength()).isEqualTo(8);
            assertThat(answer.u32(0)).isEqualTo(700);
            assertThat(written).isEqualTo(content);
            assertAsked("write 3 " + FH + " 5 33793 4 700B");

            fileSystem.on("read", arguments -> 0);
            answer = client.call(
                    client.request(FuseOpcode.READ, 3)
                            .u64(FH, 0)
                            .u32(700, 0)
                            .u64(0)
                            .u32(0, 0),
                    700);
            assertThat(answer.bodyLength()).as("at the end of the file").isZero();
        }
    }

    private static void scatter(byte[] content, IoVector to) {
        int at = 0;
        for (int i = 0; i < to.count(); i++) {
            int length = (int) to.length(i);
            MemorySegment.copy(content, at, to.segment(i), ValueLayout.JAVA_BYTE, 0, length);
            at += length;
        }
    }

    private static void gather(IoVector from, byte[] content) {
        int at = 0;
        for (int i = 0; i < from.count(); i++) {
            int length = (int) from.length(i);
            MemorySegment.copy(from.segment(i), ValueLayout.JAVA_BYTE, 0, content, at, length);
            at += length;
        }
    }

    @ParameterizedTest
    @MethodSource("wires")
    void directories(ByteOrder order, int pieceSize) throws Exception {
        fileSystem.on("opendir", arguments -> open(arguments[3]));
        fileSystem.on("readdir", arguments -> {
            DirectoryEntries entries = (DirectoryEntries) arguments[5];
            MemorySegment name = MemorySegment.ofArray("xxlonger name".getBytes(StandardCharsets.UTF_8));
            if ((boolean) arguments[4]) {
                Entry entry = entries.entry();
                entry.nodeid = 21;
                entry.attributes.ino = 5;
                entry.attributes.mode = 0040755;
                entries.add(entry, 1, name, 0, 1);
                entries.add(6, BIG, 8, name, 2, 11);
            } else {
                entries.add(5, 1, 4, name, 0, 1);
                entries.add(6, BIG, 8, name, 2, 11);
            }
            return 0;
        });
        try (Client client = mounted(order, pieceSize)) {
            assertThat(client.call(client.request(FuseOpcode.OPENDIR, 2).u32(0x18800, 0), 16)
                            .u64(0))
                    .isEqualTo(FH);
            Answer answer = client.call(
                    client.request(FuseOpcode.READDIR, 2)
                            .u64(FH, BIG)
                            .u32(1000, 0)
                            .u64(0)
                            .u32(0, 0),
                    1000);
            assertThat(answer.bodyLength()).isEqualTo(32 + 40);
            assertThat(answer.u64(0)).isEqualTo(5);
            assertThat(answer.u64(8)).isEqualTo(1);
            assertThat(answer.u32(16)).isEqualTo(1);
            assertThat(answer.u32(20)).isEqualTo(4);
            assertThat(answer.text(24, 8)).isEqualTo("x\0\0\0\0\0\0\0");
            assertThat(answer.u64(40)).isEqualTo(BIG);
            assertThat(answer.text(56, 16)).isEqualTo("longer name\0\0\0\0\0");

            answer = client.call(
                    client.request(FuseOpcode.READDIRPLUS, 2)
                            .u64(FH, 0)
                            .u32(1000, 0)
                            .u64(0)
                            .u32(0, 0),
                    1000);
            assertThat(answer.bodyLength()).isEqualTo(160 + 168);
            assertThat(answer.u64(0)).isEqualTo(21);
            assertThat(answer.u64(40)).isEqualTo(5);
            assertThat(answer.u64(128)).isEqualTo(5);
            assertThat(answer.text(152, 1)).isEqualTo("x");
            assertThat(answer.u64(160))
                    .as("nodeid of an entry that was not looked up")
                    .isZero();
            assertThat(answer.u64(160 + 136)).isEqualTo(BIG);

            answer = client.call(
                    client.request(FuseOpcode.READDIR, 2)
                            .u64(FH, 0)
                            .u32(40, 0)
                            .u64(0)
                            .u32(0, 0),
                    1000);
            assertThat(answer.bodyLength()).as("what fits").isEqualTo(32);
            answer = client.call(
                    client.request(FuseOpcode.READDIR, 2)
                            .u64(FH, 0)
                            .u32(31, 0)
                            .u64(0)
                            .u32(0, 0),
                    1000);
            assertThat(answer.error()).as("no entry fits").isEqualTo(-Errno.EINVAL);
            fileSystem.on("readdir", arguments -> 0);
            answer = client.call(
                    client.request(FuseOpcode.READDIR, 2)
                            .u64(FH, 9)
                            .u32(1000, 0)
                            .u64(0)
                            .u32(0, 0),
                    1000);
            assertThat(answer.bodyLength()).as("at the end").isZero();
            fileSystem.calls();

            client.call(client.request(FuseOpcode.FSYNCDIR, 2).u64(FH).u32(1, 0), 0);
            client.call(
                    client.request(FuseOpcode.RELEASEDIR, 2).u64(FH).u32(7, 0).u64(0), 0);
            assertAsked("fsyncdir 2 " + FH + " true", "releasedir 2 " + FH + " 7");
        }
    }

    @ParameterizedTest
    @MethodSource("wires")
    void extendedAttributes(ByteOrder order, int pieceSize) throws Exception {
        byte[] value = "value".getBytes(StandardCharsets.UTF_8);
        for (String operation : new String[] {"getxattr", "listxattr"}) {
            fileSystem.on(operation, arguments -> {
                MemorySegment out = (MemorySegment) arguments[arguments.length - 1];
                if (out.byteSize() == 0) {
                    return value.length;
                }
                if (out.byteSize() < value.length) {
                    return -Errno.ERANGE;
                }
                MemorySegment.copy(value, 0, out, ValueLayout.JAVA_BYTE, 0, value.length);
                return value.length;
            });
        }
        try (Client client = mounted(order, pieceSize)) {
            client.call(
                    client.request(FuseOpcode.SETXATTR, 3)
                            .u32(2, 1, 1, 0)
                            .name("user.a")
                            .raw((byte) 1, (byte) 2),
                    0);
            assertAsked("setxattr 3 'user.a' 0102 1 1");

            Answer answer =
                    client.call(client.request(FuseOpcode.GETXATTR, 3).u32(0, 0).name("user.a"), 8);
            assertThat(answer.bodyLength()).isEqualTo(8);
            assertThat(answer.u32(0)).isEqualTo(5);
            answer = client.call(
                    client.request(FuseOpcode.GETXATTR, 3).u32(100, 0).name("user.a"), 100);
            assertThat(answer.text(0, answer.bodyLength())).isEqualTo("value");
            assertThat(client.call(
                                    client.request(FuseOpcode.GETXATTR, 3)
                                            .u32(4, 0)
                                            .name("user.a"),
                                    100)
                            .error())
                    .isEqualTo(-Errno.ERANGE);
            answer = client.call(client.request(FuseOpcode.LISTXATTR, 3).u32(0, 0), 8);
            assertThat(answer.u32(0)).isEqualTo(5);
            answer = client.call(client.request(FuseOpcode.LISTXATTR, 3).u32(5, 0), 5);
            assertThat(answer.text(0, answer.bodyLength())).isEqualTo("value");
            client.call(client.request(FuseOpcode.REMOVEXATTR, 3).name("user.a"), 0);
            assertAsked(
                    "getxattr 3 'user.a' 0B",
                    "getxattr 3 'user.a' 100B",
                    "getxattr 3 'user.a' 4B",
                    "listxattr 3 0B",
                    "listxattr 3 5B",
                    "removexattr 3 'user.a'");
        }
    }

    @ParameterizedTest
    @MethodSource("wires")
    void theShortFormOfSetxattr(ByteOrder order, int pieceSize) throws Exception {
        try (Client client = new Client(fileSystem, order).mount(31, 0x13ff_fffbL)) {
            client.guest.pieceSize = pieceSize;
            fileSystem.calls();
            client.call(
                    client.request(FuseOpcode.SETXATTR, 3)
                            .u32(1, 2)
                            .name("user.a")
                            .raw((byte) 7),
                    0);
            assertAsked("setxattr 3 'user.a' 07 2 0");
        }
    }

    @ParameterizedTest
    @MethodSource("wires")
    void locks(ByteOrder order, int pieceSize) throws Exception {
        fileSystem.on("getlk", arguments -> {
            FileLock out = (FileLock) arguments[5];
            out.start = 3;
            out.end = 4;
            out.type = 1;
            out.pid = 9;
            return 0;
        });
        try (Client client = mounted(order, pieceSize)) {
            Answer answer = client.call(lock(client, FuseOpcode.GETLK, 0, BIG, 1, 0), 24);
            assertThat(answer.bodyLength()).isEqualTo(24);
            assertThat(answer.u64(0)).isEqualTo(3);
            assertThat(answer.u64(8)).isEqualTo(4);
            assertThat(answer.u32(16)).isEqualTo(1);
            assertThat(answer.u32(20)).isEqualTo(9);
            assertAsked("getlk 3 " + FH + " 66 lock 0-" + BIG + " type 1 pid 8");
            fileSystem.on("setlk", arguments -> -Errno.EAGAIN);
            assertThat(client.call(lock(client, FuseOpcode.SETLK, 1, 2, 0, 1), 0)
                            .error())
                    .isEqualTo(-Errno.EAGAIN);
            assertAsked("setlk 3 " + FH + " 66 lock 1-2 type 0 pid 8 1");
            assertThat(client.call(lock(client, FuseOpcode.SETLK, 3, 2, 0, 1), 0)
                            .error())
                    .isEqualTo(-Errno.EINVAL);
            assertThat(client.call(lock(client, FuseOpcode.SETLK, 0, 2, 3, 1), 0)
                            .error())
                    .isEqualTo(-Errno.EINVAL);
            assertAsked();
        }
    }

    private static Wire lock(Client client, int opcode, long start, long end, int type, int flags) {
        return client.request(opcode, 3).u64(FH, 66, start, end).u32(type, 8, flags, 0);
    }

    @ParameterizedTest
    @MethodSource("wires")
    void whatIsNotKnownIsSaidToBeMissing(ByteOrder order, int pieceSize) throws Exception {
        int[] opcodes = {
            FuseOpcode.BMAP,
            FuseOpcode.POLL,
            FuseOpcode.SETUPMAPPING,
            FuseOpcode.REMOVEMAPPING,
            7,
            0,
            54,
            4096,
            1 << 20,
            -1,
        };
        try (Client client = mounted(order, pieceSize)) {
            for (int opcode : opcodes) {
                assertThat(client.call(client.request(opcode, 1).u64(0, 0, 0, 0, 0))
                                .error())
                        .as("opcode %d", opcode)
                        .isEqualTo(-Errno.ENOSYS);
            }
            assertAsked();
        }
    }

    @ParameterizedTest
    @MethodSource("wires")
    void whatAFileSystemMayNotAnswerBecomesAnError(ByteOrder order, int pieceSize) throws Exception {
        try (Client client = mounted(order, pieceSize)) {
            for (long wrong : new long[] {-512, -100000, Long.MIN_VALUE, 101, Long.MAX_VALUE}) {
                fileSystem.on("read", arguments -> wrong);
                assertThat(client.call(
                                        client.request(FuseOpcode.READ, 3)
                                                .u64(FH, 0)
                                                .u32(100, 0)
                                                .u64(0)
                                                .u32(0, 0),
                                        100)
                                .error())
                        .isEqualTo(-Errno.EIO);
            }
            fileSystem.on("statfs", arguments -> {
                throw new IllegalStateException("a bug");
            });
            assertThat(client.call(client.request(FuseOpcode.STATFS, 1)).error())
                    .isEqualTo(-Errno.EIO);
        }
    }
}
