/**
 * Files of a store that cannot be written at random: what a client writes is staged here, in chunks, and written back
 * to the store as a whole. For file systems to use; a file system gives a {@link
 * dev.oriel.filesystem.staging.StagedStore} for each file.
 *
 * <pre>
 *   Staging        what a server has: memory or a file for chunks, and its bound
 *     StagingArea  that file, in places of one chunk
 *   StagedFile     one file of the store: which chunks are here, and which of them are changed
 *     StagedOpen   one open of it: who is told that a write-back failed
 *     StagedStore  what the file system does for it;  StagedBytes: what it is given to write
 * </pre>
 *
 * <p>This package calls {@code dev.oriel.filesystem} and {@code dev.oriel.linux} only. No lock is held over more than
 * one file while a store is asked.
 */
@org.jspecify.annotations.NullMarked
package dev.oriel.filesystem.staging;
