package dev.oriel.guests;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The command line of a guest's virtual machine. */
final class GuestCommand {
    private GuestCommand() {}

    /** In what the machines that QEMU has differ. */
    private record Machine(
            String program, String name, String processor, List<String> console, List<String> kernelArguments) {
        private static final List<String> SERIAL = List.of("-serial", "chardev:console");

        static Machine of(GuestKind kind) {
            return switch (kind) {
                case S390X ->
                    new Machine(
                            "qemu-system-s390x",
                            "s390-ccw-virtio",
                            "max",
                            List.of("-device", "sclpconsole,chardev=console"), // there is no serial port
                            List.of("console=ttyS0"));
                case AARCH64, AARCH64_16K ->
                    new Machine(
                            "qemu-system-aarch64",
                            "virt",
                            "max,pauth=off", // pointers that are signed are slow to emulate
                            SERIAL,
                            List.of("console=ttyAMA0"));
                default ->
                    // An emulated machine on a busy host may miss the timer interrupts that the kernel counts, and
                    // panic.
                    new Machine(
                            "qemu-system-x86_64",
                            "pc",
                            "max",
                            SERIAL,
                            List.of("console=ttyS0,115200", "no_timer_check"));
            };
        }
    }

    /**
     * Makes the command line of {@code guest}.
     *
     * @param initramfs its first root file system
     * @param state a folder for what the machine keeps while it runs
     * @param kvm whether the host's KVM runs it; otherwise QEMU emulates
     * @throws GuestException if it cannot be run so
     */
    static Command of(Guest guest, Path initramfs, Path state, boolean kvm) throws GuestException {
        return guest.kind().isQemu() ? qemu(guest, initramfs, kvm) : userModeLinux(guest, initramfs, state);
    }

    private static Command qemu(Guest guest, Path initramfs, boolean kvm) throws GuestException {
        GuestKit kit = guest.kit();
        GuestKind kind = guest.kind();
        Tree tree = kit.tree(kind.machine());
        Machine machine = Machine.of(kind);
        List<String> words = tree.command(machine.program());
        for (String data : new String[] {"usr/share/qemu", "usr/share/seabios", "usr/lib/ipxe/qemu"}) {
            add(words, "-L", tree.root().resolve(data).toString());
        }
        add(words, "-accel", kvm ? "kvm" : "tcg,thread=multi", "-cpu", machine.processor());
        add(words, "-smp", Integer.toString(guest.processors()), "-m", guest.memoryMebibytes() + "M");
        add(words, "-object", "memory-backend-memfd,id=ram,share=on,size=" + guest.memoryMebibytes() + "M");
        add(words, "-machine", machine.name() + ",memory-backend=ram");
        add(words, "-nodefaults", "-display", "none");
        if (!guest.allowsReboot()) {
            add(words, "-no-reboot");
        }
        // signal=off: Ctrl-C is for the guest. In a shell, mux=on gives a way out of a guest that hangs: Ctrl-A x.
        add(words, "-chardev", "stdio,id=console,signal=off,mux=" + (guest.isShell() ? "on" : "off"));
        words.addAll(machine.console());
        int index = 0;
        for (Share share : guest.shares()) {
            String chardev = "fs" + index++;
            if (share.attachment() == Attachment.VFIO_USER) {
                add(words, "-device", vfioUser(share, chardev));
                continue;
            }
            // A comma ends a value in QEMU's options; two stand for one.
            String path = share.socket().toString().replace(",", ",,");
            add(words, "-chardev", "socket,id=" + chardev + ",path=" + path);
            add(words, "-device", device(share, chardev, kind.hasPci() ? "pci" : "ccw"));
        }
        Path kernel = kit.part(kind.kernel()).resolve("kernel");
        add(words, "-kernel", kernel.toString(), "-initrd", initramfs.toString());
        add(words, "-append", String.join(" ", kernelArguments(guest, machine.kernelArguments())));
        words.addAll(guest.qemuArguments());
        return Command.of(words, Map.of("QEMU_MODULE_DIR", tree.qemuModules().toString()));
    }

    /** The daemon may be slow on a busy host: QEMU's own 5 s of patience are the end of the device. */
    private static String vfioUser(Share share, String id) {
        String path = share.socket().toString().replace("\\", "\\\\").replace("\"", "\\\"");
        return """
            {"driver":"vfio-user-pci","id":"%s","socket":{"type":"unix","path":"%s"},"x-msg-timeout":60000}\
            """.formatted(id, path);
    }

    private static String device(Share share, String chardev, String bus) {
        String device;
        if (share.attachment() == Attachment.VHOST_USER_TEST_DEVICE) {
            // num_vqs counts the hiprio queue; 44 is the whole of struct virtio_fs_config (virtio 1.4, 5.11.4).
            device = "vhost-user-test-device-pci,virtio-id=26,config_size=44,num_vqs=" + (share.requestQueues() + 1)
                    + ",vq_size=" + share.queueSize();
        } else {
            device = "vhost-user-fs-" + bus + ",tag=" + share.tag() + ",num-request-queues=" + share.requestQueues()
                    + ",queue-size=" + share.queueSize();
        }
        device += ",chardev=" + chardev;
        return share.deviceProperties().isEmpty() ? device : device + "," + share.deviceProperties();
    }

    private static Command userModeLinux(Guest guest, Path initramfs, Path state) throws GuestException {
        Path part = guest.kit().part(guest.kind().machine());
        List<String> words = new ArrayList<>(List.of(part.resolve("linux").toString()));
        add(words, "mem=" + guest.memoryMebibytes() + "M", "uml_dir=" + state, "initrd=" + initramfs);
        add(words, "con=null", "con0=fd:0,fd:1");
        if (guest.kind() == GuestKind.UML) {
            add(words, "seccomp=auto"); // quicker than ptrace where the host has it; since Linux 6.16
        }
        for (Share share : guest.shares()) {
            if (share.socket().toString().indexOf(':') >= 0) {
                throw new GuestException("User Mode Linux takes no ':' in the path of a socket: " + share.socket());
            }
            add(words, "virtio_uml.device=" + share.socket() + ":26");
        }
        words.addAll(kernelArguments(guest, List.of()));
        Map<String, String> environment = new LinkedHashMap<>();
        environment.put("LD_LIBRARY_PATH", "usr/lib/x86_64-linux-gnu");
        environment.put("TMPDIR", memoryFolder(guest, state).toString());
        // It names its loader by a path relative to its tree.
        // It has one processor, and its kernel and its programs are processes that hand over to each other at every
        // system call: that takes the host three times as long from one of its processors to another.
        return new Command(words, part.resolve("tree"), environment, guest.isPinned());
    }

    /**
     * Where User Mode Linux keeps its memory, in a file that it maps executable: /dev/shm, which is memory, unless it
     * is small or mounted noexec, as in many containers.
     */
    private static Path memoryFolder(Guest guest, Path state) {
        Path shm = Path.of("/dev/shm");
        try {
            boolean roomy = Files.getFileStore(shm).getUsableSpace() >= (long) guest.memoryMebibytes() << 20;
            boolean executable = Files.readAllLines(Path.of("/proc/self/mounts")).stream()
                    .map(line -> line.split(" "))
                    .noneMatch(words -> words.length > 3
                            && words[1].equals("/dev/shm")
                            && ("," + words[3] + ",").contains(",noexec,"));
            return roomy && executable && Files.isWritable(shm) ? shm : state;
        } catch (IOException e) {
            return state;
        }
    }

    private static List<String> kernelArguments(Guest guest, List<String> first) {
        List<String> words = new ArrayList<>(first);
        words.add("quiet");
        words.add("panic=-1"); // at once
        words.addAll(guest.kernelArguments());
        return words;
    }

    private static void add(List<String> words, String... more) {
        words.addAll(List.of(more));
    }
}
