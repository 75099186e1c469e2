package dev.oriel.device;

import static java.nio.ByteOrder.BIG_ENDIAN;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.fuse.FuseFlags;
import dev.oriel.fuse.FuseOpcode;
import dev.oriel.linux.Errno;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The ioctls whose arguments are known: the file system sees them in the host's byte order, the client in its own. */
class IoctlTest {
    private static final int GETFLAGS = 0x8008_6601;
    private static final int SETFLAGS = 0x4008_6602;
    private static final int GETFLAGS_32 = 0x8004_6601;
    private static final int FSGETXATTR = 0x801c_581f;
    private static final int FSSETXATTR = 0x401c_5820;

    private final RecordingFileSystem fileSystem = new RecordingFileSystem(~0L);

    static ByteOrder[] orders() {
        return new ByteOrder[] {LITTLE_ENDIAN, BIG_ENDIAN};
    }

    private static Wire ioctl(Client client, int command, int inSize, int outSize) {
        return ioctl(client, 0, command, inSize, outSize);
    }

    private static Wire ioctl(Client client, int flags, int command, int inSize, int outSize) {
        return client.request(FuseOpcode.IOCTL, 3)
                .u64(1)
                .u32(flags, command)
                .u64(0)
                .u32(inSize, outSize);
    }

    @ParameterizedTest
    @MethodSource("orders")
    void inodeFlags(ByteOrder order) throws Exception {
        AtomicReference<Integer> set = new AtomicReference<>();
        fileSystem.on("ioctl", arguments -> {
            MemorySegment argument = (MemorySegment) arguments[5];
            if ((int) arguments[4] == GETFLAGS) {
                argument.set(ValueLayout.JAVA_INT, 0, 0x12);
            } else {
                set.set(argument.get(ValueLayout.JAVA_INT, 0));
            }
            return 0;
        });
        try (Client client = new Client(fileSystem, order).mount()) {
            Answer answer = client.call(ioctl(client, GETFLAGS, 0, 4), 20);
            assertThat(answer.bodyLength()).isEqualTo(20);
            assertThat(answer.u32(0)).as("result").isZero();
            assertThat(answer.u32(16)).isEqualTo(0x12);
            // From a program's own ioctl(2): the number says 8 bytes, the kernel's convention is an int.
            answer = client.call(ioctl(client, GETFLAGS, 0, 8), 24);
            assertThat(answer.bodyLength()).isEqualTo(20);
            answer = client.call(ioctl(client, FuseFlags.IOCTL_32BIT, GETFLAGS_32, 0, 4), 20);
            assertThat(answer.u32(16)).isEqualTo(0x12);

            answer = client.call(ioctl(client, SETFLAGS, 4, 0).u32(0x80), 16);
            assertThat(answer.bodyLength()).isEqualTo(16);
            assertThat(set).hasValue(0x80);

            // PowerPC's _IOR and _IOW.
            for (int command : new int[] {0x4008_6601, 0x4004_6601}) {
                assertThat(client.call(ioctl(client, FuseFlags.IOCTL_32BIT, command, 0, 4), 20)
                                .u32(16))
                        .isEqualTo(0x12);
            }
            for (int command : new int[] {0x8008_6602, 0x8004_6602}) {
                set.set(0);
                client.call(ioctl(client, FuseFlags.IOCTL_32BIT, command, 4, 0).u32(0x40), 16);
                assertThat(set).hasValue(0x40);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("orders")
    void numbersOf32BitProgramsFrom64BitOnesNeverReachTheFileSystem(ByteOrder order) throws Exception {
        try (Client client = new Client(fileSystem, order).mount()) {
            fileSystem.calls();
            for (int command : new int[] {0x4004_6602, 0x8004_6602}) {
                assertThat(client.call(ioctl(client, command, 4, 0).u32(0x10)).error())
                        .isEqualTo(-Errno.ENOTTY);
            }
            for (int command : new int[] {GETFLAGS_32, 0x4004_6601}) {
                assertThat(client.call(ioctl(client, command, 0, 4), 20).error())
                        .isEqualTo(-Errno.ENOTTY);
            }
            assertThat(fileSystem.calls()).isEmpty();
        }
    }

    @ParameterizedTest
    @MethodSource("orders")
    void attributesThatCameFromXfs(ByteOrder order) throws Exception {
        AtomicReference<String> set = new AtomicReference<>();
        fileSystem.on("ioctl", arguments -> {
            MemorySegment argument = (MemorySegment) arguments[5];
            if ((int) arguments[4] == FSGETXATTR) {
                for (int i = 0; i < 5; i++) {
                    argument.setAtIndex(ValueLayout.JAVA_INT, i, i + 1);
                }
            } else {
                StringBuilder words = new StringBuilder();
                for (int i = 0; i < 7; i++) {
                    words.append(argument.getAtIndex(ValueLayout.JAVA_INT, i)).append(' ');
                }
                set.set(words.toString());
            }
            return 0;
        });
        try (Client client = new Client(fileSystem, order).mount()) {
            Answer answer = client.call(ioctl(client, FSGETXATTR, 0, 28), 44);
            assertThat(answer.bodyLength()).isEqualTo(44);
            for (int i = 0; i < 5; i++) {
                assertThat(answer.u32(16 + 4 * i)).isEqualTo(i + 1);
            }
            assertThat(answer.u64(36)).as("padding").isZero();
            client.call(ioctl(client, FSSETXATTR, 28, 0).u32(1, 2, 3, 4, 5, 6, 7), 16);
            assertThat(set).hasValue("1 2 3 4 5 0 0 ");

            // PowerPC's _IOR and _IOW.
            assertThat(client.call(ioctl(client, 0x401c_581f, 0, 28), 44).u32(16 + 4 * 4))
                    .isEqualTo(5);
            client.call(ioctl(client, 0x801c_5820, 28, 0).u32(9, 8, 7, 6, 5, 4, 3), 16);
            assertThat(set).hasValue("9 8 7 6 5 0 0 ");
        }
    }

    @ParameterizedTest
    @MethodSource("orders")
    void whatIsNotKnownOrDoesNotFitNeverReachesTheFileSystem(ByteOrder order) throws Exception {
        try (Client client = new Client(fileSystem, order).mount()) {
            fileSystem.calls();
            assertThat(client.call(ioctl(client, 0x5401, 0, 60)).error()).isEqualTo(-Errno.ENOTTY);
            assertThat(client.call(ioctl(client, GETFLAGS, 0, 3)).error()).isEqualTo(-Errno.EINVAL);
            assertThat(client.call(ioctl(client, GETFLAGS, 0, 4), 19).error()).isEqualTo(-Errno.EINVAL);
            assertThat(client.call(ioctl(client, SETFLAGS, 3, 0).u32(1)).error())
                    .isEqualTo(-Errno.EINVAL);
            assertThat(client.call(ioctl(client, SETFLAGS, 8, 0).u32(1)).error())
                    .isEqualTo(-Errno.EINVAL);
            assertThat(client.call(ioctl(client, FSSETXATTR, 28, 0).u32(1)).error())
                    .isEqualTo(-Errno.EINVAL);
            assertThat(client.call(ioctl(client, FSSETXATTR, -1, 0).u32(1)).error())
                    .isEqualTo(-Errno.EINVAL);
            assertThat(fileSystem.calls()).isEmpty();
        }
    }
}
