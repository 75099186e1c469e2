package dev.oriel.filesystem.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.oriel.filesystem.node.Allowance;
import dev.oriel.fuse.FuseInitFlags;
import dev.oriel.linux.At;
import dev.oriel.linux.CString;
import dev.oriel.linux.Descriptor;
import dev.oriel.linux.FileCalls;
import dev.oriel.linux.LinuxException;
import dev.oriel.linux.OpenFlags;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The thread that closes what a client does not open by itself: what becomes of a session when it fails. */
@Timeout(60)
class SweeperTest {
    @TempDir
    Path directory;

    @Test
    void aLookThatFailsIsFollowedByTheNext() throws InterruptedException {
        CountDownLatch looks = new CountDownLatch(3);
        Sweeper sweeper = new Sweeper(
                new Sweeper.Floor() {
                    @Override
                    public boolean sweep() {
                        looks.countDown();
                        if (looks.getCount() == 2) {
                            throw new InternalError("a page that is gone");
                        }
                        throw new IllegalStateException("odd");
                    }

                    @Override
                    public boolean holdsAny() {
                        return true;
                    }
                },
                Thread.ofPlatform().daemon().factory(),
                1);
        sweeper.start();
        try {
            sweeper.wake();
            assertThat(looks.await(30, TimeUnit.SECONDS)).as("three looks").isTrue();
        } finally {
            sweeper.close();
        }
    }

    /** As the JVM answers when the system has no threads left. */
    private static Thread unstartable(Runnable work) {
        return new Thread(work) {
            @Override
            public void start() {
                throw new OutOfMemoryError("unable to create native thread");
            }
        };
    }

    @Test
    void aSessionForWhichThereIsNoThreadGivesBackWhatItHad() throws LinuxException {
        LocalOptions options = LocalOptions.of(directory).sessions(1).build();
        Budgets budgets = new Budgets(options);
        Allowance before = budgets.openFiles().open();
        long all = before.left();
        before.close();
        try (Arena arena = Arena.ofConfined();
                Descriptor root = new Descriptor(LinuxException.check(
                        FileCalls.openat(At.AT_FDCWD, CString.of(directory.toString(), arena), OpenFlags.O_PATH, 0),
                        "open the directory"))) {
            assertThatThrownBy(() -> new SessionState(
                            options,
                            budgets,
                            FuseInitFlags.NO_OPEN_SUPPORT,
                            false,
                            root.number(),
                            SweeperTest::unstartable))
                    .isInstanceOf(OutOfMemoryError.class);
        }
        Allowance after = budgets.openFiles().open();
        assertThat(after.guaranteed()).isPositive();
        assertThat(after.left()).isEqualTo(all);
        after.close();
    }
}
