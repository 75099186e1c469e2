package dev.oriel.device.dax;

import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.linux.Errno;
import dev.oriel.virtio.memory.MappableRegion;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Stand-ins at the other side: each is seen, few messages are sent, and none is in the way of a file's own pages. */
class WindowMappingsTest {
    private static final long RANGE = DaxWindow.LINUX_RANGE;
    private static final long RANGES = 16;
    private static final int STAND_INS = 7;
    private static final int FILE = 8;

    /** What is asked of the front-end, in units of ranges. */
    private final List<String> asked = new ArrayList<>();

    private int refusal;
    private int refusalToUnmap;

    private final WindowMappings mappings = new WindowMappings(new MappableRegion() {
        @Override
        public long length() {
            return RANGES * RANGE;
        }

        @Override
        public int mappingsMax() {
            return 4;
        }

        @Override
        public int map(long offset, long length, int fd, long fdOffset) {
            asked.add((fd == FILE ? "file " : "stand-ins ") + offset / RANGE + "+" + length / RANGE);
            if (fd == STAND_INS) {
                assertThat(fdOffset).isEqualTo(offset);
            }
            return refusal;
        }

        @Override
        public int unmap(long offset, long length) {
            asked.add("unmap " + offset / RANGE + "+" + length / RANGE);
            return refusalToUnmap;
        }

        @Override
        public void clear() {}
    });

    private int show(long at, long count) {
        return mappings.show(at * RANGE, count * RANGE, STAND_INS);
    }

    private void hide(long at, long count) {
        mappings.hide(at * RANGE, count * RANGE);
    }

    private int map(long at, long count) {
        return mappings.map(at * RANGE, count * RANGE, FILE, 0);
    }

    @Test
    void thePlacesBehindAreReadyForWhatIsReadNext() {
        for (int i = 0; i < 16; i++) {
            assertThat(show(i, 1)).isZero();
        }
        assertThat(asked).containsExactly("stand-ins 0+8", "stand-ins 8+8");
    }

    @Test
    void aPlaceThatIsUsedAgainNeedsNoAnswer() {
        show(3, 1);
        hide(3, 1);
        show(3, 1);
        assertThat(asked).containsExactly("stand-ins 3+8");
    }

    @Test
    void aFilesPagesAreNotMappedOver() {
        assertThat(map(2, 1)).isZero();
        show(0, 1);
        show(3, 1);
        show(1, 1);
        assertThat(asked).containsExactly("file 2+1", "stand-ins 0+2", "stand-ins 3+8");
    }

    @Test
    void aFilesPagesAreNotMappedWhereSomethingIsSeen() {
        show(0, 1);
        assertThat(mappings.isFreeOfStandIns(5 * RANGE, RANGE)).isFalse();
        assertThat(mappings.isFreeOfStandIns(8 * RANGE, RANGE)).isTrue();
        hide(0, 1);
        assertThat(mappings.isFreeOfStandIns(5 * RANGE, RANGE)).isTrue();
        assertThat(map(5, 1)).isZero();
        assertThat(asked).containsExactly("stand-ins 0+8", "unmap 0+8", "file 5+1");
    }

    @Test
    void aRangeOverTwoMappingsIsSeenAsLongAsItIsThere() {
        show(0, 1);
        show(7, 2);
        hide(0, 1);
        assertThat(mappings.isFreeOfStandIns(0, RANGE)).as("its first half").isFalse();
        assertThat(mappings.isFreeOfStandIns(9 * RANGE, RANGE))
                .as("its second half")
                .isFalse();
        hide(7, 2);
        assertThat(mappings.isFreeOfStandIns(0, RANGES * RANGE)).isTrue();
    }

    @Test
    void hiddenOnesMakeRoom() {
        map(1, 1);
        map(3, 1);
        map(5, 1);
        show(0, 1);
        assertThat(map(7, 1)).isEqualTo(-Errno.ENOMEM);
        hide(0, 1);
        assertThat(map(7, 1)).isZero();
        assertThat(mappings.count()).isEqualTo(4);
    }

    @Test
    void aRefusalShowsNothing() {
        refusal = -Errno.EIO;
        assertThat(show(0, 1)).isEqualTo(-Errno.EIO);
        refusal = 0;
        show(0, 1);
        refusal = -Errno.EIO;
        assertThat(show(7, 2)).isEqualTo(-Errno.EIO);
        hide(0, 1);
        assertThat(mappings.isFreeOfStandIns(0, RANGES * RANGE)).isTrue();
    }

    @Test
    void afterAResetNothingIsTakenForMapped() {
        show(0, 1);
        mappings.doubt();
        show(0, 1);
        assertThat(asked).containsExactly("stand-ins 0+8", "unmap 0+8", "stand-ins 0+8");
    }

    private void end() {
        mappings.doubt();
        mappings.settleDoubts();
    }

    @Test
    void atTheEndOfASessionNothingStaysMapped() {
        show(0, 1);
        hide(0, 1);
        map(8, 1);
        mappings.doubt();
        show(12, 1);
        asked.clear();
        end();
        assertThat(mappings.count()).isZero();
        assertThat(mappings.room()).isEqualTo(4);
        end();
        assertThat(asked).containsExactly("unmap 12+4");
    }

    @Test
    void whatCannotBeTakenAwayAtTheEndIsTakenAwayLater() {
        show(0, 1);
        refusalToUnmap = -Errno.EINTR;
        end();
        refusalToUnmap = 0;
        asked.clear();
        end();
        assertThat(asked).containsExactly("unmap 0+8");
    }
}
