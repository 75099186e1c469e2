/** Guest memory and virtio rings, split and packed, and what a virtio device is to a bus. */
@org.jspecify.annotations.NullMarked
module dev.oriel.virtio {
    requires transitive dev.oriel.linux;
    requires static transitive org.jspecify;

    exports dev.oriel.virtio;
    exports dev.oriel.virtio.memory;
    exports dev.oriel.virtio.ring;
    exports dev.oriel.virtio.queue;
}
