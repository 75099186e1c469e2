package dev.oriel.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

/** Offsets are those that offsetof() of a C compiler gives with the headers of glibc and Linux. */
class StructLayoutTest {
    private final StatxBuffer statx = new StatxBuffer();

    /** What a field must answer after {@link #number} was called with its layout. */
    private static int at(int offset) {
        return 0x5000 + offset;
    }

    private static void number(MemorySegment structure, ValueLayout layout) {
        structure.fill((byte) 0);
        for (int offset = 0; offset + layout.byteSize() <= structure.byteSize(); offset += (int) layout.byteSize()) {
            switch (layout) {
                case ValueLayout.OfShort half -> structure.set(half, offset, (short) at(offset));
                case ValueLayout.OfInt word -> structure.set(word, offset, at(offset));
                case ValueLayout.OfLong wide -> structure.set(wide, offset, at(offset));
                default -> throw new AssertionError(layout);
            }
        }
    }

    @Test
    void narrowFieldsOfStatxLieWhereLinuxPutsThem() {
        number(statx.segment(), JAVA_INT);
        assertThat(statx.mask()).isEqualTo(at(0));
        assertThat(statx.blksize()).isEqualTo(at(4));
        assertThat(statx.nlink()).isEqualTo(at(16));
        assertThat(statx.uid()).isEqualTo(at(20));
        assertThat(statx.gid()).isEqualTo(at(24));
        assertThat(statx.atimeNanos()).isEqualTo(at(72));
        assertThat(statx.btimeNanos()).isEqualTo(at(88));
        assertThat(statx.ctimeNanos()).isEqualTo(at(104));
        assertThat(statx.mtimeNanos()).isEqualTo(at(120));
        assertThat(statx.rdevMajor()).isEqualTo(at(128));
        assertThat(statx.rdevMinor()).isEqualTo(at(132));
        assertThat(statx.devMajor()).isEqualTo(at(136));
        assertThat(statx.devMinor()).isEqualTo(at(140));
        assertThat(statx.dioMemAlign()).isEqualTo(at(152));
        assertThat(statx.dioOffsetAlign()).isEqualTo(at(156));
        number(statx.segment(), JAVA_SHORT);
        assertThat(statx.mode()).isEqualTo(at(28));
    }

    @Test
    void wideFieldsOfStatxLieWhereLinuxPutsThem() {
        number(statx.segment(), JAVA_LONG);
        assertThat(statx.attributes()).isEqualTo(at(8));
        assertThat(statx.ino()).isEqualTo(at(32));
        assertThat(statx.size()).isEqualTo(at(40));
        assertThat(statx.blocks()).isEqualTo(at(48));
        assertThat(statx.attributesMask()).isEqualTo(at(56));
        assertThat(statx.atimeSeconds()).isEqualTo(at(64));
        assertThat(statx.btimeSeconds()).isEqualTo(at(80));
        assertThat(statx.ctimeSeconds()).isEqualTo(at(96));
        assertThat(statx.mtimeSeconds()).isEqualTo(at(112));
        assertThat(statx.mountId()).isEqualTo(at(144));
    }

    @Test
    void fieldsOfFlockLieWhereLinuxPutsThem() {
        FlockBuffer lock = new FlockBuffer();
        assertThat(lock.segment().byteSize()).isEqualTo(32);
        number(lock.segment(), JAVA_LONG);
        assertThat(lock.start()).isEqualTo(at(8));
        assertThat(lock.length()).isEqualTo(at(16));
        number(lock.segment(), JAVA_INT);
        assertThat(lock.pid()).isEqualTo(at(24));
        number(lock.segment(), JAVA_SHORT);
        assertThat(lock.type()).isEqualTo(at(0));
        lock.set(FlockBuffer.F_UNLCK, 1, 2);
        assertThat(lock.segment().get(JAVA_SHORT, 2)).isEqualTo((short) Seek.SEEK_SET);
        assertThat(lock.pid()).isZero();
    }

    @Test
    void fieldsOfAFileHandleLieWhereLinuxPutsThem() {
        FileHandleBuffer handle = new FileHandleBuffer();
        assertThat(handle.segment().byteSize()).isEqualTo(136);
        handle.set(0x81, new byte[] {1, 2, 3});
        assertThat(handle.segment().get(JAVA_INT, 0)).isEqualTo(3);
        assertThat(handle.segment().get(JAVA_INT, 4)).isEqualTo(0x81);
        assertThat(handle.segment().get(ValueLayout.JAVA_BYTE, 10)).isEqualTo((byte) 3);
        assertThat(handle.at(1)).isEqualTo((byte) 2);
        assertThat(handle.bytes()).containsExactly(1, 2, 3);
    }

    @Test
    void timesLieWhereLinuxPutsThem() {
        TimesBuffer times = new TimesBuffer();
        times.setAccess(1, 2);
        times.setModification(3, 4);
        assertThat(times.segment().toArray(JAVA_LONG)).containsExactly(1, 2, 3, 4);
    }
}
