package dev.oriel.bustests;

import static dev.oriel.bustests.RawDriver.HIPRIO;
import static dev.oriel.bustests.RawDriver.REQUESTS;
import static dev.oriel.bustests.Share.name;
import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.driver.FuseClient;
import dev.oriel.linux.Errno;
import dev.oriel.virtio.ring.RingLayout;
import dev.oriel.virtio.testing.ScriptedRing.Buffer;
import dev.oriel.virtio.testing.ScriptedSplitRing;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A driver that sends nonsense gets an errno, or a device that it has to reset; the next one finds everything in order.
 */
@Timeout(120)
class HostileDriverTest {
    private static final int INIT = 26;
    private static final int FORGET = 2;
    private static final int GETATTR = 3;
    private static final int DESTROY = 38;

    @TempDir
    Path folder;

    private static void worksForTheNext(Share share) throws IOException {
        Files.write(share.directory.resolve("proof"), new byte[77]);
        try (FuseClient client = share.mount()) {
            assertThat(client.lookup(FuseClient.ROOT, name("proof"))
                            .attributes()
                            .size())
                    .isEqualTo(77);
        }
    }

    @OverEveryTransport
    void aSessionThatBeginsWithNeitherByteOrderIsRefused(Case given) throws IOException {
        try (Share share = Share.open(given, folder, Share.Window.NONE)) {
            try (RawDriver driver = new RawDriver(share.joint, given.order())) {
                for (int opcode : new int[] {0, 0x1a1a, 0x1a00_001a, 0x001a_0000, -1, GETATTR}) {
                    byte[] reply = driver.exchange(
                            REQUESTS, driver.request(opcode, 0, 64).putInt(7).array(), 80);
                    assertThat(reply).as("opcode 0x%x", opcode).hasSizeGreaterThanOrEqualTo(16);
                    assertThat(driver.error(reply)).as("opcode 0x%x", opcode).isNegative();
                }
                assertThat(driver.init()).isZero();
            }
            worksForTheNext(share);
        }
    }

    @OverEveryTransport
    void whatComesByHiprioBeforeInitIsDropped(Case given) throws IOException {
        try (Share share = Share.open(given, folder, Share.Window.NONE)) {
            try (RawDriver driver = new RawDriver(share.joint, given.order())) {
                byte[] forget = driver.request(FORGET, 1, 8).putLong(1).array();
                assertThat(driver.exchange(HIPRIO, forget, 0)).isEmpty();
                assertThat(driver.exchange(HIPRIO, new byte[3], 0)).isEmpty();
                assertThat(driver.init()).isZero();
                assertThat(driver.exchange(HIPRIO, forget, 0)).isEmpty();
            }
            worksForTheNext(share);
        }
    }

    @OverEveryTransport
    void aSecondInitMayChangeTheByteOrder(Case given) throws IOException {
        try (Share share = Share.open(given, folder, Share.Window.DIRECT)) {
            Files.write(share.directory.resolve("file"), new byte[4 << 20]);
            try (RawDriver driver = new RawDriver(share.joint, given.order())) {
                assertThat(driver.init()).isZero();
                long node = driver.lookup("file");
                int mapped = driver.setupMapping(node, 0, 0);
                driver.order = given.order() == ByteOrder.BIG_ENDIAN ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN;
                assertThat(driver.init()).isZero();
                driver.transport()
                        .sharedMemoryRegion(0)
                        .ifPresent(window -> assertThat(window.isMapped(0, 2 << 20))
                                .as("mapped by the session before (%d)", mapped)
                                .isFalse());
                assertThat(driver.lookup("file")).isPositive();
            }
            worksForTheNext(share);
        }
    }

    @OverEveryTransport
    void requestsThatAreNoneGetAnErrno(Case given) throws IOException {
        try (Share share = Share.open(given, folder, Share.Window.DIRECT)) {
            try (RawDriver driver = new RawDriver(share.joint, given.order())) {
                driver.init();
                Random random = new Random(1);
                for (int i = 0; i < 300; i++) {
                    ByteBuffer request = driver.request(random.nextInt(60), random.nextInt(3), random.nextInt(200));
                    if (i % 3 == 0) {
                        request.putInt(0, random.nextInt());
                    }
                    byte[] bytes = RawDriver.bytes(request);
                    int opcode = bytes[4] | bytes[7];
                    if (opcode == INIT || opcode == DESTROY) {
                        // without a session nobody knows in which byte order to answer
                        continue;
                    }
                    for (int j = 40; j < bytes.length; j++) {
                        bytes[j] = (byte) random.nextInt();
                    }
                    byte[] reply = driver.exchange(REQUESTS, bytes, random.nextInt(16, 300));
                    if (reply.length >= 16) {
                        assertThat(driver.error(reply)).isBetween(-511, 0);
                    }
                }
                assertThat(driver.exchange(REQUESTS, new byte[0], 100)).hasSizeLessThanOrEqualTo(16);
                assertThat(driver.exchange(REQUESTS, new byte[7], 100)).hasSizeLessThanOrEqualTo(16);
            }
            worksForTheNext(share);
        }
    }

    @OverEveryTransport
    void mappingsOutsideOfTheWindowAreRefused(Case given) throws IOException {
        try (Share share = Share.open(given, folder, Share.Window.DIRECT)) {
            Files.write(share.directory.resolve("file"), new byte[4 << 20]);
            try (RawDriver driver = new RawDriver(share.joint, given.order())) {
                driver.init();
                long node = driver.lookup("file");
                long[][] nonsense = {
                    {0, 2 << 20, Share.WINDOW},
                    {0, 2 << 20, -4096},
                    {0, Share.WINDOW + 4096, 0},
                    {0, -4096, 0},
                    {0, 0, 0},
                    {1, 4096, 0},
                    {0, 4096, 1},
                    {-4096, 4096, 0},
                    {0, 1, 0},
                    {Long.MAX_VALUE & -4096, 2 << 20, 0},
                    {0, Long.MAX_VALUE & -4096, 4096}
                };
                for (long[] one : nonsense) {
                    int error = driver.setupMapping(node, one[0], one[1], one[2]);
                    assertThat(error).as("mapping %s", (Object) one).isNegative();
                }
                int unknown = driver.setupMapping(4711, 0, 0);
                assertThat(unknown).isNegative();
                if (given.transport().hasRegions) {
                    assertThat(driver.setupMapping(node, 0, Share.WINDOW - (2 << 20)))
                            .isZero();
                }
            }
            worksForTheNext(share);
        }
    }

    @OverEveryTransport
    void buffersThatAreNotInMemoryAreAnErrorOfTheirRequest(Case given) throws IOException {
        try (Share share = Share.open(given, folder, Share.Window.NONE)) {
            try (RawDriver driver = new RawDriver(share.joint, given.order())) {
                driver.init();
                int id = driver.offer(
                        REQUESTS,
                        List.of(
                                new Buffer(driver.bufferAddress(), 56, false),
                                new Buffer(0xdead_0000_0000L, 120, true)));
                driver.notifyDevice(REQUESTS);
                assertThat(driver.await(REQUESTS).id()).isEqualTo(id);
                byte[] reply =
                        driver.exchange(REQUESTS, driver.request(GETATTR, 1, 16).array(), 120);
                assertThat(driver.error(reply)).isZero();
            }
            worksForTheNext(share);
        }
    }

    /** What one queue is made of concerns that queue; the device then has to be reset, and can be. */
    @OverEveryTransport
    void aRingOfNonsenseEndsWithAReset(Case given) throws IOException {
        try (Share share = Share.open(given, folder, Share.Window.NONE)) {
            for (int nonsense = 0; nonsense < 4; nonsense++) {
                try (RawDriver driver = new RawDriver(share.joint, given.order())) {
                    driver.init();
                    spoil(driver, nonsense);
                    driver.notifyDevice(REQUESTS);
                    // the other queue still works
                    byte[] reply = driver.exchange(
                            REQUESTS + 1, driver.request(GETATTR, 1, 16).array(), 120);
                    assertThat(driver.error(reply)).isZero();
                }
                worksForTheNext(share);
            }
        }
    }

    private static void spoil(RawDriver driver, int nonsense) {
        ScriptedSplitRing ring = driver.ring(REQUESTS);
        long buffer = driver.bufferAddress();
        switch (nonsense) {
            case 0 -> // a chain that never ends
                ring.writeDescriptor(0, buffer, 40, RingLayout.DESC_F_NEXT, 0);
            case 1 -> // a descriptor that does not exist
                ring.writeDescriptor(0, buffer, 40, RingLayout.DESC_F_NEXT, 5000);
            case 2 -> // more chains than the ring has room for
                ring.jump(ring.available() + 1000);
            default -> // an indirect table of no length
                ring.writeDescriptor(0, buffer, 3, RingLayout.DESC_F_INDIRECT, 0);
        }
        if (nonsense != 2) {
            ring.offerHead(0);
        }
    }

    @OverEveryTransport
    void numbersOfErrorsAreThoseOfLinux(Case given) throws IOException {
        try (Share share = Share.open(given, folder, Share.Window.NONE);
                RawDriver driver = new RawDriver(share.joint, given.order())) {
            driver.init();
            byte[] reply = driver.exchange(
                    REQUESTS, driver.request(1, 1, 8).put(name("nothing")).array(), 144);
            // a name that does not exist is an error, or an entry without a node
            int error = driver.error(reply);
            assertThat(error == -Errno.ENOENT
                            || (error == 0 && driver.body(reply).getLong(0) == 0))
                    .isTrue();
        }
    }
}
