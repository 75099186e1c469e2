/** Messages over UNIX sockets, whatever they say, and the server of those who send them. */
@org.jspecify.annotations.NullMarked
module dev.oriel.socket {
    requires transitive dev.oriel.linux;
    requires static transitive org.jspecify;

    exports dev.oriel.socket;
}
