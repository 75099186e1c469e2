package dev.oriel.filesystem.path;

import dev.oriel.filesystem.Attributes;
import dev.oriel.filesystem.ThrownErrno;
import dev.oriel.filesystem.node.Handle;
import dev.oriel.linux.OpenFlags;

/** A file that a client has open. */
final class OpenContent extends Handle {
    final PathNode node;
    final FileContent content;
    final boolean isWritable;

    /** What it was when it was opened: what is told of it when its name is gone. */
    final Attributes attributes = new Attributes();

    /** @param flags {@code O_*} */
    OpenContent(long nodeid, PathNode node, FileContent content, int flags) {
        super(nodeid);
        this.node = node;
        this.content = content;
        isWritable = (flags & OpenFlags.O_ACCMODE) != OpenFlags.O_RDONLY;
    }

    @Override
    protected void dispose() {
        try {
            int _ = content.close(); // FLUSH has told what there was to tell
        } catch (Throwable thrown) {
            int _ = ThrownErrno.of(thrown);
        }
    }
}
