package dev.oriel.app.hostile;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.fuse.FuseInitFlags;
import dev.oriel.fuse.FuseOpcode;
import dev.oriel.linux.Errno;
import dev.oriel.virtio.testing.ScriptedRing.Buffer;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Guests that ask for as much as they can, as fast as they can. The server's own memory stays small. */
@ParameterizedClass
@EnumSource(RawGuest.Carrier.class)
@Timeout(120)
class FloodTest extends AttackTest {
    /** Of what a flood may add there is a small part for buffers, and a larger one for compiled code and the heap. */
    private static final int MOST_MEBIBYTES = 160;

    /** What each guest has, whatever others have taken. */
    private static final int LEAST_DESCRIPTORS = 16;

    private int mebibytesBefore;

    @BeforeEach
    void measure() throws Exception {
        mebibytesBefore = share.ownMebibytes();
    }

    @AfterEach
    void theServerHasTakenLittleMemory() throws Exception {
        assertThat(share.ownMebibytes() - mebibytesBefore)
                .as("MiB more than the " + mebibytesBefore + " before")
                .isLessThan(MOST_MEBIBYTES);
    }

    private static List<Buffer> chain(RawGuest guest, ByteBuffer request) {
        return List.of(guest.put(request), guest.room());
    }

    @Test
    void interruptsBesideLocksThatWait() throws Exception {
        RawGuest guest = attacker().mount();
        Locked locked = Locked.by(guest, share, "locked");
        for (int i = 0; i < 400; i++) {
            assertThat(guest.post(locked.await(2 + i))).isTrue();
        }
        guest.kick(RawGuest.REQUESTS);
        // Of a request that is not there, so that all go on waiting.
        ByteBuffer interrupt = guest.request(FuseOpcode.INTERRUPT, 0, 8).putLong(1);
        List<List<Buffer>> chains = List.of(List.of(guest.put(interrupt)));
        for (int queue : new int[] {RawGuest.HIPRIO, RawGuest.REQUESTS}) {
            assertThat(guest.flood(queue, 100_000, chains)).isGreaterThanOrEqualTo(100_000);
        }
    }

    @Test
    void attributesAsLongAsCanBe() throws Exception {
        Files.createFile(share.folder().resolve("attributes"));
        RawGuest guest = attacker().mount();
        long node = guest.node("attributes");
        ByteBuffer longest = guest.request(FuseOpcode.SETXATTR, node, 8 + 7 + (64 << 10))
                .putInt(64 << 10)
                .putInt(0)
                .put("user.x\0".getBytes(US_ASCII));
        ByteBuffer tooLong = guest.request(FuseOpcode.SETXATTR, node, (160 << 10) - 40)
                .putInt(150 << 10)
                .putInt(0)
                .put("user.x\0".getBytes(US_ASCII));
        List<List<Buffer>> chains = List.of(chain(guest, longest), chain(guest, tooLong));
        assertThat(guest.flood(RawGuest.REQUESTS, 4000, chains)).isGreaterThanOrEqualTo(4000);
    }

    @Test
    void sessionsThatBeginAndEnd() throws Exception {
        RawGuest guest = attacker().mount();
        List<Buffer> init = List.of(guest.put(guest.init()), guest.requests().buffer(80, true));
        List<Buffer> destroy = chain(guest, guest.request(FuseOpcode.DESTROY, 0, 0));
        assertThat(guest.flood(RawGuest.REQUESTS, 1000, List.of(init, destroy))).isGreaterThanOrEqualTo(1000);
    }

    @Test
    void namesMoreThanThereIsMemoryFor() throws Exception {
        int names = 1000;
        Path folder = Files.createDirectory(share.folder().resolve("many names"));
        String name = "n".repeat(200);
        for (int i = 0; i < names; i++) {
            Files.createFile(folder.resolve(name + i));
        }
        RawGuest guest = attacker().mount(FuseInitFlags.DO_READDIRPLUS);
        long node = guest.node("many names");
        long handle = guest.done(guest.request(FuseOpcode.OPENDIR, node, 8)).getLong(0);
        assertThat(list(guest, node, handle)).isEqualTo(names);
        boolean spent = false;
        for (int i = 0; i < names && !spent; i++) {
            int errno =
                    RawGuest.errno(guest.exchange(guest.lookup(node, name + i)).orElseThrow());
            assertThat(errno).isIn(0, Errno.ENFILE);
            spent = errno == Errno.ENFILE;
        }
        assertThat(spent).as("memory for nodes is a budget").isTrue();
    }

    /** Lists a directory with READDIRPLUS; answers how many names it has, beside "." and "..". */
    private static int list(RawGuest guest, long node, long handle) throws Exception {
        int names = 0;
        long offset = 0;
        while (true) {
            ByteBuffer body = guest.done(guest.request(FuseOpcode.READDIRPLUS, node, 40)
                    .putLong(handle)
                    .putLong(offset)
                    .putInt(64 << 10));
            if (!body.hasRemaining()) {
                return names;
            }
            while (body.hasRemaining()) {
                // a fuse_entry_out, and behind it inode, offset, length of the name, type and name
                int entry = body.position() + 128;
                offset = body.getLong(entry + 8);
                int length = body.getInt(entry + 16);
                names += length > 2 ? 1 : 0;
                body.position(entry + (24 + length + 7 & -8));
            }
        }
    }

    /** Opens one node over and over, until the server has no descriptor for it; answers how many are open. */
    private static int openAll(RawGuest guest, int opcode, long node) throws Exception {
        int opened = 0;
        while (opened < 5000) {
            ByteBuffer answer = guest.exchange(guest.request(opcode, node, 8)).orElseThrow();
            if (RawGuest.errno(answer) != 0) {
                assertThat(RawGuest.errno(answer)).isEqualTo(Errno.ENFILE);
                return opened;
            }
            opened++;
            if (opcode == FuseOpcode.OPENDIR) {
                ByteBuffer _ = guest.done(guest.request(FuseOpcode.READDIR, node, 40)
                        .putLong(answer.getLong(16))
                        .putLong(0)
                        .putInt(1 << 10));
            }
        }
        throw new AssertionError("descriptors are no budget");
    }

    @Test
    void directoriesMoreThanMayBeOpen() throws Exception {
        assertThat(openAll(attacker().mount(), FuseOpcode.OPENDIR, 1)).isGreaterThanOrEqualTo(LEAST_DESCRIPTORS);
    }

    @Test
    void filesMoreThanMayBeOpen() throws Exception {
        Files.createFile(share.folder().resolve("open"));
        RawGuest guest = attacker().mount();
        assertThat(openAll(guest, FuseOpcode.OPEN, guest.node("open"))).isGreaterThanOrEqualTo(LEAST_DESCRIPTORS);
    }

    @Test
    void rangesMoreThanMayBeLocked() throws Exception {
        RawGuest guest = attacker().mount();
        Locked locked = Locked.by(guest, share, "ranges");
        int errno = 0;
        for (int i = 1; i < 5000 && errno == 0; i++) {
            errno = RawGuest.errno(
                    guest.exchange(locked.lock(FuseOpcode.SETLK, 1, 2L * i)).orElseThrow());
        }
        assertThat(errno).isEqualTo(Errno.ENOLCK);
    }

    /** A client of a protocol that is too old is told so, and the log too. */
    @Test
    void linesInTheLog() throws Exception {
        RawGuest guest = attacker();
        guest.start();
        List<Buffer> old =
                List.of(guest.put(guest.init(10, 0)), guest.requests().buffer(80, true));
        long before = share.log().lines().count();
        assertThat(guest.flood(RawGuest.REQUESTS, 5000, List.of(old))).isGreaterThanOrEqualTo(5000);
        assertThat(share.log().lines().count() - before).isBetween(1L, 200L);
    }
}
