/**
 * Folders of SFTP servers as shares. A plug-in: nothing of Oriel calls it, {@link java.util.ServiceLoader} finds {@link
 * dev.oriel.sftp.SftpShares}. It calls {@code filesystem} only.
 *
 * <pre>
 *   SftpShares       opens one: whom to trust, whom to be
 *   RenamingProvider MINA's provider of java.nio.file, with a rename that replaces in one step
 * </pre>
 */
@org.jspecify.annotations.NullMarked
package dev.oriel.sftp;
