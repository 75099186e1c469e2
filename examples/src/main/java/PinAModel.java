import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystems;
import java.nio.file.Path;

/**
 * Uses a file of a share as memory, which stays in the share's window until the arena is closed: {@code PinAModel
 * SOCKET
 * PATH}. Reading it is a load of the processor and no request; nothing of it is copied if the server runs with {@code
 * --dax=direct}.
 */
void main(String[] arguments) throws Exception {
    try (var share = FileSystems.newFileSystem(Path.of(arguments[0]));
            var file = FileChannel.open(share.getPath(arguments[1]));
            var pinned = Arena.ofConfined()) {
        MemorySegment model = file.map(FileChannel.MapMode.READ_ONLY, 0, file.size(), pinned);
        var float32 = ValueLayout.JAVA_FLOAT_UNALIGNED;
        double sum = 0;
        for (long i = 0; i < model.byteSize() / 4; i++) {
            sum += model.getAtIndex(float32, i);
        }
        IO.println("%d weights, mean %.6f".formatted(model.byteSize() / 4, sum / (model.byteSize() / 4)));
    }
}
