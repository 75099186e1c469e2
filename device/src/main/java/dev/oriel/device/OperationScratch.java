package dev.oriel.device;

import dev.oriel.filesystem.Name;
import dev.oriel.fuse.FuseEntryOut;
import dev.oriel.fuse.FuseOpenOut;
import java.lang.foreign.Arena;

/** What the operations of one thread share: room for the names of a request, and the structures of several replies. */
final class OperationScratch {
    /** {@code NAME_MAX} bytes and a NUL. */
    private static final int NAME_SIZE = 256;

    /** {@code PATH_MAX}, with the NUL. */
    static final int TARGET_SIZE = 4096;

    final Name name = new Name(Arena.ofAuto().allocate(NAME_SIZE));
    final Name newName = new Name(Arena.ofAuto().allocate(NAME_SIZE));
    final Name target = new Name(Arena.ofAuto().allocate(TARGET_SIZE));
    final RequestExtensions extensions = new RequestExtensions();
    final FuseEntryOut entry = new FuseEntryOut();
    final FuseOpenOut open = new FuseOpenOut();
}
