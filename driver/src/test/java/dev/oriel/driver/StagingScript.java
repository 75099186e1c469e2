package dev.oriel.driver;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import dev.oriel.linux.FileCalls;
import dev.oriel.linux.OpenFlags;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/** A device that shows copies of files, each place of the window one of its own. */
final class StagingScript extends DaxScript {
    private static final long COPIES = 1_000;

    StagingScript(Path socket, long window, Path folder) throws IOException {
        super(socket, window, folder);
    }

    @Override
    long map(int fd, long fileOffset, long offset, long length, boolean writable) throws IOException {
        try (FileChannel from = FileChannel.open(Path.of("/proc/self/fd/" + fd), READ);
                FileChannel to = FileChannel.open(file(COPIES), CREATE, READ, WRITE)) {
            from.transferTo(fileOffset, length, to.position(offset));
        }
        int copies = open(COPIES, OpenFlags.O_RDWR);
        long answer = super.map(copies, offset, offset, length, writable);
        FileCalls.close(copies);
        return answer;
    }
}
