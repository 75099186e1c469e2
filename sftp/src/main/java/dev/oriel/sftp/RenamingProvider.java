package dev.oriel.sftp;

import java.io.IOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.CopyOption;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import org.apache.sshd.client.SshClient;
import org.apache.sshd.sftp.client.SftpClient;
import org.apache.sshd.sftp.client.SftpVersionSelector;
import org.apache.sshd.sftp.client.extensions.openssh.OpenSSHPosixRenameExtension;
import org.apache.sshd.sftp.client.fs.SftpFileSystemProvider;
import org.apache.sshd.sftp.client.fs.SftpPath;
import org.apache.sshd.sftp.common.SftpConstants;
import org.apache.sshd.sftp.common.SftpException;

/**
 * SFTP as a provider of java.nio.file. A move that is asked to be atomic replaces what is there, by {@code
 * posix-rename@openssh.com}, which nearly all servers have.
 */
final class RenamingProvider extends SftpFileSystemProvider {

    /** @param client whom to trust, and whom to be */
    RenamingProvider(SshClient client) {
        super(client, SftpVersionSelector.MINIMUM);
    }

    @Override
    public void move(Path source, Path target, CopyOption... options) throws IOException {
        if (!Arrays.asList(options).contains(StandardCopyOption.ATOMIC_MOVE)) {
            super.move(source, target, options);
            return;
        }
        SftpPath from = toSftpPath(source);
        SftpPath to = toSftpPath(target);
        try (SftpClient client = from.getFileSystem().getClient()) {
            OpenSSHPosixRenameExtension rename = client.getExtension(OpenSSHPosixRenameExtension.class);
            if (rename == null || !rename.isSupported()) {
                throw new AtomicMoveNotSupportedException(
                        from.toString(), to.toString(), "the server has no posix-rename@openssh.com");
            }
            rename.posixRename(from.toString(), to.toString());
        } catch (SftpException refused) {
            if (refused.getStatus() == SftpConstants.SSH_FX_NO_SUCH_FILE) {
                throw new NoSuchFileException(from.toString(), to.toString(), refused.getMessage());
            }
            throw new FileSystemException(from.toString(), to.toString(), refused.getMessage());
        }
    }
}
