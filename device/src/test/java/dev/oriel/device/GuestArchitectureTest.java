package dev.oriel.device;

import static java.nio.ByteOrder.BIG_ENDIAN;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.fuse.FuseOpcode;
import dev.oriel.linux.OpenFlags;
import java.nio.ByteOrder;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Clients of other architectures, by the flags that their Linux would send: the file system always sees the host's
 * values.
 */
class GuestArchitectureTest {
    private static final int WRONLY_APPEND = 0x401;
    private static final int O_SYNC = 0x101000;

    private final RecordingFileSystem fileSystem = new RecordingFileSystem(~0L);

    /** The values in fcntl.h of these architectures, and the byte order that a client of them may have. */
    enum Values {
        X86(LITTLE_ENDIAN, 0x4000, 0x8000, 0x10000, 0x20000),
        S390(BIG_ENDIAN, 0x4000, 0x8000, 0x10000, 0x20000),
        ARM64(LITTLE_ENDIAN, 0x10000, 0x20000, 0x4000, 0x8000),
        PPC64LE(LITTLE_ENDIAN, 0x20000, 0x10000, 0x4000, 0x8000),
        PPC64(BIG_ENDIAN, 0x20000, 0x10000, 0x4000, 0x8000);

        final ByteOrder order;
        final int direct;
        final int largefile;
        final int directory;
        final int nofollow;

        Values(ByteOrder order, int direct, int largefile, int directory, int nofollow) {
            this.order = order;
            this.direct = direct;
            this.largefile = largefile;
            this.directory = directory;
            this.nofollow = nofollow;
        }
    }

    private static Wire open(Client client, int opcode, int flags) {
        return client.request(opcode, 3).u32(flags, 0);
    }

    private static Wire create(Client client, int opcode, int flags) {
        return client.request(opcode, 1).u32(flags, 0644, 0, 0).name("f");
    }

    private String recorded(Client client, Wire request) {
        fileSystem.calls();
        assertThat(client.call(request).error()).isZero();
        return String.join("\n", fileSystem.calls());
    }

    @ParameterizedTest
    @EnumSource
    void everyFlagReachesTheFileSystemWithTheValueOfTheHost(Values guest) throws Exception {
        try (Client client = new Client(fileSystem, guest.order).mount()) {
            // opendir(3) and the same with O_NOFOLLOW, as nftw(3) does
            int directory = guest.largefile | guest.directory | 0x800;
            int onHost = OpenFlags.O_LARGEFILE | OpenFlags.O_DIRECTORY | OpenFlags.O_NONBLOCK;
            assertThat(recorded(client, open(client, FuseOpcode.OPENDIR, directory)))
                    .isEqualTo("opendir 3 " + onHost);
            assertThat(recorded(client, open(client, FuseOpcode.OPENDIR, directory | guest.nofollow)))
                    .isEqualTo("opendir 3 " + (onHost | OpenFlags.O_NOFOLLOW));
            assertThat(recorded(client, open(client, FuseOpcode.OPEN, guest.largefile | guest.direct | WRONLY_APPEND)))
                    .isEqualTo("open 3 " + (OpenFlags.O_LARGEFILE | OpenFlags.O_DIRECT | WRONLY_APPEND) + " 0");
            assertThat(recorded(client, open(client, FuseOpcode.OPEN, guest.largefile | guest.nofollow | O_SYNC)))
                    .isEqualTo("open 3 " + (OpenFlags.O_LARGEFILE | OpenFlags.O_NOFOLLOW | O_SYNC) + " 0");
            assertThat(recorded(client, create(client, FuseOpcode.CREATE, guest.largefile | guest.direct | 0xc2)))
                    .isEqualTo("create 1 'f' " + (OpenFlags.O_LARGEFILE | OpenFlags.O_DIRECT | 0xc2) + " 420 0 0");
            assertThat(recorded(
                            client, create(client, FuseOpcode.TMPFILE, guest.largefile | guest.directory | 0x400002)))
                    .isEqualTo("tmpfile 1 " + (OpenFlags.O_LARGEFILE | OpenFlags.O_TMPFILE | 2) + " 420 0 0");
        }
    }

    @ParameterizedTest
    @EnumSource
    void openFilesTellTheirFlagsWithTheValuesOfTheHost(Values guest) throws Exception {
        try (Client client = new Client(fileSystem, guest.order).mount()) {
            recorded(client, open(client, FuseOpcode.OPENDIR, guest.largefile | guest.directory));
            int flags = guest.largefile | guest.direct | WRONLY_APPEND;
            int onHost = OpenFlags.O_LARGEFILE | OpenFlags.O_DIRECT | WRONLY_APPEND;
            fileSystem.on("read", arguments -> 0);
            assertThat(recorded(
                            client,
                            client.request(FuseOpcode.READ, 3)
                                    .u64(7, 0)
                                    .u32(8, 0)
                                    .u64(0)
                                    .u32(flags, 0)))
                    .isEqualTo("read 3 7 0 " + onHost + " 8B");
            assertThat(recorded(
                            client,
                            client.request(FuseOpcode.WRITE, 3)
                                    .u64(7, 0)
                                    .u32(3, 0)
                                    .u64(0)
                                    .u32(flags, 0)
                                    .raw("abc")))
                    .isEqualTo("write 3 7 0 " + onHost + " 0 3B");
            assertThat(recorded(
                            client,
                            client.request(FuseOpcode.RELEASE, 3)
                                    .u64(7)
                                    .u32(flags, 0)
                                    .u64(0)))
                    .isEqualTo("release 3 7 " + onHost + " 0 0");
            assertThat(recorded(
                            client,
                            client.request(FuseOpcode.RELEASEDIR, 3)
                                    .u64(7)
                                    .u32(guest.largefile | guest.directory, 0)
                                    .u64(0)))
                    .isEqualTo("releasedir 3 7 " + (OpenFlags.O_LARGEFILE | OpenFlags.O_DIRECTORY));
        }
    }

    /** A program that lists nothing first must not lose its O_DIRECT. */
    @ParameterizedTest
    @EnumSource
    void directIoIsSeenInTheVeryFirstOpen(Values guest) throws Exception {
        for (boolean nofollow : new boolean[] {false, true}) {
            int flags = guest.largefile | guest.direct | (nofollow ? guest.nofollow : 0);
            int onHost = OpenFlags.O_LARGEFILE | OpenFlags.O_DIRECT | (nofollow ? OpenFlags.O_NOFOLLOW : 0);
            try (Client client = new Client(fileSystem, guest.order).mount()) {
                String seen = recorded(client, open(client, FuseOpcode.OPEN, flags));
                assertThat(seen).isEqualTo("open 3 " + onHost + " 0");
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void theFirstOpenOfAFileIsNotTakenForThatOfADirectory(Values guest) throws Exception {
        try (Client client = new Client(fileSystem, guest.order).mount()) {
            assertThat(recorded(client, open(client, FuseOpcode.OPEN, guest.largefile)))
                    .isEqualTo("open 3 " + OpenFlags.O_LARGEFILE + " 0");
        }
    }

    @Test
    void flagsThatTellNothingChangeNothing() throws Exception {
        try (Client client = new Client(fileSystem, LITTLE_ENDIAN).mount()) {
            recorded(client, open(client, FuseOpcode.OPENDIR, Values.ARM64.largefile | Values.ARM64.directory));
            for (int flags : List.of(0, 0x800, WRONLY_APPEND, Values.ARM64.largefile)) {
                recorded(client, open(client, FuseOpcode.OPENDIR, flags));
                recorded(client, open(client, FuseOpcode.OPEN, flags));
            }
            assertThat(recorded(
                            client,
                            client.request(FuseOpcode.READ, 3)
                                    .u64(7, 0)
                                    .u32(8, 0)
                                    .u64(0)
                                    .u32(Values.ARM64.direct, 0)))
                    .isEqualTo("read 3 7 0 " + OpenFlags.O_DIRECT + " 8B");
        }
    }

    /** After kexec, or when the machine is started again with another kernel. */
    @Test
    void theNextSessionMayBeAnotherArchitecture() throws Exception {
        try (Client client = new Client(fileSystem, LITTLE_ENDIAN).mount()) {
            recorded(client, open(client, FuseOpcode.OPENDIR, Values.ARM64.largefile | Values.ARM64.directory));
            client.mount();
            assertThat(recorded(client, open(client, FuseOpcode.OPENDIR, Values.X86.largefile | Values.X86.directory)))
                    .isEqualTo("opendir 3 " + (OpenFlags.O_LARGEFILE | OpenFlags.O_DIRECTORY));
        }
    }
}
