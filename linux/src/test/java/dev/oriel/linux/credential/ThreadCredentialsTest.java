package dev.oriel.linux.credential;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.oriel.linux.Errno;
import dev.oriel.linux.ResourceLimits;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ThreadCredentialsTest {
    private static final int KEEP = ThreadCredentials.KEEP;

    private final boolean root = ThreadCredentials.geteuid() == 0;

    /** On a thread that ends with the test, as what is changed is the thread's. */
    private static <T> T onOwnThread(Callable<T> action) throws Exception {
        try (var threads = Executors.newSingleThreadExecutor()) {
            return threads.submit(action).get();
        }
    }

    /** A line of /proc/self/task/TID/status of the calling thread. */
    private static String status(String field) throws IOException {
        Path status = Path.of("/proc/self/task/" + ThreadCredentials.gettid() + "/status");
        try (Stream<String> lines = Files.lines(status)) {
            return lines.filter(line -> line.startsWith(field + ":"))
                    .map(line -> line.substring(field.length() + 1).strip())
                    .findFirst()
                    .orElseThrow();
        }
    }

    @Test
    void idsAreThoseThatProcShows() throws IOException {
        assertThat(status("Uid").split("\\s+"))
                .startsWith(
                        Integer.toString(ThreadCredentials.getuid()), Integer.toString(ThreadCredentials.geteuid()));
        assertThat(status("Gid").split("\\s+"))
                .startsWith(
                        Integer.toString(ThreadCredentials.getgid()), Integer.toString(ThreadCredentials.getegid()));
    }

    @Test
    void anotherUserIsTakenOnByThisThreadAlone() throws Exception {
        int before = ThreadCredentials.geteuid();
        onOwnThread(() -> {
            int group = ThreadCredentials.setresgid(KEEP, 4243, KEEP);
            int user = ThreadCredentials.setresuid(KEEP, 4242, KEEP);
            if (root) {
                assertThat(user).isZero();
                assertThat(group).isZero();
                assertThat(ThreadCredentials.geteuid()).isEqualTo(4242);
                assertThat(ThreadCredentials.getegid()).isEqualTo(4243);
                assertThat(ThreadCredentials.effectiveCapabilities()).isZero();
                assertThat(ThreadCredentials.setresuid(KEEP, 0, KEEP)).isZero();
                assertThat(ThreadCredentials.effectiveCapabilities()).isNotZero();
            } else {
                assertThat(user).isEqualTo(-Errno.EPERM);
                assertThat(group).isEqualTo(-Errno.EPERM);
            }
            ThreadCredentials.setresuid(KEEP, root ? 4242 : KEEP, KEEP);
            assertThat(onOwnThreadId()).as("a thread started by it inherits").isEqualTo(root ? 4242 : before);
            return null;
        });
        assertThat(ThreadCredentials.geteuid()).isEqualTo(before);
    }

    private static int onOwnThreadId() throws Exception {
        return onOwnThread(ThreadCredentials::geteuid);
    }

    @Test
    void supplementaryGroupsBelongToTheThread() throws Exception {
        String before = status("Groups");
        onOwnThread(() -> {
            MemorySegment groups = Arena.ofAuto().allocate(JAVA_INT, 2);
            groups.setAtIndex(JAVA_INT, 0, 5001);
            groups.setAtIndex(JAVA_INT, 1, 5002);
            assertThat(ThreadCredentials.setgroups(groups, 2)).isEqualTo(root ? 0 : -Errno.EPERM);
            assertThat(status("Groups")).isEqualTo(root ? "5001 5002" : before);
            assertThatThrownBy(() -> ThreadCredentials.setgroups(groups, 3))
                    .isInstanceOf(IndexOutOfBoundsException.class);
            return null;
        });
        assertThat(status("Groups")).isEqualTo(before);
    }

    @Test
    void capabilitiesAreThoseThatProcShows() throws Exception {
        assertThat(ThreadCredentials.effectiveCapabilities()).isEqualTo(Long.parseUnsignedLong(status("CapEff"), 16));
        onOwnThread(() -> {
            long all = ThreadCredentials.effectiveCapabilities();
            assertThat(ThreadCredentials.setCapability(ThreadCredentials.CAP_FSETID, false))
                    .isZero();
            assertThat(ThreadCredentials.hasCapability(ThreadCredentials.CAP_FSETID))
                    .isFalse();
            assertThat(Long.parseUnsignedLong(status("CapEff"), 16))
                    .isEqualTo(all & ~(1L << ThreadCredentials.CAP_FSETID));
            assertThat(ThreadCredentials.setCapability(ThreadCredentials.CAP_FSETID, true))
                    .isEqualTo(root ? 0 : -Errno.EPERM);
            assertThat(ThreadCredentials.setEffectiveCapabilities(0)).isZero();
            assertThat(ThreadCredentials.effectiveCapabilities()).isZero();
            return null;
        });
    }

    @Test
    void whatIsGivenUpStaysSoForTheThreadsThatItStarts() throws Exception {
        long kept = 1L << ThreadCredentials.CAP_CHOWN | 1L << ThreadCredentials.CAP_SETUID;
        long before = ThreadCredentials.permittedCapabilities();
        onOwnThread(() -> {
            assertThat(ThreadCredentials.keepOnlyCapabilities(kept)).isZero();
            for (String set : new String[] {"CapPrm", "CapEff"}) {
                assertThat(Long.parseUnsignedLong(status(set), 16)).as(set).isEqualTo(before & kept);
            }
            assertThat(onOwnThread(() -> status("CapPrm"))).isEqualTo(status("CapPrm"));
            if (root) {
                assertThat(Long.parseUnsignedLong(status("CapBnd"), 16) & ~kept).isZero();
                assertThat(ThreadCredentials.setresuid(KEEP, 4242, KEEP)).isZero();
                assertThat(ThreadCredentials.effectiveCapabilities()).isZero();
                assertThat(ThreadCredentials.setresuid(KEEP, 0, KEEP)).isZero();
                assertThat(ThreadCredentials.effectiveCapabilities()).isEqualTo(before & kept);
            }
            return null;
        });
        assertThat(ThreadCredentials.permittedCapabilities()).isEqualTo(before);
    }

    @Test
    void capabilitiesAreNumberedAsInLinux() {
        assertThat(ThreadCredentials.capability("chown")).isEqualTo(ThreadCredentials.CAP_CHOWN);
        assertThat(ThreadCredentials.capability("sys_admin")).isEqualTo(ThreadCredentials.CAP_SYS_ADMIN);
        assertThat(ThreadCredentials.capability("setfcap")).isEqualTo(ThreadCredentials.CAP_SETFCAP);
        assertThat(ThreadCredentials.capability("checkpoint_restore")).isEqualTo(40);
        assertThat(ThreadCredentials.capability("everything")).isEqualTo(-1);
    }

    @Test
    void theUmaskOfAThreadCanBeItsOwn() throws Exception {
        onOwnThread(() -> {
            assertThat(ThreadCredentials.unshareFileSystemAttributes()).isZero();
            int before = ThreadCredentials.umask(0);
            assertThat(ThreadCredentials.umask(before)).isZero();
            ThreadCredentials.umask(0123);
            assertThat(status("Umask")).isEqualTo("0123");
            return null;
        });
        assertThat(status("Umask")).isNotEqualTo("0123");
    }

    @Test
    void theLimitOfOpenFilesCanBeLoweredAndRaised() throws IOException {
        ResourceLimits.Limit limit = ResourceLimits.openFiles();
        assertThat(Files.readString(Path.of("/proc/self/limits")))
                .containsPattern("Max open files +" + limit.soft() + " +" + limit.hard() + " ");
        ResourceLimits.setOpenFiles(new ResourceLimits.Limit(limit.soft() - 1, limit.hard()));
        assertThat(ResourceLimits.openFiles()).isEqualTo(new ResourceLimits.Limit(limit.soft() - 1, limit.hard()));
        ResourceLimits.setOpenFiles(limit);
        assertThatThrownBy(() -> ResourceLimits.setOpenFiles(new ResourceLimits.Limit(10, 9)))
                .hasMessageContaining("set the limit of open files to 10 (at most 9)")
                .hasMessageContaining("EINVAL");
    }
}
