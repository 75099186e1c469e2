package dev.oriel.device;

import static java.nio.ByteOrder.BIG_ENDIAN;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.fuse.FuseInitFlags;
import dev.oriel.fuse.FuseOpcode;
import dev.oriel.linux.Errno;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Security contexts and groups of requests that create. */
class ExtensionsTest {
    private final RecordingFileSystem fileSystem = new RecordingFileSystem(~0L);

    static ByteOrder[] orders() {
        return new ByteOrder[] {LITTLE_ENDIAN, BIG_ENDIAN};
    }

    private static Wire blank(ByteOrder order) {
        return Wire.request(order, 0, 0, 0);
    }

    private static Wire context(ByteOrder order) {
        // 8 header + (8 + 17 "security.selinux\0" + 3) padded to 32
        return blank(order)
                .u32(40, 1)
                .u32(3, 0)
                .name("security.selinux")
                .raw((byte) 1, (byte) 2, (byte) 3)
                .padTo8();
    }

    private static Wire mkdir(Client client) {
        return client.request(FuseOpcode.MKDIR, 1).u32(0755, 022).name("d");
    }

    @ParameterizedTest
    @MethodSource("orders")
    void contextsAndGroupsReachTheFileSystem(ByteOrder order) throws Exception {
        try (Client client = new Client(fileSystem, order).mount()) {
            fileSystem.calls();
            Wire both = context(order).u32(16, 32).u32(1, 50);
            assertThat(client.call(mkdir(client).extensions(both)).error()).isZero();
            assertThat(client.call(mkdir(client)
                                    .extensions(blank(order).u32(16, 32).u32(1, 50)))
                            .error())
                    .isZero();
            assertThat(client.call(mkdir(client).extensions(blank(order).u32(8, 0)))
                            .error())
                    .isZero();
            assertThat(client.call(client.request(FuseOpcode.SYMLINK, 1)
                                    .name("l")
                                    .name("t")
                                    .extensions(context(order)))
                            .error())
                    .isZero();
            assertThat(client.call(mkdir(client)).error()).isZero();
            assertThat(fileSystem.calls())
                    .containsExactly(
                            "mkdir group 50 context security.selinux=010203 1 'd' 493 18",
                            "mkdir group 50 1 'd' 493 18",
                            "mkdir 1 'd' 493 18",
                            "symlink context security.selinux=010203 1 'l' 't'",
                            "mkdir 1 'd' 493 18");
        }
    }

    @ParameterizedTest
    @MethodSource("orders")
    void beforeVersion38ContextsFollowTheNames(ByteOrder order) throws Exception {
        try (Client client = new Client(fileSystem, order).mount(37, Client.LINUX_FLAGS)) {
            fileSystem.calls();
            assertThat(client.call(mkdir(client)
                                    .u32(40, 1)
                                    .u32(3, 0)
                                    .name("security.selinux")
                                    .raw((byte) 1, (byte) 2, (byte) 3, (byte) 0, (byte) 0, (byte) 0, (byte) 0))
                            .error())
                    .isZero();
            assertThat(fileSystem.calls()).containsExactly("mkdir context security.selinux=010203 1 'd' 493 18");
        }
    }

    @Test
    void extensionsThatWereNotAgreedUponAreRefused() throws Exception {
        ByteOrder order = LITTLE_ENDIAN;
        RecordingFileSystem without =
                new RecordingFileSystem(~(FuseInitFlags.SECURITY_CTX | FuseInitFlags.CREATE_SUPP_GROUP));
        try (Client client = new Client(without, order).mount()) {
            without.calls();
            assertThat(client.call(mkdir(client).extensions(context(order))).error())
                    .isEqualTo(-Errno.EINVAL);
            assertThat(client.call(mkdir(client)
                                    .extensions(blank(order).u32(16, 32).u32(1, 50)))
                            .error())
                    .isEqualTo(-Errno.EINVAL);
            assertThat(without.calls()).isEmpty();
        }
    }

    @Test
    void extensionsThatLieAreRefused() throws Exception {
        ByteOrder order = LITTLE_ENDIAN;
        try (Client client = new Client(fileSystem, order).mount()) {
            fileSystem.calls();
            Wire[] lies = {
                blank(order).u32(7, 0),
                blank(order).u32(16, 0),
                blank(order).u32(-8, 0),
                blank(order).u32(0, 32),
                blank(order).u32(8, 1),
                blank(order).u32(8, 31),
                blank(order).u32(8, 32),
                blank(order).u32(16, 32).u32(2, 50),
                blank(order).u32(16, 32).u32(-1, 50),
                blank(order).u32(32, 1).u32(3, 0).raw("no NUL here.....").padTo8(),
                blank(order).u32(24, 1).u32(-1, 0).name("abcdefg"),
                blank(order).u32(24, 1).u32(1, 0).name("abcdefg"),
                blank(order).u32(24, 1).u32(Integer.MAX_VALUE, 0).name("abcdefg"),
                blank(order).u32(24, 1).u32(1, 0).u64(0),
                context(order).u32(1000, 32),
            };
            for (int i = 0; i < lies.length; i++) {
                assertThat(client.call(mkdir(client).extensions(lies[i])).error())
                        .as("lie %d", i)
                        .isEqualTo(-Errno.EINVAL);
            }
            assertThat(fileSystem.calls()).isEmpty();
        }
    }
}
