package dev.oriel.guests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GuestCommandTest {
    private static final Share SHARE = Share.of(Path.of("/run/fs.sock"), "myfs");

    @TempDir
    private Path folder;

    @BeforeEach
    void pretendAKit() throws IOException {
        program("x86_64/tree/usr/bin/qemu-system-x86_64");
        program("s390x/tree/usr/bin/qemu-system-s390x");
    }

    @Test
    void anX86GuestGetsItsShareOverPci() throws Exception {
        Guest guest = guest(GuestKind.X86_64).share(SHARE.withQueues(4, 1024).withDeviceProperties("packed=on"));

        assertThat(words(guest, false))
                .containsSequence("-chardev", "socket,id=fs0,path=/run/fs.sock")
                .containsSequence(
                        "-device",
                        "vhost-user-fs-pci,tag=myfs,num-request-queues=4,queue-size=1024,chardev=fs0,packed=on")
                .containsSequence("-accel", "tcg,thread=multi")
                .containsSequence("-append", "console=ttyS0,115200 no_timer_check quiet panic=-1");
    }

    @Test
    void aShareWithAWindowGoesThroughTheDeviceThatTakesOne() throws Exception {
        Guest guest = guest(GuestKind.X86_64).share(SHARE.withDaxWindow().withQueues(2, 256));

        assertThat(words(guest, false))
                .contains("vhost-user-test-device-pci,virtio-id=26,config_size=44,num_vqs=3,vq_size=256,chardev=fs0");
    }

    @Test
    void aShareOverVfioUserIsAWholePciDevice() throws Exception {
        Share share = Share.of(Path.of("/run/a \"b\".sock"), "myfs").attachedBy(Attachment.VFIO_USER);
        Guest guest = guest(GuestKind.X86_64).share(share);

        assertThat(words(guest, false))
                .containsSequence(
                        "-device",
                        "{\"driver\":\"vfio-user-pci\",\"id\":\"fs0\",\"socket\":{\"type\":\"unix\","
                                + "\"path\":\"/run/a \\\"b\\\".sock\"},\"x-msg-timeout\":60000}")
                .doesNotContain("-chardev socket");
    }

    @Test
    void anS390xGuestGetsItsShareOverChannelIo() throws Exception {
        assertThat(words(guest(GuestKind.S390X).share(SHARE), false))
                .contains("vhost-user-fs-ccw,tag=myfs,num-request-queues=1,queue-size=128,chardev=fs0")
                .contains("sclpconsole,chardev=console");
    }

    @Test
    void everyShareIsADeviceOfItsOwn() throws Exception {
        Guest guest = guest(GuestKind.X86_64)
                .share(SHARE)
                .share(Share.of(Path.of("/run/tools.sock"), "tools").at("/tools"));

        assertThat(words(guest, false))
                .contains("socket,id=fs0,path=/run/fs.sock", "socket,id=fs1,path=/run/tools.sock")
                .anyMatch(word -> word.contains("tag=tools") && word.contains("chardev=fs1"));
    }

    @Test
    void aCommaInASocketPathIsDoubledForQemu() throws Exception {
        assertThat(words(guest(GuestKind.X86_64).share(Share.of(Path.of("/run/a,b"), "myfs")), false))
                .contains("socket,id=fs0,path=/run/a,,b");
    }

    @Test
    void kvmAndRebootAreUsedOnlyWhenWanted() throws Exception {
        assertThat(words(guest(GuestKind.X86_64), false)).contains("-no-reboot").doesNotContain("kvm");
        assertThat(words(guest(GuestKind.X86_64).allowReboot(), true))
                .doesNotContain("-no-reboot")
                .containsSequence("-accel", "kvm");
    }

    @Test
    void userModeLinuxRunsInItsTreeAndKeepsItsStateInTheFolderOfTheRun() throws Exception {
        Command command = command(guest(GuestKind.UML).share(SHARE).kernelArguments("loglevel=7"), false);

        assertThat(command.folder()).isEqualTo(folder.resolve("uml/tree"));
        assertThat(command.words())
                .startsWith(folder.resolve("uml/linux").toString())
                .contains("virtio_uml.device=/run/fs.sock:26", "uml_dir=/state", "mem=512M", "loglevel=7");
        assertThat(command.environment()).containsKeys("TMPDIR", "LD_LIBRARY_PATH");
    }

    @Test
    void aSocketPathThatUserModeLinuxWouldCutIsRefused() {
        Guest guest = guest(GuestKind.UML).share(Share.of(Path.of("/run/a:b"), "myfs"));

        assertThatThrownBy(() -> command(guest, false))
                .isInstanceOf(GuestException.class)
                .hasMessageContaining("/run/a:b");
    }

    @Test
    void aWindowIsRefusedWhereTheGuestCannotHaveOne() {
        assertThatThrownBy(() -> guest(GuestKind.S390X).share(SHARE.withDaxWindow()))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void wordsThatTheGuestWouldSplitAreRefused() {
        assertThatThrownBy(() -> Share.of(Path.of("/s"), "my fs")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> SHARE.at("/a b")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> SHARE.at("mnt")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> SHARE.withMountOptions("ro\n")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> SHARE.withQueues(0, 128)).isInstanceOf(IllegalArgumentException.class);
    }

    private Guest guest(GuestKind kind) {
        return Guest.of(GuestKit.at(folder), kind);
    }

    private static List<String> words(Guest guest, boolean kvm) throws GuestException {
        return command(guest, kvm).words();
    }

    private static Command command(Guest guest, boolean kvm) throws GuestException {
        return GuestCommand.of(guest, Path.of("/initramfs"), Path.of("/state"), kvm);
    }

    private void program(String name) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        Files.createFile(file);
        assertThat(file.toFile().setExecutable(true)).isTrue();
    }
}
