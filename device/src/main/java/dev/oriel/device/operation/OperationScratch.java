package dev.oriel.device.operation;

import dev.oriel.filesystem.AttributeChange;
import dev.oriel.filesystem.Attributes;
import dev.oriel.filesystem.Entry;
import dev.oriel.filesystem.FileLock;
import dev.oriel.filesystem.Name;
import dev.oriel.filesystem.Opened;
import dev.oriel.filesystem.Status;
import java.lang.foreign.Arena;

/**
 * What the operations of one thread share: room for the names of a request, the values that a file system is given and
 * fills, and the encoder of replies. A value is cleared as it is taken.
 */
final class OperationScratch {
    /** {@code NAME_MAX} bytes and a NUL. */
    private static final int NAME_SIZE = 256;

    /** {@code PATH_MAX}, with the NUL. */
    static final int TARGET_SIZE = 4096;

    final Name name = new Name(Arena.ofAuto().allocate(NAME_SIZE));
    final Name newName = new Name(Arena.ofAuto().allocate(NAME_SIZE));
    final Name target = new Name(Arena.ofAuto().allocate(TARGET_SIZE));
    final RequestExtensions extensions = new RequestExtensions();
    final ReplyEncoder encoder;

    /** Filled anew from each request. */
    final AttributeChange change = new AttributeChange();

    /** Filled anew from each request. */
    final FileLock lock = new FileLock();

    private final Entry entry = new Entry();
    private final Attributes attributes = new Attributes();
    private final Opened opened = new Opened();
    private final Status status = new Status();
    private final FileLock conflict = new FileLock();

    OperationScratch(Reply reply) {
        encoder = new ReplyEncoder(reply);
    }

    Entry entry() {
        entry.clear();
        return entry;
    }

    Attributes attributes() {
        attributes.clear();
        return attributes;
    }

    Opened opened() {
        opened.clear();
        return opened;
    }

    Status status() {
        status.clear();
        return status;
    }

    /** The lock that stands in the way of another. */
    FileLock conflict() {
        conflict.clear();
        return conflict;
    }
}
