package dev.oriel.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is said of a wrong command line, and of a host that cannot serve, by the real command. */
class CommandLineTest {
    @TempDir
    @SuppressWarnings("NullAway.Init") // by JUnit
    private Path folder;

    private Path share() throws IOException {
        return Files.createDirectories(folder.resolve("share"));
    }

    private CommandRun serve(String... more) throws Exception {
        String[] arguments = new String[3 + more.length];
        arguments[0] = "serve";
        arguments[1] = "--shared-dir=" + share();
        arguments[2] = "--socket-path=" + folder.resolve("socket");
        System.arraycopy(more, 0, arguments, 3, more.length);
        return CommandRun.oriel(arguments);
    }

    private static void assertWrongUsage(CommandRun run, String... parts) {
        assertThat(run.status()).isEqualTo(2);
        assertThat(run.out()).isEmpty();
        assertThat(run.err()).contains(parts).contains("--help").doesNotContain("\tat ");
    }

    private static void assertFailure(CommandRun run, String... parts) {
        assertThat(run.status()).isEqualTo(1);
        assertThat(run.err()).contains(parts).doesNotContain("\tat ");
    }

    @Test
    void aMisspeltOptionGetsASuggestion() throws Exception {
        assertWrongUsage(serve("--cahe=auto"), "--cahe", "Did you mean --cache");
    }

    @Test
    void aMisspeltCommandGetsASuggestion() throws Exception {
        assertWrongUsage(CommandRun.oriel("serv"), "serv", "Did you mean serve");
    }

    @Test
    void aBenchmarkOfTheWindowIsChosenByName() throws Exception {
        assertWrongUsage(CommandRun.oriel("bench", "dax"), "guest, driver, memory or weights");
        assertWrongUsage(CommandRun.oriel("bench", "dax", "memory", "--size=0"), "--size 0", "at least 1 MiB");
        assertWrongUsage(CommandRun.oriel("bench", "dax", "weights", "--size=0"), "--size 0", "at least");
    }

    @Test
    void noCommandAtAllIsWrongUsage() throws Exception {
        assertWrongUsage(CommandRun.oriel(), "say what to do");
    }

    @Test
    void aWrongValueIsToldWithTheValidOnes() throws Exception {
        assertWrongUsage(serve("--cache=sometimes"), "--cache", "NEVER", "sometimes");
        assertWrongUsage(serve("--queue-size=100"), "--queue-size 100", "power of two");
        assertWrongUsage(serve("--poll=often"), "--poll", "often", "auto, off, or microseconds");
        assertWrongUsage(serve("--poll=1000000"), "--poll", "0 to 100000 microseconds");
        assertWrongUsage(serve("--request-queues=0"), "--request-queues 0", "from 1 to 64");
    }

    @Test
    void aTagThatIsTooLongForTheDeviceIsRefused() throws Exception {
        // 19 characters, 38 bytes
        assertWrongUsage(serve("--tag=" + "é".repeat(19)), "38 bytes", "1 to 36");
    }

    @Test
    void aSocketPathThatIsTooLongIsRefused() throws Exception {
        CommandRun run = CommandRun.oriel("serve", "--shared-dir=/tmp", "--socket-path=/tmp/" + "s".repeat(103));
        assertWrongUsage(run, "--socket-path", "108 bytes", "1 to 107");
        run = CommandRun.oriel("serve", "--shared-dir=/tmp", "--vfio-user-path=/tmp/" + "s".repeat(103));
        assertWrongUsage(run, "--vfio-user-path", "108 bytes", "1 to 107");
    }

    @Test
    void whatIsMissingOrTooMuchIsSaid() throws Exception {
        assertWrongUsage(CommandRun.oriel("serve", "--socket-path=/tmp/s"), "--shared-dir DIR");
        assertWrongUsage(CommandRun.oriel("serve", "--shared-dir=/tmp"), "--socket-path PATH");
        assertWrongUsage(serve("--fd=3"), "--socket-path and --fd exclude each other");
        assertWrongUsage(serve("--vfio-user-path=/tmp/v"), "--socket-path and --vfio-user-path exclude each other");
    }

    @Test
    void aPciDeviceHasNoFilesMappedIntoItsWindow() throws Exception {
        CommandRun run = CommandRun.oriel("serve", "--shared-dir=/tmp", "--vfio-user-path=/tmp/v", "--dax=direct");
        assertWrongUsage(run, "--dax=direct", "--dax=staged");
    }

    @Test
    void aSandboxThatTheProcessIsNotInIsRefused() throws Exception {
        for (String sandbox : List.of("namespace", "chroot")) {
            CommandRun run = CommandRun.oriel(
                    "serve",
                    "--shared-dir=" + share(),
                    "--socket-path=" + folder.resolve("socket"),
                    "--sandbox=" + sandbox);
            assertThat(run.err()).contains("--sandbox");
            assertThat(run.status()).as(run.err()).isIn(1, 2);
        }
        assertWrongUsage(serve("--sandbox=jail"), "--sandbox", "jail");
        assertWrongUsage(serve("--seccomp=maybe"), "--seccomp", "maybe");
    }

    @Test
    void aSocketInTheShareIsRefused() throws Exception {
        assertFailure(
                CommandRun.oriel("serve", "--shared-dir=" + folder, "--socket-path=" + folder.resolve("socket")),
                "this directory lies in the share");
        Path deeper = Files.createDirectories(folder.resolve("a/b"));
        assertFailure(
                CommandRun.oriel("serve", "--shared-dir=" + folder, "--socket-path=" + deeper.resolve("socket")),
                "this directory lies in the share");
    }

    @Test
    void aSocketBesideTheWholeHostIsRefused() throws Exception {
        assertFailure(CommandRun.oriel("serve", "--shared-dir=" + share(), "--socket-path=/oriel.sock"), "whole host");
    }

    @Test
    void aCapabilityThatLinuxLacksIsRefused() throws Exception {
        assertWrongUsage(serve("--modcaps=+sys_admin:-everything"), "--modcaps '-everything'", "+sys_admin:-mknod");
        assertWrongUsage(serve("--modcaps=sys_admin"), "--modcaps 'sys_admin'");
        assertWrongUsage(serve("--modcaps="), "--modcaps ''");
    }

    @Test
    void anOptionOfThePeerThatOrielLacksIsExplained() throws Exception {
        assertWrongUsage(serve("--migration-mode=find-paths"), "--migration-mode", "does not migrate");
    }

    @Test
    void idsThatCannotBeTranslatedAreSaid() throws Exception {
        assertWrongUsage(
                serve("--translate-uid=map:0:1000"), "--translate-uid map:0:1000: it is TYPE:SOURCE:TARGET:COUNT");
        assertWrongUsage(serve("--translate-gid=both:0:0:1"), "--translate-gid both:0:0:1: it is TYPE:SOURCE");
        assertWrongUsage(serve("--translate-uid=guest:0:1000:0"), "--translate-uid guest:0:1000:0: a range has 1 id");
        assertWrongUsage(
                serve("--translate-gid=host:4294967290:0:10"),
                "--translate-gid host:4294967290:0:10: ids end at 4294967294");
        assertWrongUsage(
                serve("--translate-uid=map:0:1000:10", "--translate-uid=forbid-guest:5:1"),
                "--translate-uid map:0:1000:10 and forbid-guest:5:1 overlap");
        assertWrongUsage(
                serve("--translate-gid=map:0:1000:10", "--posix-acl"), "--translate-gid and --posix-acl exclude");
    }

    @Test
    void aMapOfAttributesThatIsNoneIsSaid() throws Exception {
        assertWrongUsage(
                serve("--xattrmap=:prefix:all:trusted.:user.virtiofs.:"), "--xattrmap: a name may match no rule");
        assertWrongUsage(serve("-o", "xattrmap=:good:all:::"), "--xattrmap: ':good:all:::': there is no type 'good'");
        assertWrongUsage(serve("--xattrmap=:ok:all:"), "--xattrmap: ':ok:all:' ends early");
        assertWrongUsage(
                serve("--xattrmap=:map::user.virtiofs.:", "--posix-acl"),
                "--xattrmap and --posix-acl",
                "posix_acl_default");
    }

    @Test
    void ownersThatTheHostWouldCheckAreNotOverridden() throws Exception {
        assertWrongUsage(serve("--override-stat", "--posix-acl"), "--override-stat and --posix-acl exclude each other");
        assertWrongUsage(
                serve("--override-stat", "--killpriv-v2"), "--override-stat and --killpriv-v2 exclude each other");
    }

    @Test
    void aDirectoryThatIsMissingOrNoneIsSaid() throws Exception {
        Path file = Files.writeString(folder.resolve("file"), "");
        String socket = "--socket-path=" + folder.resolve("socket");
        assertFailure(CommandRun.oriel("serve", "--shared-dir=" + folder.resolve("gone"), socket), "does not exist");
        assertFailure(CommandRun.oriel("serve", "--shared-dir=" + file, socket), "is no directory");
        assertThat(folder.resolve("socket")).doesNotExist();
    }

    @Test
    void aSocketThatCannotBeMadeIsSaid() throws Exception {
        Path file = Files.writeString(folder.resolve("file"), "precious");
        assertFailure(
                CommandRun.oriel("serve", "--shared-dir=" + share(), "--socket-path=" + folder.resolve("gone/socket")),
                "there is no directory");
        assertFailure(CommandRun.oriel("serve", "--shared-dir=" + share(), "--socket-path=" + file), "not a socket");
        assertThat(file).hasContent("precious");
    }

    @Test
    void anUnknownGroupIsSaidAndLeavesNoSocket() throws Exception {
        assertFailure(serve("--socket-group=no-such-group"), "no-such-group");
        assertThat(folder.resolve("socket")).doesNotExist();
    }

    @Test
    void aDescriptorThatIsNoSocketIsSaid() throws Exception {
        assertFailure(CommandRun.oriel("serve", "--shared-dir=" + share(), "--fd=0"), "--fd", "descriptor 0");
    }

    @Test
    void aLimitThatLeavesNoDescriptorsIsSaid() throws Exception {
        assertFailure(serve("--rlimit-nofile=150"), "150 open files");
    }

    @Test
    void memoryForNodesThatTheHeapHasNotIsSaid() throws Exception {
        assertFailure(serve("--node-memory=100G"), "--node-memory", "ORIEL_HEAP");
        assertFailure(serve("--node-memory=1K"), "--node-memory", "256 KiB");
    }

    @Test
    void theCapabilitiesAreThoseThatLibvirtAsksFor() throws Exception {
        CommandRun run = CommandRun.virtiofsd("--print-capabilities");
        assertThat(run.status()).isZero();
        assertThat(run.out().replaceAll("\\s", "")).isEqualTo("{\"type\":\"fs\",\"features\":[\"separate-options\"]}");
        assertThat(CommandRun.oriel("serve", "--print-capabilities").out()).isEqualTo(run.out());
    }

    @Test
    void versionAndHelpAreGivenByBothNames() throws Exception {
        assertThat(CommandRun.oriel("--version").out()).startsWith("oriel ");
        assertThat(CommandRun.virtiofsd("--version").out()).startsWith("virtiofsd ");
        assertThat(CommandRun.virtiofsd("--help").out()).contains("Usage: virtiofsd", "--shared-dir", "--fd");
        assertThat(CommandRun.oriel("try", "--help").out()).contains("DIR", "--guest", "--json");
    }
}
