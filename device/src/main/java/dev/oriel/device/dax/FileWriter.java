package dev.oriel.device.dax;

import dev.oriel.filesystem.AttributeChange;
import dev.oriel.filesystem.Attributes;
import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.fuse.FuseFlags;
import dev.oriel.linux.Errno;
import dev.oriel.linux.IoVector;
import dev.oriel.virtio.memory.RegionMemory;

/** Writes what the client stored into its files, and never makes them longer. Not for several threads. */
final class FileWriter {
    private final IoVector vector = new IoVector(1);
    private final Attributes attributes = new Attributes();
    private final AttributeChange now = new AttributeChange();

    FileWriter() {
        now.valid = FuseFlags.FATTR_FH | FuseFlags.FATTR_MTIME | FuseFlags.FATTR_MTIME_NOW;
    }

    /**
     * Writes bytes of memory into a file, as far as the file has them: somebody of the host may cut it short meanwhile,
     * and what was there is gone then.
     *
     * @return 0 or an errno
     */
    int write(FileSystemSession session, DaxFile file, long offset, RegionMemory from, long at, long length) {
        long done = 0;
        while (done < length) {
            long rest = length - done;
            long count = -Errno.EOPNOTSUPP;
            if (file.mappable != DaxFile.NO_DESCRIPTOR) {
                count = FilePages.overwrite(file.mappable, offset + done, from.fd(), at + done, rest, vector);
                if (count == -Errno.EFAULT && endsBefore(session, file, offset + done)) {
                    return 0;
                }
            }
            if (count <= 0) {
                // a file without pages of its own; or whoever asks in this way is told what is wrong
                count = byRequest(session, file, offset + done, from.segment().address() + at + done, rest);
            }
            if (count <= 0) {
                return count < 0 ? (int) count : -Errno.EIO;
            }
            done += count;
        }
        return 0;
    }

    private boolean endsBefore(FileSystemSession session, DaxFile file, long offset) {
        attributes.clear();
        return session.getattr(InternalRequest.INSTANCE, file.nodeid, file.fh, attributes) == 0
                && attributes.size <= offset;
    }

    private long byRequest(FileSystemSession session, DaxFile file, long offset, long address, long length) {
        vector.clear();
        vector.add(address, length);
        return session.write(InternalRequest.INSTANCE, file.nodeid, file.fh, offset, 0, FuseFlags.WRITE_CACHE, vector);
    }

    /** Sets the times that a write sets: a store into a mapping does so on some file systems only. */
    void written(FileSystemSession session, DaxFile file) {
        if (file.mappable != DaxFile.NO_DESCRIPTOR) {
            now.fh = file.fh;
            attributes.clear();
            int _ = session.setattr(InternalRequest.INSTANCE, file.nodeid, now, attributes);
        }
    }
}
