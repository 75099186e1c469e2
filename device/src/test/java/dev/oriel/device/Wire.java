package dev.oriel.device;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** A request put together byte by byte, as the tables of the protocol say and without the classes under test. */
final class Wire {
    static final int HEADER = 40;
    static final int UID = 1000;
    static final int GID = 1001;
    static final int PID = 4242;

    private final ByteBuffer bytes = ByteBuffer.allocate(1 << 17);
    private int extensionLength;

    private Wire(ByteOrder order) {
        bytes.order(order);
    }

    static Wire request(ByteOrder order, int opcode, long unique, long nodeid) {
        Wire wire = new Wire(order);
        wire.bytes.position(HEADER);
        wire.bytes.putInt(4, opcode).putLong(8, unique).putLong(16, nodeid);
        wire.bytes.putInt(24, UID).putInt(28, GID).putInt(32, PID);
        return wire;
    }

    Wire u16(int value) {
        bytes.putShort((short) value);
        return this;
    }

    Wire u32(int... values) {
        for (int value : values) {
            bytes.putInt(value);
        }
        return this;
    }

    Wire u64(long... values) {
        for (long value : values) {
            bytes.putLong(value);
        }
        return this;
    }

    Wire raw(byte... values) {
        bytes.put(values);
        return this;
    }

    Wire raw(String text) {
        bytes.put(text.getBytes(StandardCharsets.UTF_8));
        return this;
    }

    Wire name(String name) {
        return raw(name).raw((byte) 0);
    }

    /** What follows is extensions. */
    Wire extensions(Wire content) {
        byte[] tail = Arrays.copyOfRange(content.bytes.array(), HEADER, content.bytes.position());
        bytes.put(tail);
        extensionLength = tail.length / 8;
        return this;
    }

    Wire padTo8() {
        while ((bytes.position() - HEADER) % 8 != 0) {
            bytes.put((byte) 0);
        }
        return this;
    }

    byte[] done() {
        return done(bytes.position());
    }

    /** With a length in the header that is not the true one. */
    byte[] done(int length) {
        bytes.putInt(0, length).putShort(36, (short) extensionLength);
        return Arrays.copyOf(bytes.array(), bytes.position());
    }
}
