/** The vfio-user protocol, the server's end: a PCI function for a VMM on the other end of a UNIX socket. */
@org.jspecify.annotations.NullMarked
module dev.oriel.vfiouser {
    requires transitive dev.oriel.linux;
    requires transitive dev.oriel.socket;
    requires transitive dev.oriel.virtio;
    requires dev.oriel.bus;
    requires static transitive org.jspecify;

    exports dev.oriel.vfiouser;
}
