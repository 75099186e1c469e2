package dev.oriel.device.dax;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;

/**
 * How the client comes to see what a range of the window holds: one of three ways, the same for all ranges of a window.
 * Not for several threads.
 */
sealed interface WindowContent {
    Logger LOG = System.getLogger("dev.oriel.device");

    /**
     * The way of a window.
     *
     * @param other the mappings of the front-end
     * @param memory the stand-ins, perhaps the window itself
     * @param length of the window
     * @param direct whether pages of files are to be mapped, if the front-end can
     */
    static WindowContent of(WindowMappings other, StagingMemory memory, long length, boolean direct) {
        if (memory.isWindow()) {
            return new WindowMemory();
        }
        return direct ? new Direct(other, memory, length) : new Staged(other, memory, length);
    }

    /**
     * How many bytes of a range, from its beginning, are to be the file's own pages; the rest is a stand-in.
     *
     * @param ranges how many ranges the window has already
     */
    long ownPages(DaxFile file, long fileOffset, long size, int ranges);

    /**
     * Shows a range, all of it or nothing. Its stand-in has been filled.
     *
     * @return 0 or an errno
     */
    int show(DaxMapping mapping);

    /** Hides a range. */
    void hide(DaxMapping mapping);

    /**
     * The file's own pages are mapped as far as the file has whole ones, and a stand-in from there on.
     *
     * @param other the mappings of the front-end
     * @param memory the stand-ins
     * @param length of the window
     */
    record Direct(WindowMappings other, StagingMemory memory, long length) implements WindowContent {
        @Override
        public long ownPages(DaxFile file, long fileOffset, long size, int ranges) {
            if (file.descriptor == DaxFile.NO_DESCRIPTOR || !file.unwritten.isEmpty()) {
                return 0;
            }
            long whole = file.size & -(long) DaxWindow.PAGE;
            long pages = Math.clamp(whole - fileOffset, 0, size);
            // A second mapping costs the other side more than a copy; one must be left for every free range.
            boolean dear = other.hasMany() || other.room() <= length / DaxWindow.LINUX_RANGE - ranges;
            return pages < size && dear ? 0 : pages;
        }

        @Override
        public int show(DaxMapping mapping) {
            int error = mapping.direct == 0
                    ? 0
                    : other.map(mapping.offset, mapping.direct, mapping.file.descriptor, mapping.fileOffset);
            if (error != 0 || !mapping.hasStandIn()) {
                return error;
            }
            error = other.map(mapping.standInOffset(), mapping.standInLength(), memory.fd(), mapping.standInOffset());
            if (error != 0 && mapping.direct > 0) {
                int _ = other.unmap(mapping.offset, mapping.direct);
            }
            return error;
        }

        @Override
        public void hide(DaxMapping mapping) {
            if (mapping.direct > 0) {
                check(other.unmap(mapping.offset, mapping.direct));
            }
            if (mapping.hasStandIn()) {
                check(other.unmap(mapping.standInOffset(), mapping.standInLength()));
            }
        }

        private static void check(int error) {
            if (error != 0) {
                LOG.log(Level.WARNING, "The front-end did not take a mapping of the DAX window away ({0})", -error);
            }
        }
    }

    /**
     * All is stand-in, in one file that is mapped whole, once and for all.
     *
     * @param other the mappings of the front-end
     * @param memory the stand-ins
     * @param length of the window
     */
    record Staged(WindowMappings other, StagingMemory memory, long length) implements WindowContent {
        @Override
        public long ownPages(DaxFile file, long fileOffset, long size, int ranges) {
            return 0;
        }

        @Override
        public int show(DaxMapping mapping) {
            return other.count() > 0 ? 0 : other.map(0, length, memory.fd(), 0);
        }

        @Override
        public void hide(DaxMapping mapping) {}
    }

    /** All is stand-in, in memory that is the window itself. */
    record WindowMemory() implements WindowContent {
        @Override
        public long ownPages(DaxFile file, long fileOffset, long size, int ranges) {
            return 0;
        }

        @Override
        public int show(DaxMapping mapping) {
            return 0;
        }

        @Override
        public void hide(DaxMapping mapping) {}
    }
}
