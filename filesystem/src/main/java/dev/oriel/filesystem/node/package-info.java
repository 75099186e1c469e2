/**
 * What every file system needs to remember of a client, for file systems to use: nodes with their lookup counts,
 * handles, the entries of open directories, and budgets of these.
 *
 * <pre>
 *   InodeTable        nodeids, by key and lookup count    InodeTableForm      how it is saved
 *     InodeBuckets    hash chains over                    InodeKind           what a record has in common with others
 *     InodeRecords    the memory of records               Aside              what does not fit into one
 *   HandleTable      open files and directories          Handle             one, and who uses it
 *   DirectoryListing offsets for directories that have none
 *   Budget           what all sessions have together     Allowance          what one session has of it
 * </pre>
 *
 * <p>Each table has a form in which it is saved and restored: plain, big-endian, with a version, and nothing in it is
 * believed. This package calls nothing of {@code dev.oriel.filesystem.local}.
 */
@org.jspecify.annotations.NullMarked
package dev.oriel.filesystem.node;
