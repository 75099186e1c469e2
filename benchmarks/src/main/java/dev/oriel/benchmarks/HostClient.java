package dev.oriel.benchmarks;

import java.io.IOException;

/** The client that a file system has of its own, on the host, in the folder that is shared. For one thread. */
public interface HostClient {
    /**
     * Writes a new file, in place of one that may be there.
     *
     * @return how long it took, seconds, to the end of its close
     */
    double write(String name, int mebibytes) throws IOException;

    /**
     * Reads a file from its beginning to its end.
     *
     * @param mebibytes how large it must be
     * @return how long it took, seconds
     */
    double read(String name, int mebibytes) throws IOException;

    /**
     * Lists a folder.
     *
     * @param count how many names it must have
     * @return how long it took, seconds
     */
    double list(String name, int count) throws IOException;

    /** Makes a folder with names, each an empty folder. */
    void makeNames(String name, int count) throws IOException;
}
