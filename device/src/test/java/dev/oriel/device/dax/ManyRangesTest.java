package dev.oriel.device.dax;

import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.filesystem.Attributes;
import dev.oriel.filesystem.DirectoryEntries;
import dev.oriel.filesystem.Entry;
import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.filesystem.Name;
import dev.oriel.filesystem.Request;
import dev.oriel.fuse.FuseFlags;
import dev.oriel.linux.Errno;
import dev.oriel.linux.FileMode;
import dev.oriel.linux.IoVector;
import dev.oriel.virtio.memory.RegionMemory;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A window of 64 GiB that is memory of its own, as over vfio-user, with a range in use for each 2 MiB of it: what is
 * done with some ranges visits these and no others. The window looks at a file for each range of it that it visits, and
 * once more when it has written something back: so ranges are counted by looks.
 */
@Timeout(120)
class ManyRangesTest {
    private static final int RANGES = 32_768;
    private static final int PAGE = DaxWindow.PAGE;
    private static final long WRITABLE = FuseFlags.SETUPMAPPING_READ | FuseFlags.SETUPMAPPING_WRITE;
    private static final long FIRST = 2;

    /** Files of zeros, of which any number is one; what is written is counted. */
    private static final class Zeros implements FileSystemSession {
        private final long size;
        private int looks;
        private int writes;

        Zeros(long size) {
            this.size = size;
        }

        @Override
        public int lookup(Request request, long parent, Name name, Entry out) {
            return -Errno.ENOENT;
        }

        @Override
        public int getattr(Request request, long nodeid, long fh, Attributes out) {
            looks++;
            out.mode = FileMode.S_IFREG | 0600;
            out.size = size;
            return 0;
        }

        @Override
        public long read(Request request, long nodeid, long fh, long offset, int flags, IoVector to) {
            for (int i = 0; i < to.count(); i++) {
                to.segment(i).fill((byte) 0);
            }
            return to.bytes();
        }

        @Override
        public long write(
                Request request, long nodeid, long fh, long offset, int flags, int writeFlags, IoVector from) {
            writes++;
            return from.bytes();
        }

        @Override
        public int readdir(Request request, long nodeid, long fh, long offset, boolean plus, DirectoryEntries entries) {
            return -Errno.ENOTDIR;
        }

        void expect(String what, int looksExpected, int writesExpected) {
            assertThat(looks).as("looks at files: %s", what).isEqualTo(looksExpected);
            assertThat(writes).as("writes: %s", what).isEqualTo(writesExpected);
            looks = 0;
            writes = 0;
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whatIsDoneWithSomeRangesVisitsNoOthers(boolean oneFile) throws Exception {
        Zeros files = new Zeros(oneFile ? (long) RANGES * PAGE : PAGE);
        try (RegionMemory region = new RegionMemory(RANGES * DaxWindow.LINUX_RANGE);
                DaxWindow window = new DaxWindow(region, false, false)) {
            for (int i = 0; i < RANGES; i++) {
                long node = oneFile ? FIRST : FIRST + i;
                long offset = oneFile ? (long) i * PAGE : 0;
                assertThat(window.setup(files, node, offset, PAGE, WRITABLE, i * DaxWindow.LINUX_RANGE))
                        .isZero();
            }
            // before it is opened, and before the range is filled
            files.expect("SETUPMAPPING of each", RANGES + (oneFile ? 1 : RANGES), 0);

            assertThat(window.writeBack(files)).isZero();
            files.expect("SYNCFS, nothing stored", RANGES, 0);

            for (int i = 0; i < RANGES; i++) {
                region.segment().set(ValueLayout.JAVA_BYTE, i * DaxWindow.LINUX_RANGE + 7, (byte) 1);
            }
            assertThat(window.writeBack(files)).isZero();
            files.expect("SYNCFS, something stored in each", 2 * RANGES, RANGES);

            region.segment().set(ValueLayout.JAVA_BYTE, 9, (byte) 1);
            assertThat(window.writeBack(files, FIRST)).isZero();
            files.expect("FSYNC of a file with something stored in a range", (oneFile ? RANGES : 1) + 1, 1);

            for (int i = 0; i < RANGES; i++) {
                assertThat(window.remove(files, i * DaxWindow.LINUX_RANGE, DaxWindow.LINUX_RANGE))
                        .isZero();
            }
            files.expect("REMOVEMAPPING of each", RANGES, 0);
            window.end(files);
            files.expect("the end, with nothing mapped", 0, 0);
        }
    }
}
