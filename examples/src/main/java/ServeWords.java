import static java.nio.charset.StandardCharsets.UTF_8;

import dev.oriel.device.VirtioFsDevice;
import dev.oriel.filesystem.Attributes;
import dev.oriel.filesystem.DirectoryEntries;
import dev.oriel.filesystem.Entry;
import dev.oriel.filesystem.FileSystem;
import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.filesystem.Name;
import dev.oriel.filesystem.Request;
import dev.oriel.linux.Errno;
import dev.oriel.linux.FileMode;
import dev.oriel.linux.IoVector;
import dev.oriel.linux.UnixSocket;
import dev.oriel.socket.ConnectionServer;
import dev.oriel.vhostuser.VhostUserBackend;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;

/**
 * Serves a file system of its own: a folder with a file for each word, which holds that word. {@code ServeWords SOCKET
 * WORD...}
 */
final class ServeWords {
    private static final long ROOT = 1;

    private ServeWords() {}

    public static void main(String[] arguments) throws Exception {
        List<String> words = List.of(arguments).subList(1, arguments.length);
        FileSystem files = offered -> new Session(words);
        try (ConnectionServer server = new ConnectionServer(
                UnixSocket.listen(Path.of(arguments[0]), 4),
                (name, connection) -> new VhostUserBackend(
                        name,
                        connection,
                        new VirtioFsDevice(files, "words", 1, 1, null),
                        VhostUserBackend.Options.DEFAULT),
                64)) {
            IO.println("Listening on " + arguments[0]);
            server.run();
        }
    }

    /** What one client sees: node 1 is the folder, node N + 2 the file of word N. */
    private record Session(List<String> words) implements FileSystemSession {
        @Override
        public boolean isReadOnly() {
            return true;
        }

        @Override
        public int lookup(Request request, long parent, Name name, Entry out) {
            int index = parent == ROOT ? words.indexOf(name.toString()) : -1;
            if (index < 0) {
                return -Errno.ENOENT;
            }
            out.nodeid = index + 2L;
            return getattr(request, out.nodeid, NO_HANDLE, out.attributes);
        }

        @Override
        public int getattr(Request request, long nodeid, long fh, Attributes out) {
            if (nodeid < ROOT || nodeid > words.size() + ROOT) {
                return -Errno.ENOENT;
            }
            out.ino = nodeid;
            out.mode = nodeid == ROOT ? FileMode.S_IFDIR | 0555 : FileMode.S_IFREG | 0444;
            out.size = nodeid == ROOT ? 0 : content(nodeid).length;
            return 0;
        }

        @Override
        public int readdir(Request request, long nodeid, long fh, long offset, boolean plus, DirectoryEntries out) {
            for (int i = Math.clamp(offset, 0, words.size()); i < words.size(); i++) {
                if (!out.add(i + 2L, i + 1L, FileMode.S_IFREG >> 12, words.get(i).getBytes(UTF_8))) {
                    return 0;
                }
            }
            return 0;
        }

        @Override
        public long read(Request request, long nodeid, long fh, long offset, int flags, IoVector to) {
            if (nodeid <= ROOT || nodeid > words.size() + ROOT) {
                return -Errno.ENOENT;
            }
            return to.copyFrom(MemorySegment.ofArray(content(nodeid)), offset);
        }

        private byte[] content(long nodeid) {
            return (words.get((int) nodeid - 2) + "\n").getBytes(UTF_8);
        }
    }
}
