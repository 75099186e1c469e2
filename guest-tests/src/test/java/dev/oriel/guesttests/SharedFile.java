package dev.oriel.guesttests;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.zip.CRC32;

/** The model of a file that several parties use: its bytes, and which of them each party is promised to see. */
final class SharedFile {
    static final int PAGE = 4096;
    static final int MOST = 3 << 20;

    private static final int PERIOD = 251;

    /** What its time of modification must be. */
    enum Time {
        /** That of an operation of this test. */
        RECENT,
        /** What was set. */
        SET,
        /** Nothing is promised. */
        ANY
    }

    /** What one party may see and has in hand. */
    static final class View {
        /** Pages that the party has changed, and that others need not see yet. */
        final BitSet unsent = new BitSet();

        /** Pages that others have changed, which the party need not see before it opens the file. */
        final BitSet old = new BitSet();

        /** Pages that the file has gained from others, which the party sees when it has been told the size. */
        final BitSet gained = new BitSet();

        /** Whether others have changed the file's size or time since the party asked. */
        boolean unasked;
    }

    final int id;
    final View[] views;
    final List<String> names = new ArrayList<>();

    byte[] bytes = new byte[0];
    int size;
    Time time = Time.RECENT;
    long setSeconds;

    /** So many bytes have been in whole pages of it from the beginning on. */
    int solid;

    SharedFile(int id, int parties) {
        this.id = id;
        views = new View[parties];
        Arrays.setAll(views, _ -> new View());
    }

    static byte pattern(long offset, int phase) {
        return (byte) ((offset + phase) % PERIOD + 1);
    }

    /** A phase that changes what is there. */
    int phaseFor(int offset, int wanted) {
        boolean same = offset < size && bytes[offset] == pattern(offset, wanted);
        return same ? (wanted + 1) % PERIOD : wanted;
    }

    void resize(int now) {
        if (now > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(now, Math.min(MOST, 2 * bytes.length)));
        }
        if (now < size) {
            Arrays.fill(bytes, now, size, (byte) 0);
        }
        size = now;
        solid = Math.min(solid, now & -PAGE);
    }

    void put(int offset, int length, int phase) {
        if (offset + length > size) {
            resize(offset + length);
        }
        for (int i = offset; i < offset + length; i++) {
            bytes[i] = pattern(i, phase);
        }
    }

    void zero(int offset, int length) {
        Arrays.fill(bytes, Math.min(offset, size), Math.min(offset + length, size), (byte) 0);
    }

    String checksum(int offset, int length) {
        CRC32 crc = new CRC32();
        crc.update(bytes, offset, length);
        return Long.toHexString(crc.getValue());
    }

    /** The first byte from an offset on that is no zero; -1 if there is none. */
    int dataFrom(int offset) {
        for (int i = offset; i < size; i++) {
            if (bytes[i] != 0) {
                return i;
            }
        }
        return -1;
    }

    /** What bytes it should have, for people, as performer.py shows them. */
    String show(int offset, int length) {
        StringBuilder runs = new StringBuilder();
        int begun = offset;
        int end = Math.min(offset + length, size);
        for (int i = offset; i <= end; i++) {
            if (i == end || (i > begun && !phaseAt(i).equals(phaseAt(begun)))) {
                if (i > begun) {
                    runs.append("[%d,%d):%s ".formatted(begun, i, phaseAt(begun)));
                }
                begun = i;
            }
        }
        return runs.toString();
    }

    private String phaseAt(int offset) {
        return bytes[offset] == 0
                ? "zero"
                : Integer.toString(Math.floorMod((bytes[offset] & 0xff) - 1 - offset, PERIOD));
    }

    @Override
    public String toString() {
        return "file " + id + (names.isEmpty() ? " (no name)" : " (" + String.join(", ", names) + ")");
    }
}
