package dev.oriel.guests;

import java.util.List;

/** The kinds of guest: which virtio-fs client, on which machine. */
public enum GuestKind {
    /** QEMU, x86_64, virtio over PCI; with KVM where that works. The front-end that people use. */
    X86_64(true, KitPart.X86_64, KitPart.X86_64),
    /** The same guest in the older QEMU of Debian's stable suite. */
    X86_64_STABLE(true, KitPart.QEMU_STABLE, KitPart.X86_64),
    /** QEMU, s390x (big-endian), virtio over channel I/O. Always emulated. */
    S390X(true, KitPart.S390X, KitPart.S390X),
    /** QEMU, aarch64, virtio over PCI, pages of 4 KiB. Always emulated. */
    AARCH64(true, KitPart.AARCH64, KitPart.AARCH64),
    /** The same with pages of 16 KiB. */
    AARCH64_16K(true, KitPart.AARCH64, KitPart.AARCH64_16K),
    /** User Mode Linux 7: a kernel as a host process, with a vhost-user front-end of its own. The quickest. */
    UML(false, KitPart.UML, KitPart.UML),
    /** User Mode Linux 6.12. */
    UML_6_12(false, KitPart.UML_6_12, KitPart.UML_6_12),
    /** User Mode Linux 6.1. */
    UML_6_1(false, KitPart.UML_6_1, KitPart.UML_6_1);

    private final boolean qemu;
    private final KitPart machine;
    private final KitPart kernel;

    GuestKind(boolean qemu, KitPart machine, KitPart kernel) {
        this.qemu = qemu;
        this.machine = machine;
        this.kernel = kernel;
    }

    /** Whether QEMU runs it; otherwise it is User Mode Linux. */
    public boolean isQemu() {
        return qemu;
    }

    /** Whether its devices are on PCI. */
    boolean hasPci() {
        return qemu && this != S390X;
    }

    /** The parts of the kit that it needs. */
    public List<KitPart> parts() {
        return machine == kernel ? List.of(machine) : List.of(machine, kernel);
    }

    /** The part that holds the virtual machine. */
    KitPart machine() {
        return machine;
    }

    /** The part that holds the kernel, its modules and busybox. */
    KitPart kernel() {
        return kernel;
    }
}
