package dev.oriel.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class IoVectorTest {
    private final IoVector source = new IoVector(4);
    private final IoVector part = new IoVector(4);

    private static List<Long> pieces(IoVector vector) {
        List<Long> pieces = new ArrayList<>();
        for (int i = 0; i < vector.count(); i++) {
            pieces.add(vector.address(i));
            pieces.add(vector.length(i));
        }
        return pieces;
    }

    @Test
    void piecesLieInMemoryAsLinuxReadsThem() {
        source.add(0x1000, 10);
        source.add(0x2000, 20);
        MemorySegment array = MemorySegment.ofAddress(source.address()).reinterpret(32);
        assertThat(array.toArray(JAVA_LONG)).containsExactly(0x1000, 10, 0x2000, 20);
        assertThat(source.bytes()).isEqualTo(30);
        source.clear();
        assertThat(source.count()).isZero();
        assertThat(source.bytes()).isZero();
    }

    @Test
    void whatDoesNotFitIsRefused() {
        for (int i = 0; i < 4; i++) {
            assertThat(source.add(i, 1)).isTrue();
        }
        assertThat(source.add(4, 1)).isFalse();
        assertThat(source.count()).isEqualTo(4);
        assertThat(part.add(0, -1)).isFalse();
        assertThat(part.add(0, Long.MAX_VALUE)).isTrue();
        assertThat(part.add(0, 1)).isFalse();
        assertThat(part.bytes()).isEqualTo(Long.MAX_VALUE);
        assertThatThrownBy(() -> part.address(1)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> part.length(-1)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void bytesAreCopiedPieceByPieceAndNoFurtherThanTheyReach() {
        MemorySegment memory = Arena.ofAuto().allocate(16);
        source.add(memory.address(), 3);
        source.add(memory.address() + 8, 4);
        MemorySegment text = MemorySegment.ofArray("-abcdefghij".getBytes(US_ASCII));
        assertThat(source.copyFrom(text, 1)).isEqualTo(7);
        assertThat(new String(memory.toArray(JAVA_BYTE), US_ASCII)).isEqualTo("abc\0\0\0\0\0defg\0\0\0\0");
        assertThat(source.copyFrom(text, 9)).isEqualTo(2);
        assertThat(source.copyFrom(text, 11)).isZero();

        MemorySegment back = MemorySegment.ofArray(new byte[6]);
        assertThat(source.copyTo(back, 1)).isEqualTo(5);
        assertThat(new String(back.toArray(JAVA_BYTE), US_ASCII)).isEqualTo("\0ijcde");
        assertThat(source.copyTo(back, 6)).isZero();
        assertThat(source.segment(1).byteSize()).isEqualTo(4);
    }

    @Test
    void aSliceCutsPiecesAtBothEnds() {
        source.add(0x1000, 10);
        source.add(0x2000, 0);
        source.add(0x3000, 20);
        source.add(0x4000, 30);

        assertThat(part.slice(source, 4, 30)).isEqualTo(30);
        assertThat(pieces(part)).containsExactly(0x1004L, 6L, 0x3000L, 20L, 0x4000L, 4L);
        assertThat(part.slice(source, 10, 20)).isEqualTo(20);
        assertThat(pieces(part)).containsExactly(0x3000L, 20L);
        assertThat(part.slice(source, 59, 100)).as("the source ends earlier").isEqualTo(1);
        assertThat(pieces(part)).containsExactly(0x401dL, 1L);
        assertThat(part.slice(source, 60, 1)).isZero();
        assertThat(part.slice(source, 0, 0)).isZero();
        assertThat(part.count()).isZero();
    }

    @Test
    void aSliceEndsWhereItsVectorIsFull() {
        source.add(0x1000, 10);
        source.add(0x2000, 10);
        IoVector small = new IoVector(1);
        assertThat(small.slice(source, 0, 20)).isEqualTo(10);
        assertThatThrownBy(() -> small.slice(small, 0, 1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> small.slice(source, -1, 1)).isInstanceOf(IllegalArgumentException.class);
    }
}
