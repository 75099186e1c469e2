/**
 * A host directory, served with Linux's semantics.
 *
 * <pre>
 *   LocalFileSystem            opens the directory, begins sessions
 *     LocalSession             one client; hands each operation to the part that knows it
 *       Names, OpenFiles, FileData, Directories, NodeAttributes, Xattrs, Locks, InodeFlagIoctls
 *         SessionState         what they have in common
 *           NodeLookup         names to nodeids           LastNames        what must outlive its last name
 *           Nodes              nodeids to descriptors     DescriptorCache  what is open of them
 *             InodeTable       what the client knows; an LocalInode is what is kept of each
 *             MountTable       where it lies
 *           HandleTable        what the client has open   PosixLocks       what it has locked
 *     CallerIdentity           whose ids a thread has while it makes something
 * </pre>
 *
 * <p>A request that the client repeats most (LOOKUP of a known name, GETATTR, READ, WRITE) is one system call, takes no
 * lock that another queue could hold, and allocates nothing.
 */
package dev.oriel.filesystem.local;
