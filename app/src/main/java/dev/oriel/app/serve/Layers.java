package dev.oriel.app.serve;

import dev.oriel.filesystem.FileSystem;
import dev.oriel.filesystem.layer.IdTranslation;
import dev.oriel.filesystem.layer.MappedXattrs;
import dev.oriel.filesystem.layer.OverrideStat;
import dev.oriel.filesystem.layer.TranslatedIds;
import dev.oriel.filesystem.layer.XattrMap;
import org.jspecify.annotations.Nullable;

/**
 * What stands between guests and the shared directory.
 *
 * @param xattrMap null: names are the same on both sides
 * @param overrideStat whether owners, modes and device numbers are kept in an extended attribute
 */
record Layers(
        IdTranslation users, IdTranslation groups, @Nullable XattrMap xattrMap, boolean overrideStat) {

    /** Whether the file system behind must have extended attributes. */
    boolean needXattr() {
        return xattrMap != null || overrideStat;
    }

    /** The file system as guests see it; it closes {@code behind} when it is closed. */
    FileSystem before(FileSystem behind) {
        FileSystem seen = behind;
        if (overrideStat) {
            seen = new OverrideStat(seen);
        }
        if (xattrMap != null) {
            seen = new MappedXattrs(seen, xattrMap);
        }
        if (!users.isEmpty() || !groups.isEmpty()) {
            seen = new TranslatedIds(seen, users, groups);
        }
        return seen;
    }
}
