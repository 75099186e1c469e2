package dev.oriel.guests;

/** By which device of the virtual machine a guest has a share. */
public enum Attachment {
    /** {@code vhost-user-fs-pci} or {@code -ccw}, or User Mode Linux's own: what people use. It has no DAX window. */
    VHOST_USER_FS,
    /**
     * {@code vhost-user-test-device-pci}, the one vhost-user device of QEMU that takes a DAX window from the daemon.
     */
    VHOST_USER_TEST_DEVICE,
    /** {@code vfio-user-pci}: the daemon is the whole PCI function, its DAX window included. */
    VFIO_USER
}
