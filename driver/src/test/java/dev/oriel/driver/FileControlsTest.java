package dev.oriel.driver;

import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.fuse.FuseOpcode;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Operations that hardly a device knows, on one that does. */
class FileControlsTest {
    @TempDir
    private Path folder;

    @Test
    void pollAndBmapTellWhatTheDeviceSays() throws Exception {
        Path socket = folder.resolve("socket");
        try (ScriptedDevice device = new ScriptedDevice(socket, 0) {
            @Override
            byte @Nullable [] onRequest(Request request) {
                ByteBuffer in = request.arguments();
                ByteBuffer out = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
                return switch (request.opcode()) {
                    // the handle shows that the arguments lie where they belong
                    case FuseOpcode.POLL ->
                        out.putInt(in.getLong(0) == 4711 ? in.getInt(20) & 5 : 0)
                                .array();
                    case FuseOpcode.BMAP ->
                        out.putLong(in.getLong(0) * in.getInt(8) + request.nodeid())
                                .array();
                    default -> new byte[0];
                };
            }
        }) {
            try (FuseClient client = FuseClient.connect(socket)) {
                assertThat(client.controls().poll(new OpenFile(7, 4711, 0), 7)).isEqualTo(5);
                assertThat(client.controls().bmap(9, 1L << 33, 4096)).isEqualTo((1L << 45) + 9);
            }
            assertThat(device.message()).isNotNull();
        }
    }
}
