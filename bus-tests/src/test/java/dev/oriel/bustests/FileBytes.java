package dev.oriel.bustests;

import dev.oriel.driver.DaxDevice;
import dev.oriel.driver.FuseClient;
import dev.oriel.driver.OpenFile;
import dev.oriel.linux.OpenFlags;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/** The bytes of files: through the window where there is one, and by request where there is none. */
final class FileBytes {
    private final FuseClient client;

    FileBytes(FuseClient client) {
        this.client = client;
    }

    byte[] read(long node, long position, int length) throws IOException {
        byte[] bytes = new byte[length];
        if (client.dax().isPresent()) {
            DaxDevice dax = client.dax().get();
            dax.copyOut(node, position, MemorySegment.ofArray(bytes));
        } else {
            OpenFile file = client.files().open(node, OpenFlags.O_RDONLY);
            client.files().read(file, position, MemorySegment.ofArray(bytes));
            client.files().release(file);
        }
        return bytes;
    }

    /** Writes inside of the file. It reaches the host at {@link #sync} at the latest. */
    void write(long node, long position, byte[] bytes) throws IOException {
        if (client.dax().isPresent()) {
            client.dax().get().copyIn(node, position, MemorySegment.ofArray(bytes));
        } else {
            OpenFile file = client.files().open(node, OpenFlags.O_RDWR);
            client.files().write(file, position, MemorySegment.ofArray(bytes));
            client.files().release(file);
        }
    }

    void sync(long node) throws IOException {
        OpenFile file = client.files().open(node, OpenFlags.O_RDWR);
        client.files().fsync(file, false);
        client.files().release(file);
    }
}
