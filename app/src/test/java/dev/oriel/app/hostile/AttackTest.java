package dev.oriel.app.hostile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.app.hostile.RawGuest.Carrier;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;

/**
 * Attacks on one server, one after another, by front-ends and guests that stay connected. Whatever they do, their
 * neighbour is served throughout and the next guest can connect; and when the server is told to stop, with all of them
 * there, it ends soon, and the files of the host have all that the neighbour wrote and stored.
 */
abstract class AttackTest {
    /** A share with a window, bounds that a test can reach, and extended attributes. */
    private static final String[] OPTIONS = {
        "--dax=staged", "--dax-window=16M", "--rlimit-nofile=4096", "--node-memory=256K", "--xattr"
    };

    /** More than this the lines cannot be that are caused by guests: each origin has 50 at once. */
    private static final int MOST_LINES = 1000;

    /** How the virtual machines reach the server. */
    @Parameter
    Carrier carrier = Carrier.VHOST_USER;

    /** A folder that only the test sees. */
    @SuppressWarnings("NullAway.Init") // by start
    static Path state;

    @SuppressWarnings("NullAway.Init") // by start
    static AttackedServer share;

    @SuppressWarnings("NullAway.Init") // by start
    private static Neighbour neighbour;

    /** What is closed when the server has ended. */
    private static final Deque<AutoCloseable> REMAINING = new ArrayDeque<>();

    /** What is closed before, when it has stopped, because the kernel ends no process that waits for it. */
    private static final Deque<AutoCloseable> HOLDING = new ArrayDeque<>();

    @BeforeParameterizedClassInvocation
    static void start(Carrier carrier) throws Exception {
        state = Files.createTempDirectory("attacked");
        share = keep(new AttackedServer(carrier, state, OPTIONS));
        neighbour = keep(new Neighbour(share));
    }

    /** A virtual machine that stays connected until the server has ended. */
    static RawGuest attacker() throws Exception {
        return attacker(false);
    }

    /** The same, whose rings are packed or split. */
    static RawGuest attacker(boolean packed) throws Exception {
        return keep(share.connect(packed));
    }

    /** Has something closed when the server has ended. */
    static <T extends AutoCloseable> T keep(T attack) {
        REMAINING.push(attack);
        return attack;
    }

    /** Has something closed before, as no process ends that waits for it. */
    static void holdUntilStopped(AutoCloseable attack) {
        HOLDING.push(attack);
    }

    @AfterEach
    void theNeighbourIsServedAndTheNextGuestToo() throws Exception {
        neighbour.assertServed(share);
    }

    @AfterParameterizedClassInvocation
    static void theServerEndsWithEverythingWritten() throws Exception {
        try {
            neighbour.rest();
            share.stop();
            neighbour.assertWholeAfterTheEnd(share);
            closeAll(HOLDING);
            share.awaitEnd();
            assertThat(share.log()).doesNotContain("Exception", "\tat ");
            assertThat(share.log().lines()).hasSizeLessThan(MOST_LINES);
        } finally {
            closeAll(HOLDING);
            closeAll(REMAINING);
            try (Stream<Path> tree = Files.walk(state)) {
                tree.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(File::delete);
            }
        }
    }

    private static void closeAll(Deque<AutoCloseable> all) throws Exception {
        while (!all.isEmpty()) {
            all.pop().close();
        }
    }
}
