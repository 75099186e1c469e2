package dev.oriel.filesystem.local;

import dev.oriel.filesystem.Request;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Who asks once more for a directory that the host has removed.
 *
 * <p>Such a question has two reasons that cannot be told apart when it is asked first. The client remembers a name that
 * leads elsewhere by now, or nowhere: answered ESTALE, Linux looks the name up again, and does not come back. Or a
 * program works in the directory, or has it open: then Linux has nothing to look up and the same thread asks for the
 * same directory again. It gets what a local disk has there: nothing.
 */
final class RemovedDirectories {
    private static final int PLACES = 64;

    /** Who was answered ESTALE last, one in each place: one who is pushed out is answered so again. */
    private final AtomicLongArray asked = new AtomicLongArray(PLACES);

    /** Remembers a question; answers whether it was asked before. */
    boolean asksAgain(Request request, long nodeid) {
        long hash = (nodeid * 31 + request.pid()) * 0x9e37_79b9_7f4a_7c15L;
        long asker = hash == 0 ? 1 : hash;
        return asked.getAndSet((int) (asker >>> 58), asker) == asker;
    }
}
