/**
 * Any file system of java.nio.file, as what is served: an archive, one in memory, one on another machine.
 *
 * <pre>
 *   PathFileSystem     what is served             PathOptions     how
 *     PathShare        what its sessions have together
 *     PathSession      one client: each operation is handed to the part that knows it
 *       PathClient     what these parts have together
 *       PathNames      lookup, make, remove, rename
 *       PathDirectories  list                     OpenListing     an open directory
 *       PathFiles      open, read, write          OpenContent     an open file
 *       PathAttributes get and set                PathXattrs      extended attributes
 *     PathNodes        what the client knows: PathNode, with its names, PathLink
 *     PathResolver     from a node to a path that leads through no link
 *     PathViews        attributes by the views that the provider has: PathStat
 *     FileContent      bytes: ChannelContent, or StagedContent of the files in StagedPaths, each with its StreamStore
 * </pre>
 *
 * <p>This package calls {@code dev.oriel.filesystem}, its {@code node} and {@code staging}, {@code dev.oriel.linux} and
 * constants of {@code dev.oriel.fuse}. A provider may wait for anything: all its calls are made where a request may
 * block. It may throw anything: each becomes an errno in {@link dev.oriel.filesystem.path.PathSession}.
 */
@org.jspecify.annotations.NullMarked
package dev.oriel.filesystem.path;
