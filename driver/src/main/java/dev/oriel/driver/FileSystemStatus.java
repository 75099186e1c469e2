package dev.oriel.driver;

import dev.oriel.fuse.FuseKstatfs;

/**
 * What STATFS tells of a file system.
 *
 * @param blocks of {@code frsize} bytes
 * @param bfree blocks that are free
 * @param bavail blocks that are free for other users than root
 * @param files most nodes
 * @param ffree nodes that are free
 * @param bsize bytes that are best moved at once
 * @param namelen most bytes in a name
 * @param frsize bytes in a block
 */
public record FileSystemStatus(
        long blocks, long bfree, long bavail, long files, long ffree, int bsize, int namelen, int frsize) {
    static FileSystemStatus of(FuseKstatfs out) {
        int bsize = out.bsize();
        int frsize = out.frsize();
        return new FileSystemStatus(
                out.blocks(),
                out.bfree(),
                out.bavail(),
                out.files(),
                out.ffree(),
                bsize,
                out.namelen(),
                // old servers leave it out
                frsize == 0 ? bsize : frsize);
    }
}
