package dev.oriel.driver;

import dev.oriel.fuse.FuseOpcode;
import dev.oriel.linux.At;
import dev.oriel.linux.CString;
import dev.oriel.linux.FileCalls;
import dev.oriel.linux.OpenFlags;
import dev.oriel.vhostuser.wire.BackendRequest;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A device whose nodes, from 2 on, are files of a folder named by their numbers, and which maps them into its window.
 */
class DaxScript extends ScriptedDevice {
    private static final int PAGE = 4096;

    private final Path folder;
    /** What is mapped where in the window: offset and length. */
    final Map<Long, Long> mapped = new TreeMap<>();

    int setups;
    int removals;

    DaxScript(Path socket, long window, Path folder) throws IOException {
        this(socket, window, folder, 1);
    }

    DaxScript(Path socket, long window, Path folder, int requestQueues) throws IOException {
        super(socket, window, requestQueues);
        this.folder = folder;
    }

    Path file(long node) {
        return folder.resolve(Long.toString(node));
    }

    int open(long node, int flags) {
        try (Arena arena = Arena.ofConfined()) {
            return FileCalls.openat(At.AT_FDCWD, CString.of(file(node).toString(), arena), flags, 0);
        }
    }

    @Override
    byte @Nullable [] onRequest(Request request) throws IOException {
        return switch (request.opcode()) {
            case FuseOpcode.GETATTR -> attributes(request.nodeid());
            case FuseOpcode.SETUPMAPPING -> {
                setups++;
                ByteBuffer in = request.arguments();
                yield setUp(request.nodeid(), in.getLong(8), in.getLong(16), in.getLong(24), in.getLong(32));
            }
            case FuseOpcode.REMOVEMAPPING -> {
                ByteBuffer in = request.arguments();
                for (int i = 0; i < in.getInt(0); i++) {
                    remove(in.getLong(4 + 16 * i));
                }
                yield new byte[0];
            }
            case FuseOpcode.DESTROY -> new byte[0];
            default -> null;
        };
    }

    private byte[] attributes(long node) throws IOException {
        ByteBuffer body = ByteBuffer.allocate(104).order(ByteOrder.LITTLE_ENDIAN);
        body.putLong(16, node).putLong(24, Files.size(file(node))).putInt(16 + 60, 0x8000 | 0644);
        return body.array();
    }

    byte @Nullable [] setUp(long node, long fileOffset, long length, long flags, long offset) throws IOException {
        return place(node, fileOffset, length, flags, offset) ? new byte[0] : null;
    }

    private synchronized boolean place(long node, long fileOffset, long length, long flags, long offset)
            throws IOException {
        remove(offset);
        long pages = (Files.size(file(node)) + PAGE - 1) / PAGE * PAGE;
        long count = Math.min(length, pages - fileOffset);
        int fd = open(node, OpenFlags.O_RDWR);
        long answer = map(fd, fileOffset, offset, count, (flags & 1) != 0);
        FileCalls.close(fd);
        if (answer == 0) {
            mapped.put(offset, count);
        }
        return answer == 0;
    }

    /** Maps the file's own pages. */
    long map(int fd, long fileOffset, long offset, long length, boolean writable) throws IOException {
        return ask(BackendRequest.SHMEM_MAP, 0, fileOffset, offset, length, writable, fd);
    }

    private synchronized void remove(long offset) {
        Long length = mapped.remove(offset);
        if (length != null) {
            removals++;
            ask(BackendRequest.SHMEM_UNMAP, 0, 0, offset, length, false);
        }
    }
}
