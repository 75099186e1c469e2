/** The vhost-user protocol. */
@org.jspecify.annotations.NullMarked
module dev.oriel.vhostuser {
    requires transitive dev.oriel.linux;
    requires transitive dev.oriel.socket;
    requires transitive dev.oriel.virtio;
    requires static transitive org.jspecify;

    exports dev.oriel.vhostuser;
    exports dev.oriel.vhostuser.wire;
}
