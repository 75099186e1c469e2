package dev.oriel.filesystem.layer;

import dev.oriel.filesystem.Entry;
import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.filesystem.Name;
import dev.oriel.filesystem.Opened;
import dev.oriel.filesystem.Request;

/**
 * A file that a layer has had made for a client and cannot complete: it is taken back before the client hears of it.
 */
final class NewFile {
    private NewFile() {}

    /** Takes back what has a name. */
    static void remove(
            FileSystemSession session, Request request, long parent, Name name, boolean directory, Entry entry) {
        if (directory) {
            session.rmdir(request, parent, name);
        } else {
            session.unlink(request, parent, name);
        }
        session.forget(entry.nodeid, 1);
    }

    /** Takes back what is open. Before {@link #remove}, if it has a name. */
    static void close(FileSystemSession session, Request request, Entry entry, Opened opened, int flags) {
        session.release(request, entry.nodeid, opened.fh, flags, 0, 0);
    }
}
