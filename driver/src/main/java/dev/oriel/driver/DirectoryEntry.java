package dev.oriel.driver;

import org.jspecify.annotations.Nullable;

/**
 * An entry of a directory.
 *
 * @param name as the device has it; any bytes but NUL and "/"
 * @param offset where reading goes on behind it
 * @param type file type, {@code mode >>> 12}; 0 if the device does not say
 * @param entry of READDIRPLUS: the node, known once more; null where the device gave none, as for "." and ".."
 */
public record DirectoryEntry(
        byte[] name,
        long ino,
        long offset,
        int type,
        @Nullable Entry entry) {}
