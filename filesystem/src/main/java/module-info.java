/** What can be served: the FileSystem interface, a host directory, and layers that change how one is seen. */
@org.jspecify.annotations.NullMarked
module dev.oriel.filesystem {
    requires transitive dev.oriel.linux;
    requires transitive dev.oriel.fuse;
    requires static transitive org.jspecify;

    exports dev.oriel.filesystem;
    exports dev.oriel.filesystem.layer;
    exports dev.oriel.filesystem.local;
    exports dev.oriel.filesystem.node;
    exports dev.oriel.filesystem.path;
    exports dev.oriel.filesystem.staging;
}
