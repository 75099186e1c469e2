package dev.oriel.guests;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.OutputStream;

/**
 * Writes an archive that Linux unpacks into its first root file system: cpio in the "newc" format
 * (Linux, Documentation/driver-api/early-userspace/buffer-format.rst).
 *
 * <pre>
 * "070701" | 13 fields of 8 hexadecimal digits | name NUL | zeros to 4 bytes | content | zeros to 4 bytes
 * </pre>
 *
 * Everything in it belongs to root. Not compressed: an emulated guest is quicker so.
 */
final class Initramfs {
    private static final int FOLDER = 0040755;
    private static final int PROGRAM = 0100755;
    private static final int HEADER_BYTES = 110;
    private static final byte[] ZEROS = new byte[4];

    private final OutputStream out;
    private int entries;

    Initramfs(OutputStream out) {
        this.out = out;
    }

    /** Adds a folder; its parent comes before it. */
    void folder(String name) throws IOException {
        entry(name, FOLDER, new byte[0]);
    }

    /** Adds a file that may be run; its folder comes before it. */
    void file(String name, byte[] content) throws IOException {
        entry(name, PROGRAM, content);
    }

    /** Ends the archive; the stream stays open. */
    void end() throws IOException {
        entry("TRAILER!!!", 0, new byte[0]);
    }

    private void entry(String name, int mode, byte[] content) throws IOException {
        byte[] nameBytes = name.getBytes(UTF_8);
        entries++;
        // inode, mode, uid, gid, links, mtime, size, device (2), special device (2), length of the name with NUL,
        // checksum
        int[] fields = {entries, mode, 0, 0, 1, 0, content.length, 0, 0, 0, 0, nameBytes.length + 1, 0};
        StringBuilder header = new StringBuilder(HEADER_BYTES).append("070701");
        for (int field : fields) {
            header.append("%08x".formatted(field));
        }
        out.write(header.toString().getBytes(US_ASCII));
        out.write(nameBytes);
        out.write(0);
        pad(HEADER_BYTES + nameBytes.length + 1);
        out.write(content);
        pad(content.length);
    }

    private void pad(int length) throws IOException {
        out.write(ZEROS, 0, -length & 3);
    }
}
