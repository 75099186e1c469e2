package dev.oriel.driver;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.oriel.fuse.FuseOpcode;
import dev.oriel.linux.Errno;
import dev.oriel.vhostuser.wire.BackendRequest;
import dev.oriel.vhostuser.wire.FrontendRequest;
import dev.oriel.virtio.memory.DriverMemory;
import dev.oriel.virtio.queue.DriverQueue;
import java.io.FileInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicReference;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Devices that lie or fall silent: the client says so, goes on, and leaves nothing behind. */
@Timeout(60)
class HostileDeviceTest {
    private static final FuseClientOptions IMPATIENT = FuseClientOptions.DEFAULTS.withTimeLimit(Duration.ofMillis(300));

    @TempDir
    private Path folder;

    private Path socket() {
        return folder.resolve("socket");
    }

    private static void failsWith(int errno, org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
        assertThatExceptionOfType(FuseException.class)
                .isThrownBy(call)
                .satisfies(failed -> assertThat(Errno.name(failed.errno())).isEqualTo(Errno.name(errno)));
    }

    private static long descriptors() throws IOException {
        try (var list = Files.list(Path.of("/proc/self/fd"))) {
            return list.count();
        }
    }

    /** Waits until no more are open than before: what a peer passed may be closed by a thread of its own. */
    private static void awaitDescriptors(long before) throws IOException {
        long end = System.nanoTime() + 20_000_000_000L;
        while (descriptors() > before && System.nanoTime() < end) {
            Thread.onSpinWait();
        }
        assertThat(descriptors()).isLessThanOrEqualTo(before);
    }

    @Test
    void aDeviceThatNeverAnswersAMessageIsGivenUp() throws Exception {
        long before = descriptors();
        try (var device = new ScriptedDevice(socket(), 0) {
            @Override
            boolean onMessage(FrontendRequest request) {
                return request == FrontendRequest.GET_QUEUE_NUM;
            }
        }) {
            assertThatExceptionOfType(IOException.class)
                    .isThrownBy(() -> FuseClient.connect(socket(), IMPATIENT))
                    .withMessageContaining("did not answer GET_QUEUE_NUM within 300 ms");
            assertThat(device.message()).isNotNull();
        }
        awaitDescriptors(before);
    }

    @Test
    void repliesThatAreNoneAreRefused() throws Exception {
        int[][] lies = {{1, 5, 4}, {1, 5, -1}, {1, 1, 8}, {2, 5, 8}, {1, 6, 8}};
        for (int[] lie : lies) {
            try (var device = new ScriptedDevice(socket(), 0) {
                @Override
                boolean onMessage(FrontendRequest request) {
                    message().set(JAVA_INT_UNALIGNED, 0, lie[0]);
                    message().set(JAVA_INT_UNALIGNED, 4, lie[1]);
                    message().set(JAVA_INT_UNALIGNED, 8, lie[2]);
                    sendRaw(20);
                    return true;
                }
            }) {
                assertThatExceptionOfType(IOException.class)
                        .isThrownBy(() -> FuseClient.connect(socket(), IMPATIENT))
                        .withMessageContaining("GET_FEATURES");
                assertThat(device.message()).isNotNull();
            }
        }
    }

    @Test
    void aWindowThatIsNotWholePagesIsRefused() throws Exception {
        try (var device = new ScriptedDevice(socket(), 4097)) {
            assertThatExceptionOfType(IOException.class)
                    .isThrownBy(() -> FuseClient.connect(socket(), IMPATIENT))
                    .withMessageContaining("not whole pages");
            assertThat(device.message()).isNotNull();
        }
    }

    @Test
    void aRequestThatIsNeverAnsweredEndsWithATimeLimitAndItsMemoryIsNotUsedAgain() throws Exception {
        CountDownLatch goOn = new CountDownLatch(1);
        try (var device = new DaxScript(socket(), 0, folder) {
            @Override
            byte @Nullable [] onRequest(Request request) throws IOException {
                if (request.opcode() == FuseOpcode.STATFS) {
                    try {
                        goOn.await();
                    } catch (InterruptedException over) {
                        Thread.currentThread().interrupt();
                    }
                    return new byte[80];
                }
                return super.onRequest(request);
            }
        }) {
            Files.createFile(device.file(2));
            try (FuseClient client = FuseClient.connect(socket(), IMPATIENT)) {
                ClientQueue queue = client.queue(0);
                failsWith(Errno.ETIMEDOUT, () -> client.statfs(1));
                assertThat(queue.available()).isEqualTo(queue.depth() - 1);
                goOn.countDown();
                client.getattr(2);
                assertThat(queue.inFlight()).isZero();
                assertThat(queue.available()).isEqualTo(queue.depth());
            }
        }
    }

    /**
     * Has two request queues, and is late with the mappings of node 2 that are for writing, until it is told to go on.
     */
    private static final class LateDevice extends DaxScript {
        final CountDownLatch goOn = new CountDownLatch(1);
        final CountDownLatch landed = new CountDownLatch(1);

        LateDevice(Path socket, Path folder) throws IOException {
            super(socket, 4 * DaxDevice.SLOT_SIZE, folder, 2);
            for (int node = 2; node < 7; node++) {
                Files.write(file(node), new byte[] {(byte) node});
            }
        }

        @Override
        byte @Nullable [] setUp(long node, long fileOffset, long length, long flags, long offset) throws IOException {
            boolean late = node == 2 && (flags & 1) != 0;
            if (late) {
                try {
                    goOn.await();
                } catch (InterruptedException over) {
                    Thread.currentThread().interrupt();
                }
            }
            byte[] answer = super.setUp(node, fileOffset, length, flags, offset);
            if (late) {
                landed.countDown();
            }
            return answer;
        }

        @Override
        public void close() {
            goOn.countDown();
            super.close();
        }
    }

    /** Works on one of two request queues: that of a thread with such a number. */
    private static void onQueue(int queue, ThrowingRunnable work) throws Exception {
        FutureTask<Void> task = new FutureTask<>(() -> {
            work.run();
            return null;
        });
        Thread thread = new Thread(task);
        while (thread.threadId() % 2 != queue) {
            thread = new Thread(task);
        }
        thread.start();
        task.get();
    }

    private interface ThrowingRunnable {
        void run() throws Exception;
    }

    @Test
    void aMappingThatComesTooLateDoesNotLandOnAnother() throws Exception {
        try (LateDevice device = new LateDevice(socket(), folder);
                FuseClient client = FuseClient.connect(socket(), IMPATIENT)) {
            DaxDevice dax = client.dax().orElseThrow();
            onQueue(0, () -> failsWith(Errno.ETIMEDOUT, () -> dax.map(2, 0, 1, true)));
            onQueue(1, () -> {
                try (DaxDevice.Pin pin = dax.map(3, 0, 1, false)) {
                    device.goOn.countDown();
                    device.landed.await();
                    assertThat(pin.segment().get(JAVA_BYTE, 0)).isEqualTo((byte) 3);
                }
            });
            assertThat(dax.slotsInUse())
                    .as("the slot of the late mapping is lost")
                    .isEqualTo(2);
        }
    }

    @Test
    void aMappingInPlaceThatComesTooLateDoesNotLandOnAnother() throws Exception {
        try (LateDevice device = new LateDevice(socket(), folder);
                FuseClient client = FuseClient.connect(socket(), IMPATIENT)) {
            DaxDevice dax = client.dax().orElseThrow();
            dax.map(2, 0, 1, false).close();
            onQueue(0, () -> failsWith(Errno.ETIMEDOUT, () -> dax.map(2, 0, 1, true)));
            onQueue(1, () -> {
                List<DaxDevice.Pin> pins = new ArrayList<>();
                for (int node = 3; node < 6; node++) {
                    pins.add(dax.map(node, 0, 1, false));
                }
                failsWith(Errno.EBUSY, () -> pins.add(dax.map(6, 0, 1, false)));
                device.goOn.countDown();
                device.landed.await();
                for (int i = 0; i < pins.size(); i++) {
                    assertThat(pins.get(i).segment().get(JAVA_BYTE, 0)).isEqualTo((byte) (3 + i));
                }
            });
        }
    }

    @Test
    void aDeviceThatFailsToStartIsClosedBeforeItsMemory() throws Exception {
        try (var device = new ScriptedDevice(socket(), 0)) {
            List<Boolean> alive = new ArrayList<>();
            var transport = new HookedTransport(socket()) {
                private @Nullable DriverMemory memory;

                @Override
                public void start(DriverMemory memory, List<DriverQueue> queues) throws IOException {
                    super.start(memory, queues);
                    this.memory = memory;
                    throw new IOException("it needs a reset");
                }

                @Override
                public void close() {
                    DriverMemory given = memory;
                    if (given != null) {
                        alive.add(given.segment().scope().isAlive());
                        memory = null;
                    }
                    super.close();
                }
            };
            assertThatExceptionOfType(IOException.class)
                    .isThrownBy(() -> FuseClient.connect(transport, IMPATIENT))
                    .withMessage("it needs a reset");
            assertThat(alive).containsExactly(true);
            assertThat(device.message()).isNotNull();
        }
    }

    @Test
    void aClientIsNotClosedWhileTheDeviceIsNotified() throws Exception {
        AtomicReference<@Nullable Thread> slow = new AtomicReference<>();
        CountDownLatch notifying = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        try (var device = new DaxScript(socket(), 0, folder)) {
            Files.createFile(device.file(2));
            FuseClient client = FuseClient.connect(
                    new HookedTransport(socket()) {
                        @Override
                        public void start(DriverMemory memory, List<DriverQueue> queues) throws IOException {
                            super.start(memory, queues);
                            queues.forEach(queue -> queue.notifyBy(() -> {
                                if (slow.compareAndSet(Thread.currentThread(), null)) {
                                    notifying.countDown();
                                    awaitQuietly(goOn);
                                }
                                return queue.kick().signal();
                            }));
                        }
                    },
                    FuseClientOptions.DEFAULTS);
            FutureTask<Integer> request = new FutureTask<>(() -> {
                slow.set(Thread.currentThread());
                ClientQueue queue = client.queue(0);
                return queue.call(queue.acquire().getattr(2));
            });
            Thread.ofPlatform().start(request);
            notifying.await();
            Thread closer = Thread.ofPlatform().start(client::close);
            while (closer.isAlive() && !waitsForQueue(closer)) {
                Thread.onSpinWait();
            }
            goOn.countDown();
            assertThat(request.get()).isIn(0, -Errno.ENOTCONN);
            closer.join();
        }
    }

    private static boolean waitsForQueue(Thread closer) {
        return closer.getState() == Thread.State.TIMED_WAITING
                && Arrays.stream(closer.getStackTrace())
                        .anyMatch(frame -> frame.getClassName().equals(ClientQueue.class.getName())
                                && frame.getMethodName().equals("stop"));
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException over) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void aChainThatTheDeviceNeverHadBreaksTheQueueAndNotTheProcess() throws Exception {
        try (var device = new DaxScript(socket(), 0, folder) {
            @Override
            int usedId(int id) {
                return setups == 0 ? id : 99;
            }
        }) {
            Files.createFile(device.file(2));
            try (FuseClient client = FuseClient.connect(socket(), IMPATIENT)) {
                client.getattr(2);
                device.setups = 1;
                failsWith(Errno.ENOTCONN, () -> client.getattr(2));
                failsWith(Errno.ENOTCONN, () -> client.getattr(2));
            }
        }
    }

    @Test
    void moreBytesThanThereWasRoomForBreakTheQueue() throws Exception {
        try (var device = new DaxScript(socket(), 0, folder) {
            @Override
            int usedLength(int length) {
                return setups == 0 ? length : 1 << 20;
            }
        }) {
            Files.createFile(device.file(2));
            try (FuseClient client = FuseClient.connect(socket(), IMPATIENT)) {
                device.setups = 1;
                failsWith(Errno.ENOTCONN, () -> client.getattr(2));
            }
        }
    }

    @Test
    void aReplyOfTheWrongLengthIsAnErrorAndTheNextRequestWorks() throws Exception {
        try (var device = new DaxScript(socket(), 0, folder) {
            @Override
            byte @Nullable [] onRequest(Request request) throws IOException {
                return request.opcode() == FuseOpcode.STATFS ? new byte[10] : super.onRequest(request);
            }
        }) {
            Files.createFile(device.file(2));
            try (FuseClient client = FuseClient.connect(socket(), IMPATIENT)) {
                failsWith(Errno.EIO, () -> client.statfs(1));
                client.getattr(2);
            }
        }
    }

    @Test
    void aDeviceThatDiesInTheMiddleLeavesNothing() throws Exception {
        long before = descriptors();
        for (int i = 0; i < 3; i++) {
            try (var device = new DaxScript(socket(), 4 << 20, folder)) {
                Files.write(device.file(2), new byte[5000]);
                try (FuseClient client = FuseClient.connect(socket())) {
                    DaxDevice.Pin pin = client.dax().orElseThrow().map(2, 0, 5000, true);
                    device.die();
                    pin.segment().fill((byte) 1);
                    failsWith(Errno.ENOTCONN, () -> client.getattr(2));
                    pin.close();
                }
            }
        }
        awaitDescriptors(before);
    }

    /**
     * A file of proc stands for all whose file systems may never answer: its type is learned without a question to it.
     */
    @Test
    void aFileOfAFileSystemThatMayNeverAnswerIsNotMapped() throws Exception {
        Logger logger = Logger.getLogger("dev.oriel.vhostuser");
        List<String> said = new CopyOnWriteArrayList<>();
        Handler handler = new Handler() {
            @Override
            public void publish(LogRecord line) {
                said.add(line.getMessage());
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
        logger.addHandler(handler);
        try (var device = new DaxScript(socket(), 4 << 20, folder);
                FuseClient client = FuseClient.connect(socket(), IMPATIENT);
                FileInputStream proc = new FileInputStream("/proc/self/maps")) {
            assertThat(client.dax()).isPresent();
            int fd = number(proc);
            assertThat(device.ask(BackendRequest.SHMEM_MAP, 0, 0, 0, 4096, false, fd))
                    .isEqualTo(1);
            assertThat(said).singleElement().asString().contains("must not be mapped", "of type proc");
        } finally {
            logger.removeHandler(handler);
        }
    }

    /** The number of a descriptor that leads to /proc/self/maps. */
    private static int number(FileInputStream open) throws IOException {
        assertThat(open.getFD().valid()).isTrue();
        try (var all = Files.list(Path.of("/proc/self/fd"))) {
            for (Path each : all.toList()) {
                if (Files.isSymbolicLink(each)
                        && Files.readSymbolicLink(each).toString().endsWith("/maps")) {
                    return Integer.parseInt(each.getFileName().toString());
                }
            }
        }
        throw new IOException("/proc/self/maps is not open");
    }
}
