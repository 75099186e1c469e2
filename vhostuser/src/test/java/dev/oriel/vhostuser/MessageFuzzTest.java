package dev.oriel.vhostuser;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.oriel.linux.EventDescriptor;
import dev.oriel.linux.UnixSocket;
import dev.oriel.virtio.testing.EchoDevice;
import dev.oriel.virtio.testing.SharedMemory;
import java.util.Arrays;

/**
 * Any bytes on a connection, with a memory file and an eventfd along with them: the connection ends, the back-end
 * returns. Runs on its seeds; with JAZZER_FUZZ=1 it looks for more.
 */
class MessageFuzzTest {
    private static final int LIMIT = 4096;

    @FuzzTest(maxDuration = "10s")
    void anyBytesEndInTheEndOfTheConnection(byte[] input) throws Exception {
        if (input.length < 2 || input.length > LIMIT) {
            return;
        }
        UnixSocket.Pair pair = UnixSocket.pair();
        try (TestFrontend frontend = new TestFrontend(pair.first());
                SharedMemory memory = new SharedMemory(1 << 16);
                EventDescriptor event = EventDescriptor.create(EventDescriptor.EFD_NONBLOCK)) {
            // the first byte chooses what comes along
            frontend.raw(
                    Arrays.copyOfRange(input, 1, input.length), (input[0] & 0x80) != 0 ? event.number() : memory.fd());
            // fills up whatever is missing, and is no message itself
            frontend.raw(new byte[LIMIT + 12]);
            new VhostUserBackend("fuzzed", pair.second(), new EchoDevice(2), VhostUserBackend.Options.DEFAULT).run();
        }
    }
}
