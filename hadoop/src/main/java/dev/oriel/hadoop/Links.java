package dev.oriel.hadoop;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.hdfs.DistributedFileSystem;

/**
 * Symbolic links, which HDFS has where they are enabled. Hadoop makes their targets absolute as it tells them; the
 * client of HDFS tells them as they were made.
 */
final class Links {
    private Links() {}

    /** The target in bytes, as far as a status tells it. */
    static byte[] target(FileStatus status) {
        try {
            return status.getSymlink().toUri().getPath().getBytes(StandardCharsets.UTF_8);
        } catch (IOException none) {
            return new byte[0];
        }
    }

    /** The target as it was made. */
    static byte[] target(FileSystem files, Path link) throws IOException {
        if (files instanceof DistributedFileSystem hdfs) {
            String target = hdfs.getClient().getLinkTarget(link.toUri().getPath());
            return new Path(target).toUri().getPath().getBytes(StandardCharsets.UTF_8);
        }
        return target(files.getFileLinkStatus(link));
    }
}
