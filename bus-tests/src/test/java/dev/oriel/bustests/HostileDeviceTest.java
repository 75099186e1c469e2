package dev.oriel.bustests;

import static dev.oriel.bustests.Share.name;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.oriel.driver.FuseClient;
import dev.oriel.driver.FuseClientOptions;
import dev.oriel.driver.FuseException;
import dev.oriel.linux.Errno;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A device that lies costs its own driver an error, in time, and nobody anything else. */
@Timeout(60)
class HostileDeviceTest {
    private static final long REGION = 4 << 20;

    @TempDir
    Path folder;

    private static FuseClient connect(Case given, Joint joint) throws IOException {
        return connect(given, joint, Duration.ofSeconds(30));
    }

    private static FuseClient connect(Case given, Joint joint, Duration limit) throws IOException {
        FuseClientOptions options = Share.options(given.order()).withTimeLimit(limit);
        return FuseClient.connect(joint.probe(options.wantedFeatures()), options);
    }

    private void lookupFails(Case given, HostileDevice device, int errno) throws IOException {
        try (device;
                Joint joint = given.transport().open(folder, device);
                FuseClient client = connect(given, joint)) {
            for (int i = 0; i < 5; i++) {
                assertThatExceptionOfType(FuseException.class)
                        .isThrownBy(() -> client.lookup(FuseClient.ROOT, name("file")))
                        .satisfies(
                                failed -> assertThat(Errno.name(failed.errno())).isEqualTo(Errno.name(errno)));
            }
        }
    }

    private static byte[] put(Case given, byte[] reply, int offset, int value) {
        ByteBuffer.wrap(reply).order(given.order()).putInt(offset, value);
        return reply;
    }

    @OverEveryTransport
    void aReplyThatIsTooShortFailsItsRequest(Case given) throws IOException {
        lookupFails(given, new HostileDevice(), Errno.EIO);
    }

    @OverEveryTransport
    void aReplyWithoutAWholeHeaderFailsItsRequest(Case given) throws IOException {
        lookupFails(given, new HostileDevice().lying(reply -> Arrays.copyOf(reply, 7)), Errno.EIO);
    }

    @OverEveryTransport
    void aDeviceThatWritesMoreThanThereIsRoomForIsGivenUp(Case given) throws IOException {
        HostileDevice device =
                new HostileDevice().lying(reply -> new byte[1 << 20]).claimingMore();
        lookupFails(given, device, Errno.ENOTCONN);
    }

    @OverEveryTransport
    void aReplyToAnotherRequestFailsItsRequest(Case given) throws IOException {
        lookupFails(given, new HostileDevice().lying(reply -> put(given, reply, 8, 4711)), Errno.EIO);
    }

    @OverEveryTransport
    void anErrorThatIsNoneFailsItsRequest(Case given) throws IOException {
        lookupFails(given, new HostileDevice().lying(reply -> put(given, reply, 4, 12)), Errno.EIO);
    }

    @OverEveryTransport
    void aDeviceThatDoesNotAnswerIsNotWaitedForLongerThanAllowed(Case given) throws IOException {
        try (HostileDevice device = new HostileDevice().silent();
                Joint joint = given.transport().open(folder, device);
                FuseClient client = connect(given, joint, Duration.ofMillis(500))) {
            assertThatExceptionOfType(FuseException.class)
                    .isThrownBy(() -> client.getattr(FuseClient.ROOT))
                    .satisfies(failed -> assertThat(Errno.name(failed.errno())).isEqualTo("ETIMEDOUT"));
        }
    }

    @OverEveryTransport
    void aDeviceWithoutRequestQueuesIsRefused(Case given) throws IOException {
        for (int queues : new int[] {0, -1}) {
            try (HostileDevice device = new HostileDevice().withRequestQueues(queues);
                    Joint joint = given.transport().open(folder, device)) {
                assertThatExceptionOfType(IOException.class)
                        .isThrownBy(() -> connect(given, joint))
                        .withMessageContaining("request queues");
            }
        }
    }

    @OverEveryTransport
    void moreRequestQueuesThanThereAreAreNotBelieved(Case given) throws IOException {
        try (HostileDevice device = new HostileDevice().withRequestQueues(1000);
                Joint joint = given.transport().open(folder, device);
                FuseClient client = connect(given, joint)) {
            assertThat(client.queueCount()).isEqualTo(1);
        }
    }

    @OverEveryTransport
    void aDeviceThatSpeaksAnotherProtocolIsRefused(Case given) throws IOException {
        try (HostileDevice device = new HostileDevice().lyingAtInit(reply -> put(given, reply, 16, 6));
                Joint joint = given.transport().open(folder, device)) {
            assertThatExceptionOfType(IOException.class)
                    .isThrownBy(() -> connect(given, joint))
                    .withMessageContaining("FUSE 6");
        }
    }

    @OverEveryTransport
    void aMappingThatWasOnlyClaimedIsNotUsed(Case given) throws IOException {
        byte[] attributes = new byte[16 + 104];
        put(given, attributes, 0, attributes.length);
        ByteBuffer.wrap(attributes).order(given.order()).putLong(16 + 16 + 8, 1 << 20);
        HostileDevice liar = new HostileDevice().withRegion(REGION).lying(reply -> {
            // GETATTR and SETUPMAPPING are answered alike, each with as much as it has room for
            byte[] answer = attributes.clone();
            System.arraycopy(reply, 8, answer, 8, 8);
            return answer;
        });
        try (liar;
                Joint joint = given.transport().open(folder, liar);
                FuseClient client = connect(given, joint)) {
            if (given.transport().hasRegions) {
                assertThatExceptionOfType(FuseException.class)
                        .isThrownBy(() -> client.dax().orElseThrow().map(2, 0, 4096, false))
                        .satisfies(
                                failed -> assertThat(Errno.name(failed.errno())).isEqualTo("EIO"));
            } else {
                assertThat(client.dax()).isEmpty();
            }
        }
    }
}
