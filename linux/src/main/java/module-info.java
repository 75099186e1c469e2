/** Linux system calls: files, memory, sockets that carry descriptors, events. FFM lives here only. */
@org.jspecify.annotations.NullMarked
module dev.oriel.linux {
    requires static transitive org.jspecify;

    exports dev.oriel.linux;
    exports dev.oriel.linux.credential;
}
