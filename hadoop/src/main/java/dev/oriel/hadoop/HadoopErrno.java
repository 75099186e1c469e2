package dev.oriel.hadoop;

import dev.oriel.filesystem.ThrownErrno;
import dev.oriel.linux.Errno;
import java.util.Locale;
import java.util.Map;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.ParentNotDirectoryException;
import org.apache.hadoop.fs.PathIsNotEmptyDirectoryException;
import org.apache.hadoop.hdfs.protocol.AlreadyBeingCreatedException;
import org.apache.hadoop.hdfs.protocol.QuotaExceededException;
import org.apache.hadoop.hdfs.protocol.SnapshotAccessControlException;
import org.apache.hadoop.hdfs.protocol.XAttrNotFoundException;
import org.apache.hadoop.ipc.RemoteException;
import org.apache.hadoop.security.AccessControlException;
import org.jspecify.annotations.Nullable;

/** The errno for what Hadoop throws. Any thread. */
final class HadoopErrno {
    private static final int MOST_CAUSES = 8;

    private static final Map<Class<?>, Integer> CLASSES = Map.of(
            AccessControlException.class, Errno.EACCES,
            SnapshotAccessControlException.class, Errno.EROFS,
            FileAlreadyExistsException.class, Errno.EEXIST,
            ParentNotDirectoryException.class, Errno.ENOTDIR,
            PathIsNotEmptyDirectoryException.class, Errno.ENOTEMPTY,
            QuotaExceededException.class, Errno.EDQUOT,
            AlreadyBeingCreatedException.class, Errno.EBUSY,
            XAttrNotFoundException.class, Errno.ENODATA);

    /** Exceptions of name nodes that this side has no class for, by what their names end with. */
    private static final Map<String, Integer> REMOTE = Map.ofEntries(
            Map.entry("PathComponentTooLongException", Errno.ENAMETOOLONG),
            Map.entry("MaxDirectoryItemsExceededException", Errno.ENOSPC),
            Map.entry("NSQuotaExceededException", Errno.EDQUOT),
            Map.entry("DSQuotaExceededException", Errno.EDQUOT),
            Map.entry("QuotaByStorageTypeExceededException", Errno.EDQUOT),
            Map.entry("AlreadyBeingCreatedException", Errno.EBUSY),
            Map.entry("RecoveryInProgressException", Errno.EBUSY),
            Map.entry("SafeModeException", Errno.EROFS),
            Map.entry("SnapshotException", Errno.EBUSY),
            Map.entry("InvalidPathException", Errno.EINVAL),
            Map.entry("IllegalArgumentException", Errno.EINVAL),
            Map.entry("HadoopIllegalArgumentException", Errno.EINVAL),
            Map.entry("UnsupportedOperationException", Errno.EOPNOTSUPP),
            Map.entry("FileNotFoundException", Errno.ENOENT),
            Map.entry("RemoteFileChangedException", Errno.ESTALE),
            Map.entry("AccessControlException", Errno.EACCES));

    /** What name nodes say in a plain IOException. */
    private static final Map<String, Integer> TEXTS = Map.ofEntries(
            Map.entry("destination directory is not empty", Errno.ENOTEMPTY),
            Map.entry("is a directory or file under source", Errno.EINVAL),
            Map.entry("attributes provided was not found", Errno.ENODATA),
            Map.entry("no matching attributes found", Errno.ENODATA),
            Map.entry("does not exist. the create flag", Errno.ENODATA),
            Map.entry("already exists. the replace flag", Errno.EEXIST),
            Map.entry("the xattr is too big", Errno.E2BIG),
            Map.entry("max limit of xattrs", Errno.ENOSPC),
            Map.entry("symlinks not supported", Errno.EPERM),
            Map.entry("support for acls has been disabled", Errno.EOPNOTSUPP),
            Map.entry("invalid acl", Errno.EINVAL),
            Map.entry("is not a directory", Errno.ENOTDIR),
            Map.entry("could only be written to 0 of the", Errno.ENOSPC));

    private HadoopErrno() {}

    /**
     * What to answer.
     *
     * @return {@code -errno}
     */
    static int of(Throwable thrown) {
        Throwable cause = thrown;
        for (int i = 0; i < MOST_CAUSES && cause != null; i++) {
            int known = ofOne(cause);
            if (known != 0) {
                return -known;
            }
            cause = cause.getCause();
        }
        return thrown instanceof IllegalArgumentException ? -Errno.EINVAL : ThrownErrno.of(thrown);
    }

    private static int ofOne(Throwable thrown) {
        for (@Nullable Class<?> type = thrown.getClass(); type != null; type = type.getSuperclass()) {
            Integer errno = CLASSES.get(type);
            if (errno != null) {
                return errno;
            }
        }
        if (thrown instanceof RemoteException remote) {
            String name = String.valueOf(remote.getClassName());
            Integer errno = REMOTE.get(name.substring(name.lastIndexOf('.') + 1).replaceFirst(".*\\$", ""));
            if (errno != null) {
                return errno;
            }
        }
        Integer errno = REMOTE.get(thrown.getClass().getSimpleName());
        if (errno != null) {
            return errno;
        }
        // EDQUOT in the middle of a write comes as an exception that suppresses itself
        String said = String.valueOf(thrown.getMessage()).toLowerCase(Locale.ROOT);
        for (Map.Entry<String, Integer> text : TEXTS.entrySet()) {
            if (said.contains(text.getKey())) {
                return text.getValue();
            }
        }
        return 0;
    }
}
