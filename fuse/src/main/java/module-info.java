/** The FUSE wire protocol: both byte orders, both directions. */
@org.jspecify.annotations.NullMarked
module dev.oriel.fuse {
    requires static transitive org.jspecify;

    exports dev.oriel.fuse;
}
