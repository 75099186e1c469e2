package dev.oriel.app.hostile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.app.hostile.RawGuest.Carrier;
import dev.oriel.linux.Errno;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Whatever one virtual machine does, its neighbour is served throughout, the next one can connect, and the server ends
 * when told to.
 */
@Timeout(180)
class HostileGuestTest {
    /** The bytes of a fuse_lk_in. */
    private static final int ARGUMENTS = 48;

    /** More than any SETLKW has, and less than the longest request. */
    private static final int LONG = 100 << 10;

    @TempDir
    @SuppressWarnings("NullAway.Init") // by JUnit
    private Path state;

    /** Those that are connected until the server has ended. */
    private final List<RawGuest> guests = new ArrayList<>();

    @AfterEach
    void disconnect() {
        guests.forEach(RawGuest::close);
    }

    /** What one virtual machine does to the server. */
    private interface Attack {
        void on(AttackedServer share) throws Exception;
    }

    private void survives(Carrier carrier, Attack attack, String... options) throws Exception {
        try (AttackedServer share = new AttackedServer(carrier, state, options)) {
            try (Neighbour neighbour = new Neighbour(share)) {
                attack.on(share);
                neighbour.assertServed(share);
            }
            share.stop();
            assertThat(share.log()).doesNotContain("Exception", "\tat ");
        }
    }

    @ParameterizedTest
    @EnumSource
    void anInitWhoseReplyPageIsGoneEndsThatConnectionOnly(Carrier carrier) throws Exception {
        survives(carrier, share -> {
            try (RawGuest guest = share.connect()) {
                guest.start();
                guest.truncateMemory(guest.postWithReplyInThePageBehind(guest.init()));
                guest.kick(RawGuest.REQUESTS);
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void memoryThatIsTruncatedUnderRunningQueuesEndsThatConnectionOnly(Carrier carrier) throws Exception {
        survives(carrier, share -> {
            for (long size = 0; size < 64 << 10; size += 4096) {
                try (RawGuest guest = share.connect().mount()) {
                    guest.truncateMemory(size);
                    guest.kick(RawGuest.REQUESTS);
                }
            }
        });
    }

    /** A file that the guest has open and locked: who asks for the lock as another owner waits. */
    private record Locked(RawGuest guest, long node, long handle) {
        static Locked by(RawGuest guest, AttackedServer share) throws Exception {
            Files.createFile(share.folder().resolve("locked"));
            long node = guest.node("locked");
            long handle = guest.open(node);
            ByteBuffer _ = guest.done(guest.lock(RawGuest.SETLK, node, handle, 1, ARGUMENTS));
            return new Locked(guest, node, handle);
        }

        ByteBuffer wait(int owner, int argumentBytes) {
            return guest.lock(RawGuest.SETLKW, node, handle, owner, argumentBytes);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aWaitForALockThatIsLongerThanItsArgumentsTakesNoMemory(Carrier carrier) throws Exception {
        survives(carrier, share -> {
            try (RawGuest guest = share.connect().mount()) {
                Locked locked = Locked.by(guest, share);
                ByteBuffer refused = guest.exchange(locked.wait(2, LONG)).orElseThrow();
                assertThat(RawGuest.errno(refused)).isEqualTo(Errno.EINVAL);
                for (int i = 0; i < 300; i++) {
                    assertThat(guest.post(locked.wait(3 + i, LONG))).isTrue();
                }
                guest.kick(RawGuest.REQUESTS);
                for (int i = 0; i < 300; i++) {
                    assertThat(guest.next()).isPresent();
                }
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void locksThatWaitHoldUpNeitherOthersNorTheEnd(Carrier carrier) throws Exception {
        survives(carrier, share -> {
            RawGuest guest = share.connect().mount();
            guests.add(guest);
            Locked locked = Locked.by(guest, share);
            for (int i = 0; i < 100; i++) {
                assertThat(guest.post(locked.wait(2 + i, ARGUMENTS))).isTrue();
            }
            guest.kick(RawGuest.REQUESTS);
            for (int i = 0; i < 20_000; i++) {
                // Of a request that is not there, so that all go on waiting.
                assertThat(guest.exchange(
                                guest.request(RawGuest.INTERRUPT, 0, 8).putLong(1)))
                        .isPresent();
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void messagesThatAreNoneEndThatConnectionOnly(Carrier carrier) throws Exception {
        survives(carrier, share -> {
            Random random = new Random(3);
            for (int i = 0; i < 50; i++) {
                byte[] bytes = new byte[random.nextInt(200)];
                random.nextBytes(bytes);
                try (RawGuest guest = share.connect()) {
                    guest.raw(bytes);
                }
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void namesInNumbersGetAnErrnoAndTheNextGuestARoom(Carrier carrier) throws Exception {
        survives(
                carrier,
                share -> {
                    try (RawGuest guest = share.connect().mount()) {
                        boolean spent = false;
                        for (int i = 0; i < 3000; i++) {
                            ByteBuffer create = guest.request(RawGuest.CREATE, 1, 16 + 8)
                                    .putInt(0x42)
                                    .putInt(0100644)
                                    .putInt(0)
                                    .putInt(0)
                                    .put("n%06d".formatted(i).getBytes(java.nio.charset.StandardCharsets.US_ASCII));
                            int errno = RawGuest.errno(guest.exchange(create).orElseThrow());
                            spent |= errno != 0;
                            assertThat(errno).isIn(0, 23, 24);
                        }
                        assertThat(spent).as("descriptors are a budget").isTrue();
                    }
                },
                "--rlimit-nofile=1024");
    }
}
