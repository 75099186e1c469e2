package dev.oriel.device.dax;

import dev.oriel.linux.FileCalls;
import dev.oriel.linux.IoVector;
import dev.oriel.linux.MemoryCalls;

/**
 * Writes into a file without making it longer, whoever makes it shorter meanwhile: nothing can be stored behind the end
 * of a mapped file.
 */
final class FilePages {
    private FilePages() {}

    /**
     * Copies bytes into a file, as far as it has them. Only the kernel touches the mapping: where the file has ended it
     * answers an error.
     *
     * @param fd of a file on a local file system, open for reading and writing
     * @param sourceFd what to copy from
     * @param vector for one piece
     * @return bytes; {@code -EFAULT} if the first cannot be stored, because the file has ended or its disk is full; or
     *     another errno
     */
    static long overwrite(int fd, long offset, int sourceFd, long sourceOffset, long length, IoVector vector) {
        long before = offset & MemoryCalls.pageSize() - 1;
        long size = before + length;
        long address = MemoryCalls.mmap(
                0, size, MemoryCalls.PROT_READ | MemoryCalls.PROT_WRITE, MemoryCalls.MAP_SHARED, fd, offset - before);
        if (address < 0) {
            return address;
        }
        try {
            vector.clear();
            vector.add(address + before, length);
            return FileCalls.preadv2(sourceFd, vector.address(), vector.count(), sourceOffset, 0);
        } finally {
            MemoryCalls.munmap(address, size);
        }
    }
}
