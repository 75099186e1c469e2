package dev.oriel.guests;

import java.nio.file.Path;

/**
 * One virtio-fs device of a guest: a daemon that listens at a socket, and how the guest uses it.
 *
 * @param socket the daemon's listening socket
 * @param tag the mount tag; the device's own with User Mode Linux and unless attached as {@link
 *     Attachment#VHOST_USER_FS}
 * @param mountPoint where the guest mounts it; empty: the guest's init leaves it alone
 * @param mountOptions as in {@code dax=always,ro}; may be empty
 * @param requestQueues how many the device gets; vhost-user in QEMU only, others take the daemon's number
 * @param queueSize entries of each queue; vhost-user in QEMU only
 * @param attachment by which device
 * @param deviceProperties more properties of the vhost-user device of QEMU, as in {@code packed=on}; may be empty
 */
public record Share(
        Path socket,
        String tag,
        String mountPoint,
        String mountOptions,
        int requestQueues,
        int queueSize,
        Attachment attachment,
        String deviceProperties) {

    /** Checks what the guest's init and its kernel could not tell apart. */
    public Share {
        for (String word : new String[] {tag, mountPoint, mountOptions}) {
            if (word.chars().anyMatch(c -> c <= ' ' || c == '\\')) {
                throw new IllegalArgumentException(
                        "a share's tag, mount point and mount options cannot hold white space or '\\': '" + word + "'");
            }
        }
        if (tag.isEmpty() || tag.indexOf(',') >= 0) {
            throw new IllegalArgumentException("not a mount tag: '" + tag + "'");
        }
        if (!mountPoint.isEmpty() && !mountPoint.startsWith("/")) {
            throw new IllegalArgumentException("a mount point starts with '/': '" + mountPoint + "'");
        }
        if (requestQueues < 1 || queueSize < 2) {
            throw new IllegalArgumentException("a share needs a request queue, and queues need 2 entries");
        }
        socket = socket.toAbsolutePath();
    }

    /** A share mounted at {@code /mnt}, with one request queue of 128 entries and no DAX window. */
    public static Share of(Path socket, String tag) {
        return new Share(socket, tag, "/mnt", "", 1, 128, Attachment.VHOST_USER_FS, "");
    }

    /** The same, mounted elsewhere; empty: not mounted by the guest's init. */
    public Share at(String newMountPoint) {
        return new Share(
                socket, tag, newMountPoint, mountOptions, requestQueues, queueSize, attachment, deviceProperties);
    }

    /** The same with mount options. */
    public Share withMountOptions(String options) {
        return new Share(socket, tag, mountPoint, options, requestQueues, queueSize, attachment, deviceProperties);
    }

    /** The same with other queues. */
    public Share withQueues(int newRequestQueues, int newQueueSize) {
        return new Share(
                socket, tag, mountPoint, mountOptions, newRequestQueues, newQueueSize, attachment, deviceProperties);
    }

    /** The same with the DAX window of a vhost-user daemon. */
    public Share withDaxWindow() {
        return attachedBy(Attachment.VHOST_USER_TEST_DEVICE);
    }

    /** The same by another device; {@link GuestKind#X86_64} only, but for {@link Attachment#VHOST_USER_FS}. */
    public Share attachedBy(Attachment device) {
        return new Share(socket, tag, mountPoint, mountOptions, requestQueues, queueSize, device, deviceProperties);
    }

    /** The same with more properties of the QEMU device. */
    public Share withDeviceProperties(String properties) {
        return new Share(socket, tag, mountPoint, mountOptions, requestQueues, queueSize, attachment, properties);
    }
}
