package dev.oriel.device;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.device.operation.LongHeads;
import dev.oriel.device.operation.Operations;
import dev.oriel.device.statistics.RequestCounters;
import dev.oriel.device.statistics.RequestSums;
import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.filesystem.Request;
import dev.oriel.fuse.FuseOpcode;
import dev.oriel.linux.Errno;
import dev.oriel.virtio.VirtioDevice;
import dev.oriel.virtio.queue.ChainHandler;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A pool whose threads have no memory to serve with. */
@Timeout(60)
class RequestPoolTest {
    private static final int QUEUES = 2;

    private final RecordingFileSystem fileSystem = new RecordingFileSystem(~0L);

    /** A device of the same parts as the real one, but for the memory of its pool. */
    private final class DeviceWithoutMemory implements VirtioDevice {
        private final SessionGate gate = new SessionGate(QUEUES);
        private final RequestCounters counters = new RequestCounters(true);
        private final SessionThread sessions =
                new SessionThread(fileSystem, gate, () -> null, new RequestSums(), Thread::new);
        private final QueueServer[] queues = new QueueServer[QUEUES];

        /** @param failures how many threads have no memory, before there is some */
        DeviceWithoutMemory(int failures) {
            AtomicInteger left = new AtomicInteger(failures);
            Supplier<Operations> operations = () -> {
                if (left.getAndDecrement() > 0) {
                    throw new OutOfMemoryError("as the JVM says it");
                }
                return new Operations(sessions, counters);
            };
            RequestPool pool = new RequestPool(1, operations, Thread::new);
            for (int i = 0; i < QUEUES; i++) {
                queues[i] = new QueueServer(i, i == 0, gate, sessions, pool, new LongHeads(), counters);
            }
        }

        @Override
        public int deviceId() {
            return 26;
        }

        @Override
        public long deviceFeatures() {
            return 0;
        }

        @Override
        public int queueCount() {
            return QUEUES;
        }

        @Override
        public int configSize() {
            return 0;
        }

        @Override
        public void readConfig(int offset, MemorySegment destination) {}

        @Override
        public ChainHandler queue(int index) {
            queues[index].starting();
            return queues[index];
        }

        @Override
        public void reset() {
            sessions.reset();
        }
    }

    private static int ask(Guest guest, Wire request) {
        return guest.call(1, LITTLE_ENDIAN, request.done(), 80).error();
    }

    private static Wire fsync(long unique) {
        return Wire.request(LITTLE_ENDIAN, FuseOpcode.FSYNC, unique, 3).u64(1).u32(0, 0);
    }

    @Test
    void aRequestForWhichAThreadHasNoMemoryIsAnsweredAndTheNextIsServed() throws Exception {
        fileSystem.on("fsync", arguments -> ((Request) arguments[0]).mayBlock() ? 0 : FileSystemSession.WOULD_BLOCK);
        try (Guest guest = new Guest(new DeviceWithoutMemory(2))) {
            Wire init = Wire.request(LITTLE_ENDIAN, FuseOpcode.INIT, 2, 0)
                    .u32(7, Client.MINOR, 128 << 10)
                    .u32((int) Client.LINUX_FLAGS, (int) (Client.LINUX_FLAGS >>> 32))
                    .u32(new int[11]);
            assertThat(ask(guest, init)).isZero();
            assertThat(ask(guest, fsync(4))).isEqualTo(-Errno.ENOMEM);
            assertThat(ask(guest, fsync(6))).isEqualTo(-Errno.ENOMEM);
            assertThat(ask(guest, fsync(8))).isZero();
            // nothing is still counted: the session can end
            assertThat(ask(guest, Wire.request(LITTLE_ENDIAN, FuseOpcode.DESTROY, 10, 0)))
                    .isZero();
        }
    }
}
