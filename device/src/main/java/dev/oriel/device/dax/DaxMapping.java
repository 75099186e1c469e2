package dev.oriel.device.dax;

/**
 * A range of a file in the window.
 *
 * <pre>
 *   window  offset             offset + direct          offset + length
 *           +------------------+-------------------------+
 *           | the file's pages | stand-in                |
 *           +------------------+-------------------------+
 *   file    fileOffset
 * </pre>
 *
 * <p>The stand-in begins with the page that holds the end of the file, or at once if the file's own pages cannot be
 * mapped. It goes on to the end of the range, so that a file that grows needs no other mapping.
 */
final class DaxMapping {
    final DaxFile file;
    final long offset;
    final long fileOffset;
    final long length;
    final long direct;

    /** Whether the client may have written. */
    boolean writable;

    /**
     * The size of the file that the stand-in knows: what others appended since is not in it, and must not be
     * overwritten with the zeros that stand there.
     */
    long knownSize;

    DaxMapping(DaxFile file, long offset, long fileOffset, long length, long direct, boolean writable) {
        this.file = file;
        this.offset = offset;
        this.fileOffset = fileOffset;
        this.length = length;
        this.direct = direct;
        this.writable = writable;
    }

    long end() {
        return offset + length;
    }

    boolean hasStandIn() {
        return direct < length;
    }

    /** Where the stand-in begins in the window. */
    long standInOffset() {
        return offset + direct;
    }

    long standInLength() {
        return length - direct;
    }

    /** Which byte of the file the stand-in begins with. */
    long standInFileOffset() {
        return fileOffset + direct;
    }

    boolean isOf(long nodeid, long fileOffset, long length) {
        return file.nodeid == nodeid && this.fileOffset == fileOffset && this.length == length;
    }

    /** The part {@code [from, to)} of this mapping as a mapping of its own. */
    DaxMapping part(long from, long to) {
        long partDirect = Math.clamp(direct - from, 0, to - from);
        DaxMapping part = new DaxMapping(file, offset + from, fileOffset + from, to - from, partDirect, writable);
        part.knownSize = knownSize;
        return part;
    }
}
