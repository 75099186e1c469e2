package dev.oriel.device.dax;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import org.jspecify.annotations.Nullable;

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
     * @param orStaged whether they may be copied instead where that is quicker
     */
    static WindowContent of(WindowMappings other, StagingMemory memory, long length, boolean direct, boolean orStaged) {
        if (memory.isWindow()) {
            return new WindowMemory();
        }
        RangeTimes times = orStaged ? new RangeTimes() : null;
        return direct ? new Direct(other, memory, length, times) : new Staged(other, memory, length);
    }

    /**
     * How many bytes of a range, from its beginning, are to be the file's own pages; the rest is a stand-in.
     *
     * @param offset of the range in the window
     * @param write whether the client is going to store into it
     * @param ranges how many ranges the window has already
     */
    long ownPages(DaxFile file, long offset, long fileOffset, long size, boolean write, int ranges);

    /**
     * Shows a range, all of it or nothing. Its stand-in has been filled.
     *
     * @return 0 or an errno
     */
    int show(DaxMapping mapping);

    /** Hides a range. */
    void hide(DaxMapping mapping);

    /** Learns how long it took to fill a range and show it. */
    default void took(DaxMapping mapping, long nanos) {}

    /**
     * The file's own pages are mapped as far as the file has whole ones, and a stand-in from there on.
     *
     * @param other the mappings of the front-end
     * @param memory the stand-ins
     * @param length of the window
     * @param times what a range takes either way, if it may be staged because that is quicker
     */
    record Direct(
            WindowMappings other,
            StagingMemory memory,
            long length,
            @Nullable RangeTimes times) implements WindowContent {
        @Override
        public long ownPages(DaxFile file, long offset, long fileOffset, long size, boolean write, int ranges) {
            if (file.descriptor == DaxFile.NO_DESCRIPTOR || !file.unwritten.isEmpty()) {
                return 0;
            }
            long whole = file.size & -(long) DaxWindow.PAGE;
            long pages = Math.clamp(whole - fileOffset, 0, size);
            // A second mapping costs the other side more than a copy; one must be left for every free range.
            boolean dear = other.hasMany() || other.room() <= length / DaxWindow.LINUX_RANGE - ranges;
            if ((pages < size && dear) || !other.isFreeOfStandIns(offset, size)) {
                return 0;
            }
            boolean quicker = times != null && !write && file.isReadInOrder() && times.stagingIsQuicker();
            return quicker ? 0 : pages;
        }

        @Override
        public int show(DaxMapping mapping) {
            if (stays(mapping)) {
                return other.show(mapping.offset, mapping.length, memory.fd());
            }
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
            if (times != null) {
                times.takenAway();
            }
            if (stays(mapping)) {
                other.hide(mapping.offset, mapping.length);
                return;
            }
            long began = System.nanoTime();
            if (mapping.direct > 0) {
                check(other.unmap(mapping.offset, mapping.direct));
            }
            if (mapping.hasStandIn()) {
                check(other.unmap(mapping.standInOffset(), mapping.standInLength()));
            } else if (times != null) {
                times.unmapped(System.nanoTime() - began);
            }
        }

        /** Whether the front-end keeps the mapping of a stand-in. */
        private boolean stays(DaxMapping mapping) {
            return times != null && mapping.direct == 0;
        }

        @Override
        public void took(DaxMapping mapping, long nanos) {
            if (times != null && mapping.length == DaxWindow.LINUX_RANGE) {
                if (mapping.direct == 0) {
                    times.staged(nanos);
                } else if (!mapping.hasStandIn()) {
                    times.mapped(nanos);
                }
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
        public long ownPages(DaxFile file, long offset, long fileOffset, long size, boolean write, int ranges) {
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
        public long ownPages(DaxFile file, long offset, long fileOffset, long size, boolean write, int ranges) {
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
