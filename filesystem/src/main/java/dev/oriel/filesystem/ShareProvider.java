package dev.oriel.filesystem;

import java.io.IOException;
import java.net.URI;
import java.util.Set;

/**
 * Opens shares that a URI names: what a plug-in offers. {@link java.util.ServiceLoader} finds it, on the module path or
 * in a folder of jars that has a class loader of its own, and makes it with the constructor without arguments.
 *
 * <p>For one thread: a share is opened before anybody is served.
 */
public interface ShareProvider {

    /** The schemes of URIs that it opens, in lower case. */
    Set<String> schemes();

    /**
     * Whether what it opens is reached over a network: then the server keeps that of the host. Otherwise the server has
     * none by the time that the share is opened.
     */
    boolean needsNetwork(URI share);

    /**
     * Opens a share. All that has to start a process, or to read files of this host, does so here: once guests are
     * served the server may not any more.
     *
     * @param share its scheme is one of {@link #schemes}
     * @return the caller's, who closes it
     * @throws IOException saying what cannot be reached or read
     * @throws IllegalArgumentException saying what is wrong with the URI or an option, and what is valid
     */
    FileSystem open(URI share, ShareSettings settings) throws IOException;
}
