/**
 * Hadoop file systems as shares: HDFS, and all else that has Hadoop's interface. A plug-in: nothing of Oriel calls it,
 * {@link java.util.ServiceLoader} finds {@link dev.oriel.hadoop.HadoopShares}. It calls {@code linux}, {@code fuse} and
 * {@code filesystem}.
 *
 * <pre>
 *   HadoopShares          opens one             HadoopFileSystem   what is served
 *   HadoopSession         a client of it        HadoopState        what that client was given
 *     NameOperations      finds, makes, moves and removes names
 *     AttributeOperations
 *     DataOperations      what is done with bytes
 *   HadoopNodes           nodes, by inode or by name; HadoopNode, one
 *   HadoopFiles           files that are open, of all clients; HadoopFile, one: streams and stages what is written
 *     PendingTimes        times that are set when a stream has ended
 *     HadoopStore         the file in the cluster, as it is staged; ReadAhead, in large blocks
 *   OpenHadoopDirectory   a directory that is open; DirectoryReader, as far as it is read
 *   Cluster               the folder that is shared, and what Hadoop's interface does not have
 *     ObjectStore         where that keeps whole objects, as S3
 *     Replacements, Owners, Links, Modes, HadoopErrno: from Hadoop's terms into those of Linux
 * </pre>
 */
@org.jspecify.annotations.NullMarked
package dev.oriel.hadoop;
