/**
 * Layers: each is a {@link dev.oriel.filesystem.FileSystem} before another one, of any kind, and changes what a client
 * sees of it.
 *
 * <pre>
 *   client - TranslatedIds - MappedXattrs - OverrideStat - a file system
 * </pre>
 *
 * <ul>
 *   <li>{@link dev.oriel.filesystem.layer.TranslatedIds}: user and group ids, by the rules of {@link
 *       dev.oriel.filesystem.layer.IdTranslation};
 *   <li>{@link dev.oriel.filesystem.layer.MappedXattrs}: names of extended attributes, by the rules of {@link
 *       dev.oriel.filesystem.layer.XattrMap};
 *   <li>{@link dev.oriel.filesystem.layer.OverrideStat}: owner, mode and device number, which it keeps in an extended
 *       attribute;
 *   <li>{@link dev.oriel.filesystem.layer.CachedView}, {@link dev.oriel.filesystem.layer.ReadOnlyView}, {@link
 *       dev.oriel.filesystem.layer.WithoutXattrs}: what a client may keep, whether it may change something, and whether
 *       there are extended attributes, for file systems that have no rules of their own for that. They stand behind
 *       those above.
 * </ul>
 *
 * <p>That is their order where several are used: ids that {@code OverrideStat} writes down are translated ones, and its
 * own attribute keeps its name. A layer needs the interface alone, knows no other layer, and allocates nothing for a
 * request that only asks.
 */
package dev.oriel.filesystem.layer;
