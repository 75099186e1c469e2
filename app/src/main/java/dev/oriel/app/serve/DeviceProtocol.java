package dev.oriel.app.serve;

/** What is spoken on the socket of a share, and the option that asks for it. */
public enum DeviceProtocol {
    /** A back-end for the virtio device of a VMM. */
    VHOST_USER("--socket-path"),
    /** A whole PCI function. */
    VFIO_USER("--vfio-user-path");

    private final String pathOption;

    DeviceProtocol(String pathOption) {
        this.pathOption = pathOption;
    }

    /** The option that says where the socket is. */
    public String pathOption() {
        return pathOption;
    }
}
