/** The virtio-fs device: takes requests from queues to a file system. */
@org.jspecify.annotations.NullMarked
module dev.oriel.device {
    requires transitive dev.oriel.linux;
    requires transitive dev.oriel.virtio;
    requires transitive dev.oriel.fuse;
    requires transitive dev.oriel.filesystem;
    requires static transitive org.jspecify;
    requires jdk.jfr;

    exports dev.oriel.device;
    exports dev.oriel.device.statistics;
}
