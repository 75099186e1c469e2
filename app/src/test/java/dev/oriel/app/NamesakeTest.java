package dev.oriel.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The command lines by which other programs start a virtiofsd, word for word but for the directory: each is understood,
 * and the directory, which is missing here, is all that is complained about.
 */
class NamesakeTest {
    @TempDir
    @SuppressWarnings("NullAway.Init") // by JUnit
    private Path folder;

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "libvirt|--fd=3 -o source=DIR",
                "libvirt, all options|--fd=3 -o source=DIR,cache=always,sandbox=chroot,xattr,flock,no_posix_lock -d"
                        + " --thread-pool-size=4 --readonly",
                "libvirt, older|--fd=3 -o source=DIR,xattr --rlimit-nofile=65536 --syslog",
                "Kata, Go|--syslog --cache=auto --shared-dir=DIR --fd=3 --thread-pool-size=1 --announce-submounts",
                "Kata, older|--syslog -o cache=auto -o no_posix_lock -o source=DIR --fd=3 -f --thread-pool-size=1"
                        + " -o announce_submounts",
                "Kata, Rust|--socket-path SOCKET --shared-dir DIR --cache auto --sandbox none --seccomp none"
                        + " --thread-pool-size=1 -o announce_submounts",
                "cloud-hypervisor|--log-level error --seccomp none --cache=never --shared-dir=DIR --socket-path=SOCKET",
                "Lima|--socket-path SOCKET --shared-dir DIR",
                "Podman machine|--sandbox none --shared-dir DIR --socket-path SOCKET --inode-file-handles=never",
                "runcvm|-o modcaps=+sys_admin -o cache=always -o announce_submounts -o xattr --socket-path=SOCKET"
                        + " -o source=DIR -o sandbox=chroot",
            })
    void isUnderstood(String program, String line) throws Exception {
        String[] words = line.replace("DIR", folder.resolve("gone").toString())
                .replace("SOCKET", folder.resolve("socket").toString())
                .split(" +", -1);
        CommandRun run = CommandRun.virtiofsd(words);
        assertThat(run.err()).as(program).contains("gone", "does not exist");
        assertThat(run.out()).isEmpty();
        assertThat(run.status()).isEqualTo(1);
    }
}
