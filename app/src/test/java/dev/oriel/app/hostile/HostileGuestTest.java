package dev.oriel.app.hostile;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.fuse.FuseOpcode;
import dev.oriel.linux.Errno;
import dev.oriel.linux.FileCalls;
import dev.oriel.virtio.ring.RingLayout;
import dev.oriel.virtio.testing.ScriptedRing.Buffer;
import dev.oriel.virtio.testing.ScriptedRing.Used;
import dev.oriel.virtio.testing.SilentFileSystem;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Front-ends and guests that break the protocols, or whose memory is not what they say. */
@ParameterizedClass
@EnumSource(RawGuest.Carrier.class)
@Timeout(120)
class HostileGuestTest extends AttackTest {
    /** Far more virtual machines than may be connected at a time. */
    private static final int MANY = 100;

    @Test
    void initsWhoseReplyPagesAreGoneLeaveRoomForTheNextGuest() throws Exception {
        for (int i = 0; i < MANY; i++) {
            try (RawGuest guest = share.connect()) {
                breakInit(guest);
            }
        }
        breakInit(attacker());
    }

    private static void breakInit(RawGuest guest) throws Exception {
        guest.start();
        guest.truncateMemory(guest.postWithReplyInThePageBehind(guest.init()));
        guest.kick(RawGuest.REQUESTS);
    }

    @Test
    void memoryThatIsTruncatedUnderRunningQueues() throws Exception {
        for (boolean packed : new boolean[] {false, true}) {
            for (long size = 0; size < 64 << 10; size += 4096) {
                try (RawGuest guest = share.connect(packed).mount()) {
                    guest.truncateMemory(size);
                    guest.kick(RawGuest.REQUESTS);
                }
            }
            RawGuest guest = attacker(packed).mount();
            guest.truncateMemory(0);
            guest.kick(RawGuest.REQUESTS);
        }
    }

    @Test
    void memoryThatIsTruncatedWhileItsRequestsWait() throws Exception {
        RawGuest guest = attacker().mount();
        Locked locked = Locked.by(guest, share, "locked and lost");
        for (int i = 0; i < 20; i++) {
            assertThat(guest.post(locked.await(2 + i))).isTrue();
        }
        guest.kick(RawGuest.REQUESTS);
        // behind the others: when it is answered, they wait
        assertThat(guest.exchange(guest.request(FuseOpcode.GETATTR, 1, 16))).isPresent();
        guest.truncateMemory(0);
        guest.kick(RawGuest.REQUESTS);
    }

    @Test
    void memoryOfAFileSystemThatNeverAnswers() throws Exception {
        SilentFileSystem silent = SilentFileSystem.mountOrSkip(Files.createDirectory(state.resolve("silent")));
        int file = silent.open();
        holdUntilStopped(() -> {
            silent.close();
            FileCalls.close(file);
        });
        for (int i = 0; i < 4; i++) {
            assertThat(attacker().passMemory(file, RawGuest.WINDOW_ADDRESS, 4096))
                    .isFalse();
        }
    }

    @Test
    void messagesThatAreNone() throws Exception {
        Random random = new Random(3);
        for (int i = 0; i < 300; i++) {
            byte[] bytes = new byte[1 + random.nextInt(200)];
            random.nextBytes(bytes);
            try (RawGuest guest = share.connect()) {
                guest.raw(bytes);
            }
        }
        attacker().raw(new byte[7]);
    }

    @Test
    void answersThatNobodyReads() throws Exception {
        RawGuest guest = attacker().mount();
        guest.askAndReadNothing();
    }

    @Test
    void aMappingThatNobodyMakes() throws Exception {
        createFile("never mapped", 4096);
        RawGuest guest = attacker().mountWithWindow();
        assertThat(guest.post(guest.mapping(guest.node("never mapped"), 4096))).isTrue();
        guest.kick(RawGuest.REQUESTS);
    }

    private void createFile(String name, int size) throws Exception {
        Files.write(share.folder().resolve(name), new byte[size]);
    }

    /** A guest with a file of two pages in its window, which is memory of its own for the device. */
    private RawGuest withWindow(boolean packed, String name) throws Exception {
        createFile(name, 8192);
        RawGuest guest = attacker(packed).mountWithWindow();
        RawGuest.Window _ = guest.map(guest.node(name), 8192);
        guest.passWindow();
        return guest;
    }

    private static Buffer inWindow(int length, boolean writable) {
        return new Buffer(RawGuest.WINDOW_ADDRESS, length, writable);
    }

    @Test
    void aRingInTheWindow() throws Exception {
        assertThat(withWindow(false, "ring").placeRing(RawGuest.HIPRIO, RawGuest.WINDOW_ADDRESS))
                .isFalse();
        assertThat(withWindow(true, "packed ring").placeRing(RawGuest.HIPRIO, RawGuest.WINDOW_ADDRESS))
                .isFalse();
    }

    /** Writes an indirect table, of a request and its reply, that would be right in memory of the guest. */
    private static void writeTable(MemorySegment at, boolean packed, Buffer request, Buffer reply) {
        long flags = packed ? 14 : 12;
        long next = packed ? 12 : 14;
        at.set(JAVA_LONG, 0, request.address());
        at.set(JAVA_INT, 8, request.length());
        at.set(JAVA_SHORT, flags, (short) (packed ? 0 : RingLayout.DESC_F_NEXT));
        at.set(JAVA_SHORT, next, (short) (packed ? 0 : 1));
        at.set(JAVA_LONG, 16, reply.address());
        at.set(JAVA_INT, 24, reply.length());
        at.set(JAVA_SHORT, 16 + flags, (short) RingLayout.DESC_F_WRITE);
    }

    @Test
    void indirectTablesInTheWindow() throws Exception {
        for (boolean packed : new boolean[] {false, true}) {
            RawGuest guest = withWindow(packed, packed ? "packed table" : "table");
            Buffer request = guest.put(guest.request(FuseOpcode.GETATTR, 1, 16));
            Buffer reply = guest.requests().buffer(120, true);
            assertThat(guest.exchange(request, reply)).contains(120);
            writeTable(guest.window().memory(), packed, request, reply);
            assertThat(guest.requests().ring().offerTable(RawGuest.WINDOW_ADDRESS, 32))
                    .isNotNegative();
            guest.kick(RawGuest.REQUESTS);
            // it is given back as it came, and the guest goes on
            assertThat(guest.next().map(Used::written)).contains(0);
            assertThat(guest.exchange(request, reply)).contains(120);
        }
    }

    @Test
    void requestsAndRepliesInTheWindow() throws Exception {
        for (boolean packed : new boolean[] {false, true}) {
            RawGuest guest = withWindow(packed, packed ? "packed head" : "head");
            ByteBuffer request = guest.request(FuseOpcode.GETATTR, 1, 16);
            Buffer reply = guest.requests().buffer(120, true);
            assertThat(guest.exchange(inWindow(request.capacity(), false), reply))
                    .contains(16);
            assertThat(guest.errno(reply)).isEqualTo(Errno.EFAULT);
            assertThat(guest.exchange(guest.put(request), inWindow(120, true))).contains(0);
            // the head of the reply is the guest's own, and its body is not
            assertThat(guest.exchange(guest.put(request), guest.room(), inWindow(104, true)))
                    .contains(16);
            assertThat(guest.exchange(guest.put(request), reply)).contains(120);
        }
    }

    @Test
    void filesThatAreTruncatedWhileTheyAreMapped() throws Exception {
        createFile("truncated", 1 << 20);
        RawGuest guest = attacker().mountWithWindow();
        long node = guest.node("truncated");
        long handle = guest.open(node);
        RawGuest.Window window = guest.map(node, 1 << 20);
        window.memory().fill((byte) 7);
        RawGuest other = attacker().mount();
        // SETATTR of the size (bit 3) to nothing
        ByteBuffer truncation =
                other.request(FuseOpcode.SETATTR, other.node("truncated"), 88).putInt(8);
        ByteBuffer _ = other.done(truncation);
        for (int opcode : new int[] {FuseOpcode.GETATTR, FuseOpcode.FSYNC}) {
            assertThat(guest.exchange(guest.request(opcode, node, 16))).isPresent();
        }
        assertThat(guest.exchange(guest.request(FuseOpcode.FSYNC, node, 16).putLong(handle)))
                .isPresent();
        window.memory().fill((byte) 8);
        // the memory of the window itself
        assertThat(FileCalls.ftruncate(window.file().number(), 0)).isNegative();
    }

    @Test
    void aWaitForALockThatIsLongerThanItsArguments() throws Exception {
        RawGuest guest = attacker().mount();
        Locked locked = Locked.by(guest, share, "locked for long");
        ByteBuffer wait = locked.await(2);
        ByteBuffer longer = ByteBuffer.allocate(100 << 10)
                .order(wait.order())
                .put(wait.rewind())
                .putInt(0, 100 << 10);
        ByteBuffer refused = guest.exchange(longer).orElseThrow();
        assertThat(RawGuest.errno(refused)).isEqualTo(Errno.EINVAL);
        for (int i = 0; i < 300; i++) {
            assertThat(guest.post(longer)).isTrue();
        }
        guest.kick(RawGuest.REQUESTS);
        for (int i = 0; i < 300; i++) {
            assertThat(guest.next()).isPresent();
        }
    }
}
