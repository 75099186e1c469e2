package dev.oriel.socket;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.oriel.linux.Connection;
import dev.oriel.linux.Errno;
import dev.oriel.linux.EventDescriptor;
import dev.oriel.linux.LinuxException;
import dev.oriel.linux.UnixSocket;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What one side sends, whole or not, the other receives, or learns what is wrong with it. */
@Timeout(60)
class MessageChannelTest {
    private static final int HEADER = 8;

    private final MemorySegment bytes = Arena.ofAuto().allocate(64);

    @SuppressWarnings("NullAway.Init")
    private MessageChannel here;

    @SuppressWarnings("NullAway.Init")
    private Connection there;

    @BeforeEach
    void connect() throws LinuxException {
        UnixSocket.Pair pair = UnixSocket.pair();
        here = new MessageChannel(pair.first(), HEADER, 64, 1);
        there = pair.second();
    }

    @AfterEach
    void close() {
        here.close();
        there.close();
    }

    private void sent(int length, int... fds) {
        assertThat(there.send(bytes, 0, length, fds, fds.length)).isEqualTo(length);
    }

    @Test
    void aMessageArrivesWithItsPayloadAndItsDescriptor() throws Exception {
        try (MessageChannel sender = new MessageChannel(there, HEADER, 64, 1);
                EventDescriptor event = EventDescriptor.create(EventDescriptor.EFD_NONBLOCK)) {
            sender.headerInt(4, 12);
            sender.setLong(0, 0x0123_4567_89ab_cdefL);
            sender.setShort(8, 0xfedc);
            assertThat(sender.send(12, 1000, event.number())).isZero();
            assertThat(here.receiveHeader(MessageChannel.FOREVER)).isEqualTo(MessageChannel.RECEIVED);
            assertThat(here.headerInt(4)).isEqualTo(12);
            assertThat(here.receivePayload(12)).isEqualTo(MessageChannel.RECEIVED);
            assertThat(here.getLong(0)).isEqualTo(0x0123_4567_89ab_cdefL);
            assertThat(here.getShort(8)).isEqualTo(0xfedc);
            here.takeDescriptor().close();
            assertThat(here.descriptors().count()).isZero();
        }
    }

    @Test
    void theEndBehindAMessageIsNoErrorAndTheEndInsideOneIs() throws Exception {
        sent(HEADER);
        sent(HEADER);
        sent(3);
        there.shutdown();
        assertThat(here.received(here.receiveHeader(MessageChannel.FOREVER))).isTrue();
        assertThat(here.received(here.receivePayload(0))).isTrue();
        assertThat(here.received(here.receiveHeader(MessageChannel.FOREVER))).isTrue();
        assertThat(here.receivePayload(8)).isEqualTo(-Errno.ECONNRESET);
        assertThat(here.received(here.receiveHeader(MessageChannel.FOREVER))).isFalse();
        assertThatThrownBy(() -> here.received(-Errno.ECONNRESET)).isInstanceOf(ProtocolViolation.class);
    }

    @Test
    void aMessageThatDoesNotComeToItsEndIsGivenUp() {
        assertThat(here.receiveHeader(1)).isEqualTo(-Errno.ETIMEDOUT);
        sent(HEADER + 1);
        assertThat(here.receiveHeader(50)).isEqualTo(MessageChannel.RECEIVED);
        assertThat(here.receivePayload(2)).isEqualTo(-Errno.ETIMEDOUT);
    }

    @Test
    void moreDescriptorsThanMayComeAreRefused() throws Exception {
        try (EventDescriptor event = EventDescriptor.create(EventDescriptor.EFD_NONBLOCK)) {
            sent(HEADER, event.number(), event.number());
            assertThatThrownBy(() -> here.received(here.receiveHeader(MessageChannel.FOREVER)))
                    .isInstanceOf(ProtocolViolation.class)
                    .hasMessageContaining("more than 1 file descriptor");
        }
    }

    @Test
    void whoReadsNothingMakesNobodyWaitForEver() {
        while (here.send(64, 0) == 0) {
            assertThat(there.number()).isNotNegative();
        }
        assertThat(here.send(64, 1)).isEqualTo(-Errno.ETIMEDOUT);
    }
}
