package dev.oriel.bus.mmio;

import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.bus.InterruptLine;
import dev.oriel.bus.MachineMemory;
import dev.oriel.virtio.memory.DriverMemory;
import dev.oriel.virtio.testing.EchoDevice;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A device that interrupts without rest and answers late. */
@Timeout(60)
class MmioTransportTest {
    private final CountDownLatch entered = new CountDownLatch(1);
    private final CountDownLatch answer = new CountDownLatch(1);
    private final AtomicInteger looks = new AtomicInteger();
    private final AtomicInteger looking = new AtomicInteger();

    /** Registers whose status takes long, for who reads it because of an interrupt. */
    private MmioBus slow(MmioBus device) {
        return new MmioBus() {
            @Override
            public int read(int offset, int size) {
                if (offset == MmioRegisters.STATUS && Thread.currentThread().isVirtual()) {
                    looks.incrementAndGet();
                    looking.incrementAndGet();
                    entered.countDown();
                    await(answer);
                    looking.decrementAndGet();
                }
                return device.read(offset, size);
            }

            @Override
            public void write(int offset, int size, int value) {
                device.write(offset, size, value);
            }
        };
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException impossible) {
            throw new AssertionError(impossible);
        }
    }

    @Test
    void oneThreadAsksForTheStatusHoweverOftenItChangesAndNoneIsLeftInTheEnd() throws Exception {
        EchoDevice echo = new EchoDevice(1);
        InterruptLine line = new InterruptLine();
        try (MachineMemory memory = MachineMemory.create(1 << 20);
                MmioDevice device = new MmioDevice("device", echo, memory.table(), 64, null, 0, line);
                DriverMemory rings = memory.allocate(4096)) {
            MmioTransport transport = MmioTransport.probe("device", memory, slow(device), line, echo.deviceId(), 0);
            transport.start(rings, List.of());
            for (int i = 0; i < 100; i++) {
                device.notifyConfigurationChange();
            }
            entered.await();
            Thread closing = Thread.ofPlatform().start(transport::close);
            // it ends only when the answer has come
            assertThat(closing.join(Duration.ofMillis(200))).isFalse();
            answer.countDown();
            closing.join();
            assertThat(looking.get()).isZero();
            assertThat(looks.get()).isEqualTo(1);
        }
    }
}
