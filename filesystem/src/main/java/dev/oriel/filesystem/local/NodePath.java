package dev.oriel.filesystem.local;

import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.linux.At;
import dev.oriel.linux.NameCalls;
import dev.oriel.linux.ProcSelfFd;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Where a node is now, as the host tells it by {@code /proc/self/fd}: for people, not to open it by. Only of nodes
 * whose descriptor is open: then the kernel tells it from memory, and asks no file system, which could hang.
 */
final class NodePath {
    /** {@code PATH_MAX}, which such a link is not longer than. */
    private static final int PATH_MAX = 4096;

    private NodePath() {}

    /** The path from the root on; null if the node is not open, or is not under the root any more. */
    static @Nullable String of(long nodeid, SessionState state) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(PATH_MAX);
            String root = of(FileSystemSession.ROOT, state, buffer);
            String path = of(nodeid, state, buffer);
            if (root == null || path == null) {
                return null;
            }
            String inside = root.endsWith("/") ? root : root + "/";
            return path.equals(root) ? "/" : path.startsWith(inside) ? path.substring(inside.length() - 1) : null;
        }
    }

    private static @Nullable String of(long nodeid, SessionState state, MemorySegment buffer) {
        long node = state.nodes.acquireOpen(nodeid);
        if (node < 0) {
            return null;
        }
        long length = NameCalls.readlinkat(At.AT_FDCWD, ProcSelfFd.path((int) node), buffer, buffer.byteSize());
        state.nodes.release(nodeid, node);
        return length < 0
                ? null
                : new String(buffer.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
    }
}
