package dev.oriel.filesystem.path;

import dev.oriel.filesystem.DirectoryEntries;
import dev.oriel.filesystem.Entry;
import dev.oriel.filesystem.Opened;
import dev.oriel.filesystem.node.DirectoryListing;
import dev.oriel.linux.Errno;
import dev.oriel.linux.FileMode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** OPENDIR, READDIR, READDIRPLUS, RELEASEDIR. */
final class PathDirectories {
    private static final byte[] SELF = {'.'};
    private static final byte[] PARENT = {'.', '.'};
    private static final int DT_DIR = FileMode.S_IFDIR >> 12;

    /** FUSE_UNKNOWN_INO: a number for what was not looked at. */
    private static final long UNKNOWN = 0xffff_ffffL;

    private final PathClient client;

    PathDirectories(PathClient client) {
        this.client = client;
    }

    int open(long nodeid, Opened out) throws IOException {
        PathNode node = client.node(nodeid);
        if (node.type != FileMode.S_IFDIR) {
            return -Errno.ENOTDIR;
        }
        if (!client.handles.reserve()) {
            return -Errno.ENFILE;
        }
        OpenListing listing = new OpenListing(nodeid, client.memory);
        client.handles.add(listing);
        out.fh = listing.number();
        out.openFlags = client.share.options.cache().directoryOpenFlags();
        return 0;
    }

    int read(long nodeid, long fh, long offset, boolean plus, DirectoryEntries entries) throws IOException {
        OpenListing open = client.handles.enter(fh, nodeid, OpenListing.class);
        if (open == null) {
            return -Errno.EBADF;
        }
        open.lock.lock();
        try {
            PathNode node = client.node(nodeid);
            if (offset == 0 || !open.isRead()) {
                int result = list(node, open);
                if (result != 0) {
                    return result;
                }
            }
            return plus ? deliverPlus(node, open.entries, offset, entries) : open.entries.deliver(offset, entries);
        } finally {
            open.lock.unlock();
            open.leave();
        }
    }

    private int list(PathNode node, OpenListing open) throws IOException {
        Path path = client.resolver.ofDirectory(node);
        open.clear();
        PathNode parent = node.parent();
        open.entries.add(SELF, node.ino, DT_DIR);
        open.entries.add(PARENT, parent == null ? node.ino : parent.ino, DT_DIR);
        try (DirectoryStream<Path> found = Files.newDirectoryStream(path)) {
            for (Path child : found) {
                Path last = child.getFileName();
                byte[] name = last == null ? null : PathResolver.bytes(last.toString());
                if (name == null) {
                    continue;
                }
                PathNode known = client.nodes.peek(node, new String(name, StandardCharsets.UTF_8));
                open.entries.add(name, known == null ? UNKNOWN : known.ino, known == null ? 0 : known.type >> 12);
                if (!open.hasRoom()) {
                    open.clear();
                    return -Errno.ENOMEM;
                }
            }
        }
        open.complete();
        return 0;
    }

    private int deliverPlus(PathNode node, DirectoryListing listing, long offset, DirectoryEntries entries) {
        if (offset < 0 || offset > listing.size()) {
            return -Errno.EINVAL;
        }
        for (int i = (int) offset; i < listing.size(); i++) {
            byte[] name = listing.name(i);
            if (!entries.fits(name.length)) {
                break;
            }
            Entry entry = i < 2 ? null : look(node, name, entries);
            boolean added = entry == null
                    ? entries.add(listing.ino(i), i + 1L, listing.type(i), name)
                    : entries.add(entry, i + 1L, name);
            if (!added) {
                if (entry != null) {
                    client.nodes.forget(entry.nodeid, 1);
                }
                break;
            }
        }
        return 0;
    }

    /** Looks an entry up; null for one that is gone or cannot be: the client looks it up itself if it wants it. */
    private @Nullable Entry look(PathNode node, byte[] name, DirectoryEntries entries) {
        try {
            String text = new String(name, StandardCharsets.UTF_8);
            Entry entry = entries.entry();
            return client.enter(node, text, client.resolver.of(node, text), entry) == 0 ? entry : null;
        } catch (Throwable thrown) {
            return null;
        }
    }

    int release(long nodeid, long fh) {
        return client.handles.release(fh, nodeid) ? 0 : -Errno.EBADF;
    }
}
