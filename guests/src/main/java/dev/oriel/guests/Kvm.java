package dev.oriel.guests;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;

/**
 * Whether the host's KVM boots a guest, found out by use: a /dev/kvm that opens is no proof, some nested hosts cannot
 * boot a stock kernel. The verdict is kept in the kit's folder until the host is booted anew.
 */
public final class Kvm {
    /** How long the guest that is booted to see may take; with KVM it takes about two. */
    static final int PROBE_SECONDS = 6;

    private Kvm() {}

    /**
     * Whether guests of this kit run with KVM. Where that is not known since the host's boot, an empty guest is booted
     * to see, which takes at most {@value #PROBE_SECONDS} seconds.
     */
    public static synchronized boolean works(GuestKit kit) throws IOException, InterruptedException {
        Path device = Path.of("/dev/kvm");
        if (!Files.isReadable(device) || !Files.isWritable(device)) {
            return false;
        }
        String boot =
                Files.readString(Path.of("/proc/sys/kernel/random/boot_id")).strip();
        Path verdict = kit.folder().resolve("kvm");
        if (Files.exists(verdict)) {
            String known = Files.readString(verdict).strip();
            if (known.startsWith(boot)) {
                return known.endsWith(" works");
            }
        }
        boolean works;
        try (GuestRun run = Guest.of(kit, GuestKind.X86_64)
                .limit(Duration.ofSeconds(PROBE_SECONDS))
                .start(true)) {
            works = run.await().isSuccess();
        }
        record(verdict, boot + (works ? " works" : " fails"));
        return works;
    }

    private static void record(Path verdict, String text) {
        try {
            Path fresh = Files.createTempFile(verdict.toAbsolutePath().getParent(), "kvm-", "");
            Files.writeString(fresh, text + "\n");
            Files.move(fresh, verdict, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            System.getLogger("dev.oriel.guests")
                    .log(System.Logger.Level.INFO, "cannot remember whether KVM works: {0}", e.getMessage());
        }
    }
}
