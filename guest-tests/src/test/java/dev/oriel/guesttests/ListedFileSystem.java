package dev.oriel.guesttests;

import dev.oriel.filesystem.*;
import dev.oriel.linux.*;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** A read-only file system of nodes in a list: node N of the client is at N - 1, and the root is the first. */
record ListedFileSystem(List<Node> nodes) implements FileSystemSession {
    /** A file, or a folder if it has no content; {@code parent} is the node of its folder. */
    record Node(long parent, String name, MemorySegment content) {
        int mode() {
            return content.byteSize() > 0 ? FileMode.S_IFREG | 0444 : FileMode.S_IFDIR | 0555;
        }
    }

    @Override
    public boolean isReadOnly() {
        return true;
    }

    @Override
    public int lookup(Request request, long parent, Name name, Entry out) {
        for (int i = 1; i < nodes.size(); i++) {
            if (nodes.get(i).parent == parent && nodes.get(i).name.equals(name.toString())) {
                out.nodeid = i + 1L;
                return getattr(request, out.nodeid, NO_HANDLE, out.attributes);
            }
        }
        return -Errno.ENOENT;
    }

    @Override
    public int getattr(Request request, long nodeid, long fh, Attributes out) {
        if (nodeid < 1 || nodeid > nodes.size()) return -Errno.ENOENT;
        out.ino = nodeid;
        out.mode = nodes.get((int) nodeid - 1).mode();
        out.size = nodes.get((int) nodeid - 1).content.byteSize();
        return 0;
    }

    @Override
    public int readdir(Request request, long nodeid, long fh, long offset, boolean plus, DirectoryEntries out) {
        for (int i = Math.clamp(offset, 1, nodes.size()); i < nodes.size(); i++) {
            Node node = nodes.get(i);
            byte[] name = node.name.getBytes(StandardCharsets.UTF_8);
            if (node.parent == nodeid && !out.add(i + 1, i + 1, node.mode() >> 12, name)) return 0;
        }
        return 0;
    }

    @Override
    public long read(Request request, long nodeid, long fh, long offset, int flags, IoVector to) {
        if (nodeid < 1 || nodeid > nodes.size()) return -Errno.ENOENT;
        return to.copyFrom(nodes.get((int) nodeid - 1).content, offset);
    }
}
