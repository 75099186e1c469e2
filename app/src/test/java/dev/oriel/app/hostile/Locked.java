package dev.oriel.app.hostile;

import dev.oriel.fuse.FuseOpcode;
import java.nio.ByteBuffer;
import java.nio.file.Files;

/** A file that a guest has open, and whose first byte it has locked as owner 1: who asks as another owner waits. */
record Locked(RawGuest guest, long node, long handle) {
    static Locked by(RawGuest guest, AttackedServer share, String name) throws Exception {
        Files.createFile(share.folder().resolve(name));
        long node = guest.node(name);
        Locked locked = new Locked(guest, node, guest.open(node));
        ByteBuffer _ = guest.done(locked.lock(FuseOpcode.SETLK, 1, 0));
        return locked;
    }

    /** Asks for one byte. */
    ByteBuffer lock(int opcode, int owner, long at) {
        return guest.lock(opcode, node, handle, owner, at, at);
    }

    /** Asks for what is locked, and waits. */
    ByteBuffer await(int owner) {
        return lock(FuseOpcode.SETLKW, owner, 0);
    }
}
