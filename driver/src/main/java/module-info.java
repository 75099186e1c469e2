/**
 * The virtio-fs driver in user space: a client of any virtio-fs device, its DAX window, and a java.nio file system over
 * both.
 */
@org.jspecify.annotations.NullMarked
module dev.oriel.driver {
    requires transitive dev.oriel.linux;
    requires transitive dev.oriel.virtio;
    requires transitive dev.oriel.fuse;
    requires transitive dev.oriel.vhostuser;
    requires static transitive org.jspecify;

    exports dev.oriel.driver;
    exports dev.oriel.driver.nio;

    provides java.nio.file.spi.FileSystemProvider with
            dev.oriel.driver.nio.VirtioFileSystemProvider;
}
