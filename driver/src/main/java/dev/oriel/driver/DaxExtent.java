package dev.oriel.driver;

/** Adjacent slots of the window that hold adjacent parts of one file. Guarded by its {@link DaxDevice}. */
final class DaxExtent {
    final long nodeid;
    final long fileOffset;
    final int firstSlot;
    final int slotCount;
    boolean writable;

    /** The size of the file when this was set up: bytes behind it may not be there. */
    long fileSize;

    /** Pins and copies under way. */
    int users;

    /** Whether it could not be set up as wanted: who knows what is there, so it goes as soon as nobody uses it. */
    boolean failed;

    /**
     * Whether the device still owes an answer: what it maps may come at any time, so nothing else can be here any more.
     */
    boolean late;

    DaxExtent(long nodeid, long fileOffset, int firstSlot, int slotCount) {
        this.nodeid = nodeid;
        this.fileOffset = fileOffset;
        this.firstSlot = firstSlot;
        this.slotCount = slotCount;
    }

    long end() {
        return fileOffset + slotCount * DaxDevice.SLOT_SIZE;
    }

    /** Whether it has all bytes of the file from one position to another. */
    boolean holds(long from, long to) {
        return from >= fileOffset && to <= end();
    }

    /** Whether it was set up for bytes up to here, and for writing if that is wanted. */
    boolean isReady(long to, boolean forWriting) {
        return fileSize >= to && (writable || !forWriting);
    }

    /** Whether it has any of them. */
    boolean overlaps(long from, long to) {
        return fileOffset < to && from < end();
    }

    /** Where in the window a position of the file is. */
    long windowOffset(long position) {
        return firstSlot * DaxDevice.SLOT_SIZE + (position - fileOffset);
    }
}
