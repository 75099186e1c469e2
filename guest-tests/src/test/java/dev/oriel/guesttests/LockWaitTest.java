package dev.oriel.guesttests;

import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.guests.GuestKind;
import dev.oriel.guests.GuestRun;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Whoever waits for a lock can be told to stop, and holds up neither an umount nor the end of its machine. */
@Tag("guest")
class LockWaitTest {
    private static final Duration PATIENCE = Duration.ofMinutes(3);

    /** {@code flock -w} has to do with a signal; without a deadline it would wait until the holder has gone. */
    private static final String WAIT_AND_GIVE_UP = """
            cd /mnt
            touch lock
            (tools flock lock sleep 1000) &
            until ! tools flock -n lock true; do sleep 0.1; done
            tools flock -w 1 lock echo WRONG: IT IS FREE; echo GAVE UP $?
            tools flock lock echo WRONG: IT WAITED TO THE END &
            waiter=$!
            sleep 1
            """;

    @ParameterizedTest
    @EnumSource(names = {"UML", "X86_64"})
    void aWaitGivesUpAndAWaiterDiesAndLeavesTheMountFree(GuestKind kind) throws Exception {
        try (SharedFolder shared = SharedFolder.serve(List.of())) {
            String script = "mount -t virtiofs share /mnt\n" + WAIT_AND_GIVE_UP + """
                    kill -9 $waiter
                    wait $waiter
                    echo WAITER $?
                    cd /
                    for process in /proc/[0-9]*; do
                        case $(readlink $process/cwd) in */mnt) kill -9 ${process#/proc/} ;; esac
                    done
                    wait
                    umount /mnt && echo UNMOUNTED
                    """;
            List<String> lines = shared.run(shared.guest(kind, share -> share.at(""), script));
            assertThat(lines)
                    .contains("GAVE UP 1", "WAITER 137", "UNMOUNTED")
                    .noneMatch(line -> line.startsWith("WRONG"));
            shared.server().stop();
        }
    }

    @Test
    void aMachineWithAWaiterIsSwitchedOff() throws Exception {
        try (SharedFolder shared = SharedFolder.serve(List.of())) {
            assertThat(shared.run(GuestKind.UML, WAIT_AND_GIVE_UP + "echo SWITCH OFF\n"))
                    .contains("SWITCH OFF");
            shared.server().stop();
        }
    }

    /**
     * Each locks one byte and wants that of the other: the one who asks last is told EDEADLK, and the other gets it.
     */
    @Test
    void guestsThatWouldWaitForEachOtherAreTold() throws Exception {
        String script = """
                cat >/tmp/lock.py <<'END'
                import errno, fcntl, os, sys, time
                own, other = int(sys.argv[1]), int(sys.argv[2])
                fd = os.open("/mnt/lock", os.O_RDWR)
                fcntl.lockf(fd, fcntl.LOCK_EX, 1, own)
                open(f"/mnt/has{own}", "w").close()
                while not os.path.exists(f"/mnt/has{other}"):
                    time.sleep(0.1)
                try:
                    fcntl.lockf(fd, fcntl.LOCK_EX, 1, other)
                    print("HAS BOTH", flush=True)
                except OSError as e:
                    print("TOLD", e.errno == errno.EDEADLK, flush=True)
                END
                """;
        try (SharedFolder shared = SharedFolder.serve(List.of("--cache=never", "--posix-lock"))) {
            Files.createFile(shared.folder().resolve("lock"));
            GuestRun one = shared.start(
                    shared.guest(GuestKind.UML, share -> share, script + "tools python3 /tmp/lock.py 0 1\n"));
            GuestRun two = shared.start(
                    shared.guest(GuestKind.UML, share -> share, script + "tools python3 /tmp/lock.py 1 0\n"));
            String first = one.awaitLine("^(HAS BOTH|TOLD)", PATIENCE);
            String second = two.awaitLine("^(HAS BOTH|TOLD)", PATIENCE);
            assertThat(List.of(first, second)).containsExactlyInAnyOrder("HAS BOTH", "TOLD True");
            one.await().orThrow();
            two.await().orThrow();
            shared.server().stop();
        }
    }
}
