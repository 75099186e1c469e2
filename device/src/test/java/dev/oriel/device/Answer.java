package dev.oriel.device;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** What came back for a request: the bytes that the device says it wrote, read as the tables of the protocol say. */
final class Answer {
    private static final int HEADER = 16;

    private final ByteBuffer bytes;

    Answer(byte[] written, ByteOrder order) {
        bytes = ByteBuffer.wrap(written).order(order);
    }

    /** What Linux 7.3 wants of every reply. */
    Answer isSound(long unique) {
        assertThat(bytes.capacity()).as("length used").isGreaterThanOrEqualTo(HEADER);
        assertThat(bytes.getInt(0)).as("len").isEqualTo(bytes.capacity());
        assertThat(bytes.getLong(8)).as("unique").isEqualTo(unique);
        assertThat(error()).as("error").isBetween(-511, 0);
        if (error() != 0) {
            assertThat(bytes.capacity()).as("length of an error").isEqualTo(HEADER);
        }
        return this;
    }

    int error() {
        return bytes.getInt(4);
    }

    int bodyLength() {
        return bytes.capacity() - HEADER;
    }

    int u16(int offset) {
        return Short.toUnsignedInt(bytes.getShort(HEADER + offset));
    }

    int u32(int offset) {
        return bytes.getInt(HEADER + offset);
    }

    long u64(int offset) {
        return bytes.getLong(HEADER + offset);
    }

    String text(int offset, int length) {
        return new String(bytes.array(), HEADER + offset, length, StandardCharsets.UTF_8);
    }

    byte[] body() {
        return Arrays.copyOfRange(bytes.array(), HEADER, bytes.capacity());
    }
}
