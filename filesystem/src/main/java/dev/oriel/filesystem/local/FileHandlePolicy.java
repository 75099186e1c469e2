package dev.oriel.filesystem.local;

/**
 * Whether inodes are remembered by file handle (name_to_handle_at(2)), in the terms of virtiofsd's {@code
 * --inode-file-handles}. A handle finds its file again wherever it was moved, and needs CAP_DAC_READ_SEARCH. Without
 * one an inode is remembered by its directory and name as last looked up, which another process on the host can change:
 * the client is then told ESTALE and looks the name up again.
 */
public enum FileHandlePolicy {
    /** By directory and name. */
    NEVER,

    /** By handle where the file system has handles and the process has the privilege. */
    PREFER,

    /** By handle; what has none cannot be looked up. */
    MANDATORY
}
