package dev.oriel.guests;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A real Linux guest, described and ready to start: it mounts its shares, runs a script or a shell, unmounts and powers
 * off.
 *
 * <pre>{@code
 * try (GuestRun run = Guest.of(kit, GuestKind.UML)
 *         .share(Share.of(socket, "myfs"))
 *         .script("cat hello.txt")
 *         .start()) {
 *     run.await().orThrow();
 * }
 * }</pre>
 *
 * <p>The script runs in busybox sh, as root, in the folder of the first share that is mounted. {@code tools PROGRAM
 * ARGS...} runs a program of a share mounted at {@code /tools} that serves {@link GuestKit#tools()}; shares mounted at
 * or below {@code /mnt} are seen by it too. The guest has no network and no disk. What the script prints comes out line
 * by line; {@code read} gets what {@link GuestRun#type} sends. A daemon serves one connection at a time, so each guest
 * needs one of its own for each share.
 *
 * <p>The setters change this description and return it; a description may be started more than once. Not safe for
 * several threads; a {@link GuestRun} is.
 */
public final class Guest {
    private final GuestKit kit;
    private final GuestKind kind;
    private final List<Share> shares = new ArrayList<>();
    private final List<String> kernelArguments = new ArrayList<>();
    private final List<String> qemuArguments = new ArrayList<>();
    private int memoryMebibytes = 512;
    private int processors = 1;
    private Duration limit = Duration.ofMinutes(2);
    private boolean reboot;
    private boolean pinned = true;
    private @Nullable String script = "";
    private Consumer<String> lines = line -> {};

    private Guest(GuestKit kit, GuestKind kind) {
        this.kit = kit;
        this.kind = kind;
    }

    /** A guest with 512 MiB, one processor and two minutes to live, without shares. */
    public static Guest of(GuestKit kit, GuestKind kind) {
        return new Guest(kit, kind);
    }

    /** Gives it a share; the order is that of mounting. */
    public Guest share(Share share) {
        boolean windows = kind.hasPci() && kind != GuestKind.X86_64_STABLE;
        if (share.attachment() != Attachment.VHOST_USER_FS && !windows) {
            throw new IllegalArgumentException("a " + kind + " guest cannot have a share by " + share.attachment());
        }
        shares.add(share);
        return this;
    }

    /** What it runs, as text for busybox sh. The default is a script that does nothing. */
    public Guest script(String text) {
        script = text;
        return this;
    }

    /**
     * Instead of a script: a shell on this process's own standard input and output, until it is left. Nothing of the
     * console reaches {@link #onLine} or the {@link GuestRun}, whose outcome then tells only how the virtual machine
     * ended.
     */
    public Guest shell() {
        script = null;
        return this;
    }

    /** Its memory in MiB. */
    public Guest memory(int mebibytes) {
        memoryMebibytes = mebibytes;
        return this;
    }

    /** Its processors; QEMU only. */
    public Guest processors(int count) {
        processors = count;
        return this;
    }

    /**
     * Whether User Mode Linux, all of its processes, is kept on one of the host's processors, as it is by default;
     * ignored by QEMU.
     */
    public Guest pinned(boolean one) {
        pinned = one;
        return this;
    }

    /** More kernel arguments. */
    public Guest kernelArguments(String... words) {
        kernelArguments.addAll(List.of(words));
        return this;
    }

    /** More arguments of QEMU; ignored by User Mode Linux. */
    public Guest qemuArguments(String... words) {
        qemuArguments.addAll(List.of(words));
        return this;
    }

    /** Lets {@code reboot -f} in the guest start it anew, instead of ending it; QEMU only. */
    public Guest allowReboot() {
        reboot = true;
        return this;
    }

    /** How long it may run, in whole seconds; then it is killed. */
    public Guest limit(Duration time) {
        limit = time;
        return this;
    }

    /** Receives each line of its console as it comes, on the run's reader thread; must not block for long. */
    public Guest onLine(Consumer<String> consumer) {
        lines = consumer;
        return this;
    }

    /**
     * Starts it. Where KVM is there but has not been tried since the host's boot, this first boots an empty guest with
     * it, to see: at most {@value Kvm#PROBE_SECONDS} seconds, the verdict is kept in the kit's folder.
     *
     * @throws GuestException if the kit lacks a part or a share's socket is missing
     */
    public GuestRun start() throws IOException, InterruptedException {
        kit.require(kind.parts());
        boolean kvm = (kind == GuestKind.X86_64 || kind == GuestKind.X86_64_STABLE) && Kvm.works(kit);
        return start(kvm);
    }

    GuestRun start(boolean kvm) throws IOException {
        kit.require(kind.parts());
        for (Share share : shares) {
            if (!Files.exists(share.socket())) {
                throw new GuestException("no socket at " + share.socket() + ": start the daemon of the share '"
                        + share.tag() + "' first");
            }
        }
        Path state = Files.createTempDirectory("oriel-guest-");
        try {
            Path initramfs = state.resolve("initramfs");
            writeInitramfs(initramfs);
            Command command = GuestCommand.of(this, initramfs, state, kvm);
            return GuestRun.start(this, command, state, kvm);
        } catch (IOException e) {
            SupervisedProcess.delete(state);
            throw e;
        }
    }

    private void writeInitramfs(Path file) throws IOException {
        Path part = kit.part(kind.kernel());
        try (BufferedOutputStream out = new BufferedOutputStream(Files.newOutputStream(file), 1 << 16)) {
            Initramfs initramfs = new Initramfs(out);
            for (String folder : new String[] {"bin", "dev", "proc", "sys", "mnt", "tmp", "root", "etc", "oriel"}) {
                initramfs.folder(folder);
            }
            initramfs.file("bin/busybox", Files.readAllBytes(part.resolve("busybox")));
            initramfs.file("bin/tools", Scripts.bytes("tools"));
            initramfs.file("init", Scripts.bytes("init"));
            initramfs.file("etc/passwd", "root:x:0:0:root:/root:/bin/sh\n".getBytes(UTF_8));
            StringBuilder mounts = new StringBuilder();
            for (Share share : mounted()) {
                mounts.append("%s %s %s\n".formatted(share.tag(), share.mountPoint(), share.mountOptions()));
            }
            initramfs.file("oriel/shares", mounts.toString().getBytes(UTF_8));
            if (script != null) {
                initramfs.file("oriel/script", script.getBytes(UTF_8));
            }
            addModules(initramfs, part.resolve("modules"));
            initramfs.end();
        }
    }

    /** User Mode Linux has fuse and virtiofs as modules; the other kernels have them built in. */
    private static void addModules(Initramfs initramfs, Path modules) throws IOException {
        if (!Files.exists(modules)) {
            return;
        }
        try (Stream<Path> files = Files.walk(modules)) {
            for (Path file : files.sorted().toList()) {
                String name = "modules/" + modules.relativize(file);
                if (Files.isDirectory(file)) {
                    initramfs.folder(name);
                } else {
                    initramfs.file(name, Files.readAllBytes(file));
                }
            }
        }
    }

    /** The shares that its init mounts. */
    List<Share> mounted() {
        return shares.stream().filter(share -> !share.mountPoint().isEmpty()).toList();
    }

    GuestKit kit() {
        return kit;
    }

    GuestKind kind() {
        return kind;
    }

    List<Share> shares() {
        return shares;
    }

    List<String> kernelArguments() {
        return kernelArguments;
    }

    List<String> qemuArguments() {
        return qemuArguments;
    }

    int memoryMebibytes() {
        return memoryMebibytes;
    }

    int processors() {
        return processors;
    }

    Duration limit() {
        return limit;
    }

    boolean isPinned() {
        return pinned;
    }

    boolean allowsReboot() {
        return reboot;
    }

    boolean isShell() {
        return script == null;
    }

    Consumer<String> lineConsumer() {
        return lines;
    }
}
