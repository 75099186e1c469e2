/**
 * A virtio device on a bus of this process, which is the whole device: registers and commands, device end and driver
 * end.
 */
@org.jspecify.annotations.NullMarked
module dev.oriel.bus {
    requires transitive dev.oriel.linux;
    requires transitive dev.oriel.virtio;
    requires static transitive org.jspecify;

    exports dev.oriel.bus;
    exports dev.oriel.bus.ccw;
    exports dev.oriel.bus.mmio;
    exports dev.oriel.bus.pci;
}
