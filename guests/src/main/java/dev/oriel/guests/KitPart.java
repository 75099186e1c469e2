package dev.oriel.guests;

/** The parts of a {@link GuestKit}; each is fetched and complete on its own. */
public enum KitPart {
    /** QEMU for x86_64, a Linux kernel, busybox. */
    X86_64("x86_64"),
    /** User Mode Linux 7, busybox. */
    UML("uml"),
    /** The Rust virtiofsd. */
    PEER("peer"),
    /** Programs for tests in an amd64 guest; see {@link GuestKit#tools()}. */
    TOOLS("tools"),
    /** QEMU for s390x, a Linux kernel, busybox. */
    S390X("s390x"),
    /** Programs for tests in an s390x guest. */
    TOOLS_S390X("tools-s390x"),
    /** QEMU for aarch64, a Linux kernel with pages of 4 KiB, busybox. */
    AARCH64("aarch64"),
    /** A Linux kernel for aarch64 with pages of 16 KiB, busybox. */
    AARCH64_16K("aarch64-16k"),
    /** Programs for tests in an aarch64 guest. */
    TOOLS_AARCH64("tools-aarch64"),
    /** User Mode Linux 6.12. */
    UML_6_12("uml-6.12"),
    /** User Mode Linux 6.1. */
    UML_6_1("uml-6.1"),
    /** The QEMU for x86_64 of Debian's stable suite; it uses the kernel of {@link #X86_64}. */
    QEMU_STABLE("qemu-stable"),
    /** A root folder of Debian, in which a package can be installed; see {@link GuestKit#debian()}. */
    DEBIAN("debian"),
    /** What an image for containers needs of Debian. */
    CONTAINER("container");

    private final String folderName;

    KitPart(String folderName) {
        this.folderName = folderName;
    }

    /** The part's name on the command line of {@code guests/fetch}, which is also its folder in the kit. */
    public String folderName() {
        return folderName;
    }
}
