package dev.oriel.filesystem.layer;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.filesystem.Request;
import dev.oriel.linux.CString;
import dev.oriel.linux.Errno;
import dev.oriel.linux.XattrFlags;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The names of a file's extended attributes, of which a layer leaves out some, or their beginning. One for each thread:
 * it has room for the longest list, as what the client gave room for may be too small for what is left out.
 */
final class NameList {
    /** What is left of a name. */
    interface Rule {
        /**
         * Looks at one name.
         *
         * @param offset where the name begins in {@code list}
         * @return how many bytes at its beginning to leave out, or less than 0 to leave it out
         */
        int leftOut(MemorySegment list, long offset, int length);
    }

    private final MemorySegment list = Arena.ofAuto().allocate(XattrFlags.XATTR_LIST_MAX);

    /**
     * Serves a LISTXATTR.
     *
     * @param behind has the names
     * @return as {@link FileSystemSession#listxattr}
     */
    int list(FileSystemSession behind, Request request, long nodeid, MemorySegment out, Rule rule) {
        int size = behind.listxattr(request, nodeid, list);
        if (size < 0) {
            return size;
        }
        int kept = 0;
        int at = 0;
        while (at < size) {
            int length = CString.length(list, at, size - at);
            if (length < 0) {
                return -Errno.EIO; // a name without its NUL
            }
            int leftOut = rule.leftOut(list, at, length);
            if (leftOut >= 0) {
                int bytes = length - leftOut;
                MemorySegment.copy(list, JAVA_BYTE, at + leftOut, list, JAVA_BYTE, kept, bytes + 1L);
                kept += bytes + 1;
            }
            at += length + 1;
        }
        if (out.byteSize() == 0) {
            return kept;
        }
        if (out.byteSize() < kept) {
            return -Errno.ERANGE;
        }
        MemorySegment.copy(list, 0, out, 0, kept);
        return kept;
    }
}
